#!/usr/bin/env bash
# Registers three more OCI runtimes with the Docker engine: gVisor's runsc, `runsc-with-sockets`, which is the same but may
# connect to sockets of the host, and `runc-again`, which is the engine's own runc under another name. runsc comes from
# Debian's backports, from the mirror that this machine uses. It has to be run as root. The engine reloads its
# configuration and is not restarted.
#   --platform=systrap  needs no KVM.
#   --network=none      gVisor's own network needs more rights than some hosts give, and sandboxes have no network anyway.
# The option --ignore-cgroups must not be given: without cgroups no limit would be enforced.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

listed() { local all; all=$(docker info --format '{{json .Runtimes}}' 2>/dev/null) && [[ $all == *'"runc-again"'* && $all == *'"runsc"'* && $all == *'"runsc-with-sockets"'* ]]; }
recent() { [ "$(runsc --version 2>/dev/null | grep -oE '20[0-9]{6}' | head -n 1)" -ge 20240729 ] 2>/dev/null; }

if recent && listed; then say "gVisor is up to date"; exit 0; fi
install_packages docker:docker.io

if ! recent; then
  [ "$(id -u)" = 0 ] || fail "runsc of 2024-07-29 or later is missing: install it, or run this script as root"
  say "installing runsc"
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")-backports
  sources=/etc/apt/sources.list.d/codebeaker-backports.sources
  # Only the first stanza is copied. It is that of the archive; the others, such as security, have no backports.
  awk -v suite="$suite" '/^[[:space:]]*$/ { if (seen) exit; next } /^#/ { next } { seen = 1 } /^Suites:/ { $0 = "Suites: " suite } { print }' \
    /etc/apt/sources.list.d/debian.sources >"$sources"
  apt-get -qq update -o Dir::Etc::sourcelist="$sources" -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends -t "$suite" -o DPkg::Lock::Timeout=120 runsc >/dev/null
  recent || fail "the runsc in $suite is older than 2024-07-29"
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
    "runsc-with-sockets": { path: process.env.RUNSC, runtimeArgs: ["--platform=systrap", "--network=none", "--host-uds=open"] },
    "runc-again": { path: "runc" },
  };
  writeFileSync(`${file}.new`, `${JSON.stringify(settings, null, 2)}\n`);
  renameSync(`${file}.new`, file);
PROGRAM
kill -HUP "$(cat /var/run/docker.pid)"
for _ in $(seq 1 60); do listed && { say "gVisor is ready"; exit 0; }; sleep 0.5; done
fail "the Docker engine has reloaded its configuration but does not list runsc"
