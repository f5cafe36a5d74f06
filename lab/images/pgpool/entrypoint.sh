#!/bin/sh
set -eu
mkdir -p /run/postgresql /run/pgpool
render /etc/lab/pgpool/pgpool.conf >/etc/pgpool2/pgpool.conf
echo "$PGPOOL_ID" >/etc/pgpool2/pgpool_node_id
# What a killed pgpool left behind would make this one refuse to start, or trust a state of long ago.
rm -f /run/pgpool/* /run/postgresql/.s.* /tmp/.s.*

# The number of the host that is primary now, as in pgpool.conf; fails when none answers as one.
primary_number() {
  number=0
  for node in $PG_NODES; do
    [ "$(PGCONNECT_TIMEOUT=1 psql -U postgres -h "$node" -d postgres -AXtqc 'select pg_is_in_recovery()' 2>/dev/null)" = f ] && echo $number && return
    number=$((number + 1))
  done
  return 1
}

# Once all hosts were down at the same time pgpool refuses everybody for good, although they are back: auto_failback wants a
# primary that is attached. So the primary is attached from here, in the whole watchdog cluster; its standbys then follow.
attach_when_all_were_down() {
  while sleep 5; do
    count=$(pcp_node_info -h /run/pgpool -U lab -w -a 2>/dev/null | grep -c ' down ') || continue
    [ "$count" -ge 3 ] || continue
    number=$(primary_number) || continue
    echo "host: all were down, and host $number is primary: attaching it"
    pcp_attach_node -h /run/pgpool -U lab -w -n "$number" || echo "host: it could not be attached, and is tried again"
  done
}

# Until the primary answers, pgpool would only note that all hosts are down.
for try in $(seq 90); do primary_number >/dev/null && break; sleep 1; done

# pgpool's administration: from this host alone, with a password that nobody needs to know.
secret=$(head -c 24 /dev/urandom | base64)
echo "lab:$(printf %s "$secret" | md5sum | cut -d ' ' -f 1)" >/etc/pgpool2/pcp.conf
(umask 077; echo "*:*:lab:$secret" >/root/.pcppass)
attach_when_all_were_down &
watch-hosts $PG_NODES &
exec pgpool -n -D -f /etc/pgpool2/pgpool.conf
