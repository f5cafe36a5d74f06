#!/bin/sh
set -eu
render "/etc/lab/apache/$APACHE_CONFIG" >/etc/apache2/sites-enabled/balancer.conf
echo "ServerName $HOSTNAME" >/etc/apache2/conf-enabled/name.conf
render "/etc/lab/keepalived/$KEEPALIVED_CONFIG" >/etc/keepalived/keepalived.conf
chmod 644 /etc/keepalived/keepalived.conf
# What a killed Apache left behind.
rm -f /run/apache2/apache2.pid
service apache2 start
keepalived --dont-fork --log-console &
keepalived=$!
trap 'kill -TERM "$keepalived"; wait "$keepalived"; service apache2 stop; exit 0' TERM INT
wait "$keepalived"
