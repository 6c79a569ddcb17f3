#!/usr/bin/env bash
# Installs the debuggers that native sandboxes find on this machine.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

if [ ! -e /usr/lib/python3/dist-packages/debugpy/__init__.py ]; then
  [ "$(id -u)" = 0 ] || fail "the package python3-debugpy is missing. Install it, or run this script as root"
  say "installing python3-debugpy"
  if [ -z "${APT_UPDATED:-}" ]; then apt-get -qq update; export APT_UPDATED=1; fi
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends python3-debugpy >/dev/null
fi
say "debugpy is ready"
