#!/usr/bin/env bash
# Installs and starts a Docker engine on a Debian machine. It has to be run as root. If an engine answers already, it does nothing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

answers() { curl -sf --max-time 5 --unix-socket /var/run/docker.sock http://d/_ping >/dev/null 2>&1; }

if answers; then say "the Docker engine is running"; exit 0; fi
install_packages dockerd:docker.io iptables:iptables curl:curl

mkdir -p /etc/docker
if ! [ -e /var/run/docker.pid ] || ! kill -0 "$(cat /var/run/docker.pid)" 2>/dev/null; then
  rm -f /var/run/docker.pid /var/run/docker/containerd/containerd.pid
  setsid dockerd >/var/log/dockerd.log 2>&1 </dev/null &
fi
for _ in $(seq 1 120); do answers && { say "the Docker engine has been started"; exit 0; }; sleep 0.5; done
tail -n 20 /var/log/dockerd.log >&2
fail "the Docker engine has not started; above are the last lines of /var/log/dockerd.log"
