#!/bin/sh
set -eu
mkdir -p /run/postgresql /run/pgpool
# Who moves the address: Keepalived, or where it has no configuration pgpool itself.
DELEGATE_IP=
[ -n "${KEEPALIVED_CONFIG:-}" ] || DELEGATE_IP=$VIRTUAL_IP
export DELEGATE_IP
render /etc/lab/pgpool/pgpool.conf >/etc/pgpool2/pgpool.conf
echo "$PGPOOL_ID" >/etc/pgpool2/pgpool_node_id
# What a killed pgpool left behind would make this one refuse to start, or trust a state of long ago.
rm -f /run/pgpool/* /run/postgresql/.s.* /tmp/.s.* /run/keepalived.pid /run/vrrp.pid

# The number of the host that is primary now, as in pgpool.conf; fails when none answers as one, or more than one does.
primary_number() {
  number=0 found=
  for node in $PG_NODES; do
    if [ "$(PGCONNECT_TIMEOUT=1 timeout 3 psql -U postgres -h "$node" -d postgres -AXtqc 'select pg_is_in_recovery()' 2>/dev/null)" = f ]; then
      [ -z "$found" ] || return 1
      found=$number
    fi
    number=$((number + 1))
  done
  [ -n "$found" ] && echo "$found"
}

# A primary that pgpool took for gone, and that nobody took the place of, is never taken back: auto_failback wants one that
# receives from a primary. So it is after all hosts were down at once, or when the primary stood still and answered again just
# before another was promoted. It is attached from here, in the whole watchdog cluster, and not
# before the third look that finds somebody down: in the seconds of a failover every process more is felt.
attach_primary() {
  looks=0
  while sleep 5; do
    nodes=$(pcp_node_info -h /run/pgpool -U lab -w -a 2>/dev/null) || continue
    case $nodes in *' down '*) looks=$((looks + 1)) ;; *) looks=0 ;; esac
    [ "$looks" -ge 3 ] || continue
    number=$(primary_number) || continue
    case $(echo "$nodes" | sed -n "$((number + 1))p") in *' down '*) ;; *) continue ;; esac
    echo "host: host $number is primary, and taken for gone: attaching it"
    pcp_attach_node -h /run/pgpool -U lab -w -n "$number" || echo "host: it could not be attached, and is tried again"
  done
}

# Until the primary answers, pgpool would only note that all hosts are down.
for try in $(seq 90); do primary_number >/dev/null && break; sleep 1; done

# pgpool's administration: from this host alone, with a password that nobody needs to know.
secret=$(head -c 24 /dev/urandom | base64)
echo "lab:$(printf %s "$secret" | md5sum | cut -d ' ' -f 1)" >/etc/pgpool2/pcp.conf
(umask 077; echo "*:*:lab:$secret" >/root/.pcppass)
attach_primary &
while :; do watch-hosts $PG_NODES || :; sleep 1; done &
# pgpool 4.6.1 listens for its siblings' heartbeats on 127.0.0.1 alone, so that none ever came, and one that stood still or was cut off
# was never missed. They are passed on to where it listens.
while :; do socat -u "UDP-RECV:9694,bind=$(hostname -i)" UDP-SENDTO:127.0.0.1:9694 || :; sleep 1; done &
[ -n "${KEEPALIVED_CONFIG:-}" ] || exec pgpool -n -D -f /etc/pgpool2/pgpool.conf

pgpool -n -D -f /etc/pgpool2/pgpool.conf & pgpool=$!

# Only a pgpool that serves may hold the address; when it has ended, so does this host, and Keepalived with it.
render "/etc/lab/keepalived/$KEEPALIVED_CONFIG" >/etc/keepalived/keepalived.conf
chmod 644 /etc/keepalived/keepalived.conf
keep_keepalived() {
  until pgpool-ready; do sleep 0.5; done
  while :; do keepalived --dont-fork --log-console --log-detail || :; sleep 0.1; done
}
keep_keepalived & keeper=$!

leave() {
  # The address first: new connections go elsewhere, and the old ones are told half a second later. Then pgpool, which left to
  # itself would wait until the last client has gone.
  kill "$keeper" 2>/dev/null || :
  [ -e /run/keepalived.pid ] && kill "$(cat /run/keepalived.pid)" 2>/dev/null || :
  sleep 1
  kill -INT "$pgpool" 2>/dev/null || :
  wait "$pgpool" || :
  exit 0
}
trap leave TERM INT
wait "$pgpool"
