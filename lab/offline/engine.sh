#!/bin/sh
# engine.sh up | down | status: a Docker engine with Compose v2, from Debian's packages, for a machine without one.
# Idempotent. `down` stops only an engine that `up` started.
set -eu

state=/var/tmp/carrinho-lab-engine
log=$state/dockerd.log
plugin=/usr/local/lib/docker/cli-plugins/docker-compose

say() { echo "engine: $*"; }
runs() { docker info >/dev/null 2>&1; }

# The mirror this machine's apt already uses, so that nothing else is asked.
mirror() { apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' | head -n 1; }

update_once() {
  [ -e "$state/apt-updated" ] && return
  say 'apt-get update'
  apt-get update -qq
  touch "$state/apt-updated"
}

install_engine() {
  missing=
  command -v dockerd >/dev/null || missing="$missing docker.io"
  command -v iptables >/dev/null || missing="$missing iptables"
  [ -z "$missing" ] && return
  update_once
  say "installing$missing"
  # The package starts dockerd through init where there is one; here we start it ourselves.
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >"$state/apt.log" 2>&1 ||
    { tail -n 20 "$state/apt.log"; exit 1; }
}

# Debian 12's package is Compose v1; the v2 plugin of Debian 13 runs on 12 too.
install_compose() {
  docker compose version >/dev/null 2>&1 && return
  say 'Compose v2 is absent: unpacking the plugin of Debian 13'
  update_once
  apt=$state/trixie-apt
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/etc"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(mirror) trixie main" >"$apt/etc/sources.list"
  options="-o Dir::Etc::sourcelist=$apt/etc/sources.list -o Dir::Etc::sourceparts=/dev/null
    -o Dir::State::lists=$apt/lists -o Dir::Cache=$apt/cache -o APT::Sandbox::User=root"
  apt-get $options update -qq
  (cd "$apt" && apt-get $options download -qq docker-compose && dpkg-deb -x docker-compose_*.deb unpacked)
  mkdir -p "$(dirname "$plugin")"
  install -m 755 "$apt/unpacked/usr/libexec/docker/cli-plugins/docker-compose" "$plugin"
  rm -rf "$apt"
  docker compose version
}

# To the scheduler of cgroup v1 all containers are one group, that weighs as much as a single process of the engine. The lab's
# are a dozen hosts, and are to keep time while the engine starts another: eight times that.
weigh_hosts() {
  shares=/sys/fs/cgroup/cpu/docker/cpu.shares
  [ -e /sys/fs/cgroup/cpu/cpu.shares ] || return 0
  mkdir -p "$(dirname $shares)" && echo 8192 >$shares || say 'the weight of the containers is left as it is'
}

up() {
  mkdir -p "$state"
  if runs; then
    say 'already running'
  else
    install_engine
    if ! runs; then
      say "starting dockerd (log: $log)"
      setsid dockerd --log-level warn >"$log" 2>&1 </dev/null &
      echo $! >"$state/pid"
      tries=0
      until runs; do
        tries=$((tries + 1))
        [ $tries -gt 60 ] && { say 'dockerd did not come up within 60 s'; tail -n 30 "$log"; exit 1; }
        sleep 1
      done
      weigh_hosts
    fi
  fi
  install_compose
  say "ready: engine $(docker version --format '{{.Server.Version}}'), compose $(docker compose version --short)"
}

down() {
  if [ ! -e "$state/pid" ]; then say 'not started by us: left alone'; return; fi
  pid=$(cat "$state/pid")
  # A recycled process id must not be killed: it has to be a dockerd.
  if [ -r "/proc/$pid/comm" ] && [ "$(cat "/proc/$pid/comm")" = dockerd ]; then
    say "stopping dockerd ($pid)"
    kill "$pid"
    tries=0
    while [ -e "/proc/$pid" ] && [ $tries -lt 60 ]; do tries=$((tries + 1)); sleep 1; done
  fi
  rm -f "$state/pid" "$state/apt-updated"
}

case "${1:-}" in
  up) up ;;
  down) down ;;
  status) if runs; then say running; else say 'not running'; exit 1; fi ;;
  *) echo "usage: $0 up | down | status" >&2; exit 2 ;;
esac
