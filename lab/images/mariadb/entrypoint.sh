#!/bin/sh
# A database node: prepares an empty folder, finds out with the other nodes who must form the cluster, runs the server.
#
# Nobody types galera_new_cluster: `decide` finds out, by the others' answers, who forms the cluster. A server that runs and does not
# serve is looked after by `restore-quorum`.
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

. galera-answers

arguments= start=
if [ "${GALERA:-on}" = on ]; then
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
    decision=$(decide "$uuid" "$seqno" "$safe")
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
