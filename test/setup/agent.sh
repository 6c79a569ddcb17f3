#!/usr/bin/env bash
# Installs what builds and checks the agent (server/agent): the compilers for both kinds of machines, bubblewrap, and QEMU,
# which runs programs for aarch64.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

install_packages gcc:gcc musl-gcc:musl-tools aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu qemu-aarch64:qemu-user bwrap:bubblewrap
# These have no command.
missing=()
for package in libc6-dev linux-libc-dev-arm64-cross; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q ' installed$' || missing+=("none:$package")
done
[ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"

work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
bash "$here/../../server/agent/build.sh" "$work" || fail "the agent can't be built on this machine"
say "the agent can be built and checked"
