#!/bin/sh
# The arbitrator votes and stores nothing. It takes part only while a data node serves: one that stayed behind
# alone would hold a Primary component that serves nobody and stands in the way of forming the cluster again.
set -eu
mkdir -p /run/lab
phase() { echo "phase=$1" >/run/lab/phase.new && mv /run/lab/phase.new /run/lab/phase; }
say() { echo "arbitrator: $*"; }
phase waiting
AGENT=arbitrator agent &

garbd=
stop_garbd() {
  [ -n "$garbd" ] && kill -TERM "$garbd" 2>/dev/null && wait "$garbd" || true
  garbd=
  phase waiting
}
trap 'stop_garbd; exit 0' TERM INT

. galera-answers
# Not one that is Primary and has nothing: with this one alone it would be that for ever, and a node that has more would stay out.
serving_seen() {
  for node in $GALERA_NODES; do
    answer=$(ask "$node" 2>/dev/null) && serves "$answer" && return 0
  done
  return 1
}

address=gcomm://$(echo "$GALERA_NODES" | tr ' ' ',')
misses=0
while :; do
  if serving_seen; then
    misses=0
    if [ -n "$garbd" ] && ! kill -0 "$garbd" 2>/dev/null; then say 'garbd ended'; garbd=; phase waiting; fi
    if [ -z "$garbd" ]; then
      say 'a data node serves: joining'
      garbd --group "$GALERA_CLUSTER" --address "$address" --name "$HOSTNAME" --options "$(galera-options)" &
      garbd=$!
      phase running
    fi
  else
    misses=$((misses + 1))
    # Six seconds: longer than a change of membership takes (evs.inactive_timeout plus install_timeout).
    if [ -n "$garbd" ] && [ $misses -ge 6 ]; then say 'no data node serves: leaving'; stop_garbd; fi
  fi
  sleep 1 & wait $!
done
