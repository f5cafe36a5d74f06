#!/bin/sh
# The NFS server, and the port mapper that NFS 3 asks first.
set -eu
mkdir -p /export /run/ganesha /run/rpcbind /var/lib/nfs/ganesha
chown nobody:nogroup /export
rm -f /run/ganesha/*.pid /run/rpcbind.lock
rpcbind -w
exec ganesha.nfsd -F -x -f /etc/lab/nfs/ganesha.conf -L /dev/stdout -p /run/ganesha/ganesha.pid
