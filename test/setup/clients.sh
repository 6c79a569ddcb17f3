#!/usr/bin/env bash
# Installs the independent clients that converse with the daemon in test/clients: Vim, Emacs with eglot, and the libraries
# of Python and Go from Debian's packages, and ts-lsp-client from npm, which goes to .cache/clients.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

# Most of these have no command.
missing=()
for package in vim emacs-nox elpa-eglot python3-pylsp-jsonrpc golang-go golang-github-sourcegraph-jsonrpc2-dev; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q ' installed$' || missing+=("none:$package")
done
[ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"

cache=$(cd "$here/../.." && pwd)/.cache/clients
version=1.0.3
if ! grep -qs "\"version\": \"$version\"" "$cache/node_modules/ts-lsp-client/package.json"; then
  say "installing ts-lsp-client"
  rm -rf "$cache"; mkdir -p "$cache"
  npm install --silent --prefix "$cache" --ignore-scripts --no-audit --no-fund --no-package-lock "ts-lsp-client@$version" >/dev/null
fi
say "the independent clients are ready"
