// Node requires this before the program: it waits for the order (order.ts), carries it out and leaves no trace.
'use strict';
delete require.cache[__filename];
// Workers require it too, and have nothing to wait for.
if (!require('worker_threads').isMainThread) return;
const fs = require('fs');
function take(count) {
  const taken = Buffer.alloc(count);
  for (let at = 0; at < count; ) {
    let bytes;
    try {
      bytes = fs.readSync(0, taken, at, count - at, null);
    } catch (fault) {
      if (fault.code === 'EAGAIN') continue;
      throw fault;
    }
    if (bytes === 0) process.reallyExit(125);
    at += bytes;
  }
  return taken.toString();
}
const [cwd, file, count, ...words] = take(parseInt(take(8), 16)).split('\0');
process.chdir(cwd);
for (const pair of words.splice(0, Number(count))) {
  const at = pair.indexOf('=');
  process.env[pair.slice(0, at)] = pair.slice(at + 1);
}
fs.symlinkSync(file, process.argv[1]);
process.argv.splice(1, process.argv.length, file, ...words.slice(0, -1));
process.execArgv.length = 0;
