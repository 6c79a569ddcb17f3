#!/usr/bin/env bash
# Unpacks the versions of Neovim that the tests use: the oldest that is supported, one in between, and the newest. They
# come from packages of Debian, from the mirror that apt uses on this machine, each with its own libc. Nothing is
# installed, and root is not needed. The programs are .cache/neovim/SUITE/nvim; one that is there and runs is left as it is.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

suites=(bookworm trixie sid)
cache=$(cd "$here/../.." && pwd)/.cache/neovim
runs() { "$cache/$1/nvim" --version >/dev/null 2>&1; }
missing=(); for suite in "${suites[@]}"; do runs "$suite" || missing+=("$suite"); done
if [ ${#missing[@]} = 0 ]; then say "the versions of Neovim are up to date"; exit 0; fi
for tool in apt-get dpkg-deb; do command -v $tool >/dev/null || fail "Neovim cannot be unpacked without Debian's $tool"; done

mirror=$(cat /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null |
  awk '/^URIs:/ { print $2; exit } /^deb / { sub(/\[[^]]*\]/, ""); print $2; exit }') || true
[ -n "$mirror" ] || fail "no Debian mirror is among apt's sources"

unpack() {
  local suite=$1 folder=$cache/$1 state
  state=$(mktemp -d); rm -rf "$folder"; mkdir -p "$folder/tree" "$state"/{lists/partial,archives/partial,sources,debs}
  touch "$state/status"
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
    "$mirror" "$suite" >"$state/sources/debian.sources"
  private_apt() {
    apt-get -qq -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$state/sources" -o Dir::State::lists="$state/lists" \
      -o Dir::State::status="$state/status" -o Dir::Cache="$state" -o Acquire::Languages=none -o APT::Sandbox::User=root "$@"
  }
  private_apt update
  local packages
  mapfile -t packages < <(private_apt install -s --no-install-recommends neovim | awk '/^Inst/ { print $2 }')
  [ ${#packages[@]} -gt 0 ] || fail "apt finds no Neovim in $suite"
  (cd "$state/debs" && private_apt download "${packages[@]}")
  for deb in "$state"/debs/*.deb; do dpkg-deb -x "$deb" "$folder/tree"; done
  rm -rf "$state"
  # Because it is started through the loader, Neovim looks for its parsers next to the loader.
  mkdir -p "$folder/tree/usr/lib/lib"; ln -s ../nvim "$folder/tree/usr/lib/lib/nvim"
  launcher "$folder"
}

# Writes a script that runs the unpacked nvim with the unpacked libraries. It still works if the cache is moved.
launcher() {
  local triple; triple=$(basename "$(find "$1/tree/usr/lib" -maxdepth 1 -name '*-linux-gnu*' | sort | head -n 1)")
  cat >"$1/nvim" <<LAUNCHER
#!/bin/sh
root=\$(dirname "\$(readlink -f "\$0")")/tree
libraries=\$root/usr/lib/$triple:\$root/lib/$triple
for loader in "\$root"/usr/lib*/ld-linux*.so.* "\$root"/lib*/ld-linux*.so.* "\$root"/lib/$triple/ld-linux*.so.*; do [ -f "\$loader" ] && break; done
export VIMRUNTIME="\$root/usr/share/nvim/runtime"
export LUA_PATH="\$root/usr/share/lua/5.1/?.lua;;" LUA_CPATH="\$root/usr/lib/$triple/lua/5.1/?.so;;"
exec "\$loader" --library-path "\$libraries" "\$root/usr/bin/nvim" "\$@"
LAUNCHER
  chmod +x "$1/nvim"
}

for suite in "${missing[@]}"; do
  say "unpacking the Neovim of $suite"
  unpack "$suite"
  runs "$suite" || fail "the Neovim of $suite does not start"
done
say "the versions of Neovim are ready"
