#!/usr/bin/env bash
# Gets versions of Node from npm: those that the arguments name, or else two that neither this machine nor the image for
# the tests has, because programs in TypeScript have to run in all that people have. A version that is there is left as it is.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

case $(uname -m) in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; *) fail "there is no Node for this processor" ;; esac
folder=$here/../../.cache/nodes
mkdir -p "$folder"
[ $# -gt 0 ] || set -- 24.22.3 26.10.0
for version in "$@"; do
  [ -x "$folder/v$version/bin/node" ] && continue
  say "getting Node $version"
  work=$(mktemp -d "$folder/part-XXXXXX")
  tarball=$(cd "$work" && npm pack --silent "node-linux-$arch@$version")
  mkdir -p "$work/out/bin"
  tar xzf "$work/$tarball" -C "$work/out" --strip-components=1 package/bin/node
  chmod 755 "$work/out" "$work/out/bin/node"
  rm -rf "$folder/v$version"
  mv "$work/out" "$folder/v$version"
  rm -rf "$work"
done
say "the versions of Node are ready"
