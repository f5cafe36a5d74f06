#!/bin/sh
# base-image.sh: makes sure that debian:trixie-slim is there. Where a container registry answers, that is a pull;
# where none does, debootstrap builds a stand-in of the same name, so the same Dockerfiles build in both places.
set -eu

image=debian:trixie-slim
say() { echo "base image: $*"; }

if docker image inspect "$image" >/dev/null 2>&1; then
  say "$image is there"
  exit 0
fi
if timeout 30 docker pull -q "$image" >/dev/null 2>&1; then
  say "$image pulled"
  exit 0
fi

say "no container registry: building $image from Debian's packages"
command -v debootstrap >/dev/null || {
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap >/dev/null
}
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' | head -n 1)
dir=$(mktemp -d /var/tmp/carrinho-lab-base.XXXXXX)
trap 'rm -rf "$dir"' EXIT INT TERM
debootstrap --variant=minbase trixie "$dir/root" "$mirror" >"$dir/log" 2>&1 || { tail -n 20 "$dir/log"; exit 1; }
# As the public slim image: no package lists, no cached packages, no documentation.
rm -rf "$dir"/root/var/lib/apt/lists/* "$dir"/root/var/cache/apt/*.bin "$dir"/root/var/cache/apt/archives/*.deb \
  "$dir"/root/usr/share/doc/* "$dir"/root/usr/share/man/* "$dir"/root/usr/share/locale/*
tar -C "$dir/root" -c . | docker import - "$image" >/dev/null
say "$image built"
