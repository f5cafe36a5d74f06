#!/bin/sh
# A web server whose web content is on storage that all of them share: mounts it, and runs the release that the link `current`
# leads to at this moment. A server goes on with the release that it began with until it is started again.
set -eu
mount-storage
until [ -e /srv/web/current/dist/cli.js ]; do sleep 0.5; done
cd /srv/web/current
echo "release $(basename "$(pwd -P)")"
# Root mounts; the application has no rights of its own. Its packages are on the server, as Apache and PHP are in the documents.
exec setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
