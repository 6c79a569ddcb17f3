#!/usr/bin/env bash
# Builds the agent for both machines into server/agent/bin, or into the folder that is given. It needs Debian's packages
# musl-tools, gcc-aarch64-linux-gnu and linux-libc-dev-arm64-cross, and fetches musl for aarch64 from Debian.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
into=${1:-$here/bin}
flags=(-std=c11 -Os -static -s -Wall -Wextra -Werror -Wshadow -Wconversion -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -Wl,--gc-sections -Wl,--build-id=none)
mkdir -p "$into"
cd "$here/src"
musl-gcc "${flags[@]}" -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu -o "$into/agent-x86_64" ./*.c
