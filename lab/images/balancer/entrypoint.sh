#!/bin/sh
# Renders the configuration, starts HAProxy as a service (so that `service haproxy stop` works as in the report)
# and Keepalived beside it, where this host has one. A HAProxy that crashed is started again, as systemd does it with
# Restart=always on the documents' machines; one that was stopped stays so until somebody starts it.
#
# WATCH=report   Keepalived finds out by itself, through its check script, that HAProxy is gone.
# WATCH=process  this script notices within 50 ms and stops Keepalived cleanly: its last advert has priority 0 and the
#                other balancer takes the address after the skew alone. After a crash, too: starting again takes longer.
set -eu
etc=/etc/lab

render "$etc/haproxy/$HAPROXY_CONFIG" >/etc/haproxy/haproxy.cfg
haproxy -c -q -f /etc/haproxy/haproxy.cfg
mkdir -p /run/haproxy
service haproxy start

# Only the door has it. What `docker compose up` shows of it is where a newcomer looks.
[ -z "${WELCOME:-}" ] || echo "$WELCOME"

haproxy_runs() { service haproxy status >/dev/null 2>&1; }

# In the background with wait, because a trap runs only between commands.
rest() { sleep "$1" & wait $!; }
until_haproxy_ends() { tail -s 0.05 --pid="$(head -n 1 /run/haproxy.pid)" -f /dev/null & wait $!; }

# The service's own script ends it and then removes the file with its number; after a crash the file is there, and no such script.
was_stopped() { pgrep -f '/init\.d/haproxy (stop|restart)' >/dev/null || [ ! -e /run/haproxy.pid ]; }

# Starts HAProxy each time that it crashed: after 0.1 s, as systemd does; later and later when it does not stay up.
RESTART_AFTER=0.1
STAYS_UP=10
keep_haproxy() {
  pause=$RESTART_AFTER
  while :; do
    began=$(date +%s)
    until_haproxy_ends
    # A reload put another process in its place.
    ! haproxy_runs || continue
    if was_stopped; then
      echo 'HAProxy was stopped'
      give_up_address
      until haproxy_runs; do rest 0.2; done
    else
      echo 'HAProxy crashed: starting it again'
      give_up_address
      [ $(($(date +%s) - began)) -lt $STAYS_UP ] || pause=$RESTART_AFTER
      until haproxy_runs; do
        rest $pause
        service haproxy start || true
        pause=$(echo "$pause" | awk '{ print $1 < 2 ? $1 * 2 : 4 }')
      done
    fi
    echo 'HAProxy is back'
    rm -f /run/haproxy-gone
  done
}

if [ -z "${KEEPALIVED_CONFIG:-}" ]; then
  # Nothing hands the address over here: without HAProxy this host is of no use.
  give_up_address() { :; }
  trap 'service haproxy stop; exit 0' TERM INT
  keep_haproxy
fi

render "$etc/keepalived/$KEEPALIVED_CONFIG" >/etc/keepalived/keepalived.conf
chmod 644 /etc/keepalived/keepalived.conf
# What a killed container left behind.
rm -f /run/keepalived.pid /run/vrrp.pid /run/haproxy-gone /run/no-keepalived

# Keepalived runs unless HAProxy is gone, or somebody who shows what happens then has stopped it (no-keepalived).
keep_keepalived() {
  while :; do
    if [ -e /run/haproxy-gone ] || [ -e /run/no-keepalived ]; then sleep 0.1; continue; fi
    keepalived --dont-fork --log-console --log-detail || true
    sleep 0.1
  done
}
resign() {
  touch /run/haproxy-gone
  [ -e /run/keepalived.pid ] && kill -TERM "$(cat /run/keepalived.pid)" 2>/dev/null || true
}
give_up_address() { [ "${WATCH:-process}" = report ] || resign; }

leave() {
  # The address first, so that new connections already go to the other balancer; then HAProxy finishes what it has.
  resign
  sleep 0.3
  [ -e /run/haproxy.pid ] && kill -USR1 $(cat /run/haproxy.pid) 2>/dev/null && sleep 1
  exit 0
}
trap leave TERM INT

keep_keepalived &
keep_haproxy
