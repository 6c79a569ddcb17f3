#!/usr/bin/env bash
# Provides VS Code 1.100 as a server with its web front end: the part lib/vscode of the npm package code-server.
# Nothing of it is run while it is installed; where it lies is printed. Does nothing when it is there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

version=4.100.3
sha512=abf161d833b10913610bf5a21bfeac02148a9e3ed90024d505a79e67ead68e897fff41426e5fea835967e5e719f7d8d871fa8cc59640c9670df98048a340e0a4
folder=${CODEBEAKER_VSCODE:-${XDG_CACHE_HOME:-$HOME/.cache}/codebeaker/vscode-$version}
code=$folder/package/lib/vscode

if [ -e "$folder/complete" ]; then say "VS Code: $folder"; exit 0; fi
say "VS Code: fetching (about a minute)"
rm -rf "$folder"; mkdir -p "$folder"; cd "$folder"
npm pack --silent "code-server@$version" >/dev/null
sha512sum --quiet -c - <<<"$sha512  code-server-$version.tgz"
tar xzf "code-server-$version.tgz"; rm "code-server-$version.tgz"
(cd "$code" && npm ci --omit=dev --ignore-scripts --legacy-peer-deps --no-audit --no-fund --loglevel=error >&2)

# VS Code writes its logs and output channels by a native module, which would have to be compiled. This stands in.
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

# Real shells are not needed: without this, the editor would complain that it can't have any.
echo "exports.spawn = () => { throw new Error('no shells here'); };" >"$code/node_modules/node-pty/lib/index.js"

node "$code/out/server-main.js" --version >&2
touch complete
say "VS Code: $folder"
