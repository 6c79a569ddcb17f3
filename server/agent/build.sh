#!/usr/bin/env bash
# build.sh [FOLDER [OPTION...]] builds the agent for both kinds of machines into the folder, by default server/agent/bin. The
# options are given to the compilers in addition. The same sources and packages give the same bytes everywhere. It needs the
# packages of test/setup/agent.sh. Debian's musl for aarch64 is fetched once, from the mirror that apt uses on this machine,
# and is not installed.
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
into=${1:-$here/bin}
shift $(($# > 0))
mkdir -p "$into"
into=$(cd "$into" && pwd)
version=$(dpkg-query --show --showformat='${Version}' musl-dev)
musl=$here/../../.cache/agent/musl-$version-arm64

fetch_musl() {
  local work sources=/etc/apt/sources.list.d/debian.sources
  [ -e "$sources" ] || sources=/etc/apt/sources.list
  mkdir -p "${musl%/*}"
  work=$(mktemp -d "${musl%/*}/fetch-XXXXXX")
  mkdir -p "$work"/{lists,archives}/partial "$work/tree"
  touch "$work/status"
  private_apt() {
    apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::Etc::sourcelist="$sources" -o Dir::Etc::sourceparts=- \
      -o Dir::State::lists="$work/lists" -o Dir::State::status="$work/status" -o Dir::Cache="$work" -o Acquire::Languages=none \
      -o APT::Sandbox::User=root "$@"
  }
  private_apt update
  (cd "$work" && private_apt download "musl:arm64=$version" "musl-dev:arm64=$version")
  for package in "$work"/*.deb; do dpkg-deb -x "$package" "$work/tree"; done
  rm -rf "$musl"
  mv "$work/tree" "$musl"
  rm -rf "$work"
}
[ -e "$musl" ] || fetch_musl

flags=(
  -std=c11 -Wall -Wextra -Werror -Wshadow -Wconversion
  -Os -static -no-pie -s -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables
  '-Wl,--gc-sections' '-Wl,--build-id=none' '-Wl,-z,noseparate-code' '-Wl,-z,norelro'
  "$@"
)
cd "$here/src"
# The headers of the kernel come last, so that those of musl are preferred.
musl-gcc "${flags[@]}" -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu -o "$into/agent-x86_64" ./*.c

lib=$musl/usr/lib/aarch64-linux-musl
aarch64-linux-gnu-gcc "${flags[@]}" -nostdinc -isystem "$musl/usr/include/aarch64-linux-musl" -idirafter /usr/aarch64-linux-gnu/include \
  -nostdlib -o "$into/agent-aarch64" "$lib/crt1.o" "$lib/crti.o" ./*.c "$lib/libc.a" "$(aarch64-linux-gnu-gcc -print-libgcc-file-name)" "$lib/crtn.o"
