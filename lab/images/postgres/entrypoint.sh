#!/bin/sh
# A database host. Whether it is primary or standby is decided here at every start:
#  - a standby starts as one; its primary_conninfo names all hosts and finds the primary by itself. One that has more than the
#    new primary had when it was promoted rewinds first.
#  - a host that was primary starts as one only when another host answers, none is primary, and none has a later timeline.
#    Where another was promoted meanwhile, it rewinds to that one's history and becomes its standby.
#  - an empty host copies the primary; the first of PG_NODES begins a new database when nobody else has one.
set -eu
data=/var/lib/postgresql/data
me=$PG_ADDRESS
first=${PG_NODES%% *}
say() { echo "host: $*"; }
as_postgres() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }
# The system's folder for sockets is made at boot, which a container does not have.
install -d -o postgres -g postgres /run/postgresql /var/lib/postgresql
cd /var/lib/postgresql
export PGCONNECT_TIMEOUT=1

server=
trap 'trap "" TERM INT; [ -n "$server" ] && kill -INT "$server" 2>/dev/null && wait "$server"; exit 0' TERM INT

ask() { psql -U postgres -h "$1" -d postgres -AXtqc "$2" 2>/dev/null; }

# "primary" or "standby", and the timeline, of one host; nothing when it does not answer. The timeline is the latest of which it
# has heard: the control file alone names that of the last checkpoint, which for minutes may be the one before a promotion.
look() {
  ask "$1" "select case when pg_is_in_recovery() then 'standby' else 'primary' end || ' ' || greatest(timeline_id,
    (select max(('x' || left(name, 8))::bit(32)::int) from pg_ls_waldir() where name like '%.history')) from pg_control_checkpoint()"
}

# Sets primary, answering and latest (the highest timeline seen) from the other hosts.
look_around() {
  primary= answering=0 latest=0
  for node in $PG_NODES; do
    [ "$node" = "$me" ] && continue
    seen=$(look "$node") || continue
    answering=$((answering + 1))
    [ "${seen#* }" -gt "$latest" ] && latest=${seen#* }
    case $seen in primary*) primary=$node ;; esac
  done
}

# The same of this host, whether its server runs or not.
timeline() {
  checkpoint=$(as_postgres pg_controldata "$data" | sed -n "s/^Latest checkpoint's TimeLineID: *//p")
  heard=$(ls "$data/pg_wal" | sed -n 's/^\([0-9A-F]\{8\}\)\.history$/\1/p' | sort | tail -n 1)
  heard=$(printf '%d' "0x${heard:-0}")
  [ "$heard" -gt "$checkpoint" ] && echo "$heard" || echo "$checkpoint"
}

position() { echo $((0x${1%/*} << 32 | 0x${1#*/})); }

# A standby that is further than the point at which the new primary's history left its own: it had received the old primary's last
# record, which nobody else had. PostgreSQL would not start it ("requested timeline is not a child of this server's history").
diverged() {
  history=$(ls "$data"/pg_wal/*.history 2>/dev/null | sort | tail -n 1)
  [ -n "$history" ] || return 1
  control=$(as_postgres pg_controldata "$data")
  own=$(echo "$control" | sed -n "s/^Latest checkpoint's TimeLineID: *//p")
  at=$(echo "$control" | sed -n 's/^Latest checkpoint location: *//p')
  fork=$(awk -v own="$own" '$1 == own { print $2 }' "$history")
  [ -n "$fork" ] && [ "$(position "$at")" -gt "$(position "$fork")" ]
}

rewind() {
  say "$primary was promoted meanwhile: rewinding to its history"
  as_postgres pg_rewind --target-pgdata "$data" --config-file /etc/postgresql/lab.conf \
    --source-server "host=$primary user=postgres dbname=postgres" || copy_primary || return 1
  as_postgres touch "$data/standby.signal"
}

render /etc/lab/postgres/postgresql.conf >/etc/postgresql/lab.conf
render /etc/lab/postgres/pg_hba.conf >/etc/postgresql/lab_hba.conf

# A database is made or copied beside its place and moved there when it is whole: one that was cut off is never started.
begin_database() {
  say 'nobody has a database: beginning one'
  rm -rf "$data" "$data.new"
  as_postgres initdb -D "$data.new" --encoding UTF8 --locale C.UTF-8 --data-checksums --auth trust -U postgres >/dev/null
  as_postgres pg_ctl -D "$data.new" -w -s -o "-c listen_addresses=''" start
  as_postgres psql -q -U postgres -c "create role replication with replication login" \
    -c "create role $DB_USER login password '$DB_PW'" -c "create database $DB_NAME owner $DB_USER"
  as_postgres pg_ctl -D "$data.new" -w -s stop
  mv "$data.new" "$data"
}

copy_primary() {
  say "copying $primary"
  rm -rf "$data.new"
  as_postgres pg_basebackup -h "$primary" -U replication -D "$data.new" -c fast -X stream || return 1
  as_postgres touch "$data.new/standby.signal"
  rm -rf "$data"
  mv "$data.new" "$data"
}

if [ ! -s "$data/PG_VERSION" ]; then
  tries=0
  while :; do
    look_around
    if [ -n "$primary" ]; then copy_primary && break; fi
    tries=$((tries + 1))
    # Five looks without any answer: the others are empty too, and wait for the first.
    if [ "$me" = "$first" ] && [ $answering = 0 ] && [ $tries -ge 5 ]; then begin_database; break; fi
    sleep 1 & wait $!
  done
elif [ ! -e "$data/standby.signal" ]; then
  said=
  while :; do
    look_around
    if [ -n "$primary" ]; then
      rewind || { sleep 1; continue; }
      break
    fi
    if [ $answering -gt 0 ] && [ "$latest" -le "$(timeline)" ]; then say 'nobody was promoted: primary as before'; break; fi
    now="waiting: $answering of the others answer, latest timeline $latest, mine $(timeline)"
    [ "$now" != "$said" ] && say "$now" && said=$now
    sleep 1 & wait $!
  done
elif diverged; then
  until look_around && [ -n "$primary" ] && rewind; do sleep 1 & wait $!; done
fi

# Whom to ask first was for the failover of that time, and a copy has it from another host.
sed -i '/^primary_conninfo/d' "$data/postgresql.auto.conf"
# Not through as_postgres: $! would be a shell between, which ignores INT, and the server would hear of no order to end.
setpriv --reuid postgres --regid postgres --init-groups postgres -D "$data" -c config_file=/etc/postgresql/lab.conf &
server=$!
# A primary that finds another with a later timeline was cut off while that one was promoted: it ends, and starts as a standby.
while kill -0 "$server" 2>/dev/null; do
  sleep 4 & wait $!
  case $(look 127.0.0.1) in primary*) ;; *) continue ;; esac
  look_around
  if [ -n "$primary" ] && [ "$latest" -gt "$(timeline)" ]; then
    say "$primary is primary with timeline $latest: ending"
    kill -INT "$server"
    wait "$server" || true
    exit 1
  fi
done
wait "$server"
