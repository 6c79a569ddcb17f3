#!/usr/bin/env bash
# Gives the Docker engine two more OCI runtimes: gVisor's runsc, and `runc-again`, the engine's own by another name.
# The package comes from Debian's backports, of the mirror that this machine uses; the engine reloads and goes on running.
#   systrap: needs no KVM. network=none: sandboxes have none, and gVisor's own network needs more rights than some hosts
#   give. Cgroups are not ignored: without them no limit would hold.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

listed() { local all; all=$(docker info --format '{{json .Runtimes}}' 2>/dev/null) && [[ $all == *'"runc-again"'* && $all == *'"runsc"'* ]]; }
recent() { [ "$(runsc --version 2>/dev/null | grep -oE '20[0-9]{6}' | head -n 1)" -ge 20240729 ] 2>/dev/null; }

if recent && listed; then say "gVisor: up to date"; exit 0; fi
install_packages docker:docker.io

if ! recent; then
  [ "$(id -u)" = 0 ] || fail "missing runsc of 2024-07-29 or later: install it, or run as root"
  say "installing runsc"
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")-backports
  sources=/etc/apt/sources.list.d/codebeaker-backports.sources
  # The first stanza is the archive; the others (security) have no backports.
  awk -v suite="$suite" '/^[[:space:]]*$/ { if (seen) exit; next } /^#/ { next } { seen = 1 } /^Suites:/ { $0 = "Suites: " suite } { print }' \
    /etc/apt/sources.list.d/debian.sources >"$sources"
  apt-get -qq update -o Dir::Etc::sourcelist="$sources" -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends -t "$suite" -o DPkg::Lock::Timeout=120 runsc >/dev/null
  recent || fail "the runsc of $suite is too old"
fi

mkdir -p /etc/docker
RUNSC=$(command -v runsc) node <<'PROGRAM'
  const { existsSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
  const file = "/etc/docker/daemon.json";
  const text = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  const settings = text ? JSON.parse(text) : {};
  settings.runtimes = {
    ...settings.runtimes,
    runsc: { path: process.env.RUNSC, runtimeArgs: ["--platform=systrap", "--network=none"] },
    "runc-again": { path: "runc" },
  };
  writeFileSync(`${file}.new`, `${JSON.stringify(settings, null, 2)}\n`);
  renameSync(`${file}.new`, file);
PROGRAM
kill -HUP "$(cat /var/run/docker.pid)"
for _ in $(seq 1 60); do listed && { say "gVisor: ready"; exit 0; }; sleep 0.5; done
fail "the Docker engine does not list runsc"
