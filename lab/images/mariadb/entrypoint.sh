#!/bin/sh
# A database node: prepares an empty folder, finds out with the other nodes who must form the cluster, runs the server.
#
# Nobody types galera_new_cluster, so the decision is made here, and only when it is safe:
#  - a peer serves, or forms the cluster: join it. Never bootstrap beside it.
#  - a peer's server runs out of quorum: join it if it has as much as we do, as Galera may form anew with us; else wait for it to
#    come back here.
#  - every peer waits like us and the arbitrator is idle: the one with the highest recovered position bootstraps
#    (the first in GALERA_NODES where they are equal), the others join it.
#  - a peer does not answer: wait for it, because it may hold newer transactions or be Primary beyond a cut. Unless
#    safe_to_bootstrap says that we left last: then nobody holds more than we do.
# A running server that stays out of quorum is looked after by restore-quorum, which compares by the same rules.
set -eu
data=/var/lib/mysql
run=/run/lab
mkdir -p "$run"
say() { echo "node: $*"; }
phase() { printf '%s\n' "$@" >"$run/phase.new" && mv "$run/phase.new" "$run/phase"; }

server=
leave() {
  trap '' TERM INT
  # First tell the balancers, which look several times a second, then stop: new queries already go elsewhere.
  phase phase=leaving
  sleep "${LEAVE_SECONDS:-1}"
  [ -n "$server" ] && kill -TERM "$server" 2>/dev/null && wait "$server" || true
  exit 0
}
trap leave TERM INT

GALERA_OPTIONS=$(galera-options)
export GALERA_OPTIONS
render "/etc/lab/mariadb/$MARIADB_CONFIG" >/etc/mysql/mariadb.conf.d/99-lab.cnf
chown mysql:mysql "$data" /run/mysqld
phase phase=starting
agent &

# The application's database is made last, so a folder without it is empty, or was left half prepared.
if [ ! -d "$data/$DB_NAME" ]; then
  say 'preparing an empty data folder'
  find "$data" -mindepth 1 -delete
  mariadb-install-db --user=mysql --skip-test-db --auth-root-authentication-method=socket >/dev/null
  mariadbd --user=mysql --bootstrap --wsrep-on=OFF <<SQL
flush privileges;
create user '$DB_USER'@'%' identified by '$DB_PW';
grant all on $DB_NAME.* to '$DB_USER'@'%';
create user 'sst'@'localhost' identified by 'sst';
grant reload, process, lock tables, binlog monitor, replica monitor on *.* to 'sst'@'localhost';
create database $DB_NAME character set utf8mb4;
SQL
fi

. /usr/local/lib/galera-answers

decide() {
  waiting=
  best=$me best_seqno=$seqno best_uuid=$uuid
  for node in $GALERA_NODES; do
    [ "$node" = "$me" ] && { seen_me=1; continue; }
    answer=$(ask "$node") || { waiting="$waiting $node(no answer)"; continue; }
    case $(value phase "$answer") in
      running)
        serves "$answer" && { echo join; return; }
        its_seqno=$(value seqno "$answer")
        says wsrep_cluster_status=non-Primary "$answer" && [ "${its_seqno:--1}" -ge "$seqno" ] && { echo join; return; }
        waiting="$waiting $node(runs and does not serve)"
        continue ;;
      joining)
        says forms=yes "$answer" && { echo join; return; }
        waiting="$waiting $node(joins)"
        continue ;;
      lobby) ;;
      *) waiting="$waiting $node(starts, leaves or hangs)"; continue ;;
    esac
    its_seqno=$(value seqno "$answer") its_uuid=$(value uuid "$answer")
    # An earlier node in the list wins a tie: both sides compute the same.
    if [ "$its_seqno" -gt "$best_seqno" ] || { [ "$its_seqno" -eq "$best_seqno" ] && [ -z "${seen_me:-}" ]; }; then
      best=$node best_seqno=$its_seqno
    fi
    if [ "$its_seqno" -ge 0 ] && [ "$seqno" -ge 0 ] && [ "$its_uuid" != "$best_uuid" ]; then
      waiting="$waiting $node(another history: decide by hand)"
    fi
  done
  seen_me=
  if [ -n "${GALERA_ARBITRATOR:-}" ] && answer=$(ask "$GALERA_ARBITRATOR"); then
    # An arbitrator that still holds the old Primary component would clash with a new one; it lets go within seconds.
    says phase=running "$answer" && waiting="$waiting arbitrator(still Primary)"
  fi
  if [ -z "$waiting" ] && [ "$best" = "$me" ]; then echo bootstrap; return; fi
  if [ "$safe" = 1 ] && [ "$best" = "$me" ] && [ -z "$(echo "$waiting" | sed 's/ [^ ]*(no answer)//g')" ]; then echo bootstrap; return; fi
  echo "wait:${waiting:- $best has the newest data and forms the cluster}"
}

arguments= start=
if [ "${GALERA:-on}" = on ]; then
  me=$GALERA_ADDRESS
  position=$(position)
  uuid=$(value uuid "$position") seqno=$(value seqno "$position") safe=$(value safe "$position")
  # Told to the server too: with it a node that crashed catches up by the write sets it missed, not by a full copy.
  [ "$seqno" -ge 0 ] && start="--wsrep-start-position=$uuid:$seqno"
  phase phase=lobby "$position"
  say "my position is $uuid:$seqno, safe_to_bootstrap $safe"
  said=
  while :; do
    # Whoever knows that no other node has more may say so by hand, while this one waits.
    grep -q '^safe_to_bootstrap: 1' "$data/grastate.dat" 2>/dev/null && safe=1
    decision=$(decide)
    [ "$decision" != "$said" ] && say "$decision" && said=$decision
    case $decision in
      join) break ;;
      bootstrap)
        rm -f "$data/gvwstate.dat"
        [ -e "$data/grastate.dat" ] && sed -i 's/^safe_to_bootstrap:.*/safe_to_bootstrap: 1/' "$data/grastate.dat"
        arguments=--wsrep-new-cluster
        break ;;
    esac
    sleep 0.5 & wait $!
  done
fi

# What the others are told of a server that does not answer yet: its position, and whether it forms the cluster.
phase phase=running ${position:+"$position"} ${arguments:+forms=yes}
mariadbd --user=mysql $arguments $start &
server=$!
[ "${GALERA:-on}" = on ] && restore-quorum "$server" &
wait "$server"
