#!/bin/sh
set -eu
mkdir -p /run/postgresql /run/pgpool
render /etc/lab/pgpool/pgpool.conf >/etc/pgpool2/pgpool.conf
echo "$PGPOOL_ID" >/etc/pgpool2/pgpool_node_id
# What a killed pgpool left behind would make this one refuse to start, or trust a state of long ago.
rm -f /run/pgpool/* /run/postgresql/.s.* /tmp/.s.*
# Until the primary answers, pgpool would only note that all hosts are down.
for try in $(seq 90); do
  for node in $PG_NODES; do
    [ "$(PGCONNECT_TIMEOUT=1 psql -U postgres -h "$node" -d postgres -AXtqc 'select pg_is_in_recovery()' 2>/dev/null)" = f ] && break 2
  done
  sleep 1
done
exec pgpool -n -D -f /etc/pgpool2/pgpool.conf
