#!/bin/sh
# Renders the configuration, starts HAProxy as a service (so that `service haproxy stop` works as in the report)
# and Keepalived beside it, where this host has one.
#
# WATCH=report   Keepalived finds out by itself, through its check script, that HAProxy is gone.
# WATCH=process  this script notices within 50 ms and stops Keepalived cleanly: its last advert has priority 0 and the
#                other balancer takes the address after the skew alone.
set -eu
etc=/etc/lab

render "$etc/haproxy/$HAPROXY_CONFIG" >/etc/haproxy/haproxy.cfg
haproxy -c -q -f /etc/haproxy/haproxy.cfg
mkdir -p /run/haproxy
service haproxy start

if [ -z "${KEEPALIVED_CONFIG:-}" ]; then
  # Nothing hands the address over here: without HAProxy this host is of no use.
  trap 'service haproxy stop; exit 0' TERM INT
  sleep infinity & wait $!
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

leave() {
  # The address first, so that new connections already go to the other balancer; then HAProxy finishes what it has.
  resign
  sleep 0.3
  [ -e /run/haproxy.pid ] && kill -USR1 $(cat /run/haproxy.pid) 2>/dev/null && sleep 1
  exit 0
}
trap leave TERM INT

keep_keepalived &
if [ "${WATCH:-process}" = report ]; then
  wait $!
  exit 1
fi
while :; do
  # In the background with wait, because a trap runs only between commands.
  tail -s 0.05 --pid="$(head -n 1 /run/haproxy.pid)" -f /dev/null & wait $!
  echo 'HAProxy is gone: giving the address up'
  resign
  until service haproxy status >/dev/null 2>&1; do sleep 0.2 & wait $!; done
  echo 'HAProxy is back'
  rm -f /run/haproxy-gone
done
