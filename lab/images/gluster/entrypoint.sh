#!/bin/sh
# A storage server: glusterd, which runs the bricks. What it knows of its peers and volumes is kept beside its bricks, so that a
# container that is made anew is the same server. One of the servers (FORMS=yes) puts the pool and the volumes together, once.
set -eu

if [ ! -d /data/glusterd ]; then
  cp -a /var/lib/glusterd /data/glusterd.new
  mv /data/glusterd.new /data/glusterd
fi
rm -rf /var/lib/glusterd
ln -s /data/glusterd /var/lib/glusterd
mkdir -p /data/bricks
# What a killed container left behind.
rm -rf /run/gluster && mkdir -p /run/gluster

# On its own, as glusterd reaps no child that it did not start.
[ "${FORMS:-}" != yes ] || (form-volumes &)
(keep-bricks &)
# Its bricks write their own logs; glusterd's is this host's.
exec glusterd --no-daemon --log-file=/dev/stderr --log-level=WARNING
