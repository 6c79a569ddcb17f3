// Node requires this, with clocks.cjs in front of it, before a program that is started in advance. Node is held
// (Sandbox.hold) where this looks at the program's file. It leaves no trace. Workers require it too.
const loaded = process.moduleLoadList.length;
const fs = require('fs');
const { getEnvironmentData, setEnvironmentData } = require('worker_threads');
const option = `--require=${__filename}`;

/** Removes what Node keeps about this file, and about the modules that only this file has needed. */
function forget() {
  delete require.cache[__filename];
  const paths = require('module')._pathCache;
  for (const key of Object.keys(paths)) if (paths[key] === __filename) delete paths[key];
  process._preload_modules.length = 0;
  process.moduleLoadList.length = loaded;
}

/** The variable is also in the memory that /proc/self/environ shows. Where that can't be written, it stays there. */
function blank() {
  delete process.env.NODE_OPTIONS;
  const variable = `NODE_OPTIONS=${option}`;
  try {
    const stat = fs.readFileSync('/proc/self/stat', 'latin1');
    const begin = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[47]);
    const at = fs.readFileSync('/proc/self/environ').indexOf(`${variable}\0`);
    const memory = fs.openSync('/proc/self/mem', 'r+');
    if (begin > 0 && at >= 0) fs.writeSync(memory, Buffer.alloc(variable.length), 0, variable.length, begin + at);
    fs.closeSync(memory);
  } catch {
    // There is no such file in gVisor.
  }
}

/** Looks at the program's file, where Node is held. All that can be done before is done by then. */
function wait(held) {
  const begin = performance.now();
  try {
    fs.readlinkSync(process.argv[1]);
  } catch {
    // It is no link, or not there.
  }
  Object.assign(held, heldFor(begin, performance.now()));
}

function correctNode(held) {
  const told = correctClocks(held, require('perf_hooks'));
  for (const name of ['duration', 'environment', 'bootstrapComplete', 'loopStart', 'loopExit']) {
    const { get } = Object.getOwnPropertyDescriptor(performance.nodeTiming, name) ?? {};
    if (get) Object.defineProperty(performance.nodeTiming, name, { get: () => told(get()) });
  }
  const { uptime } = process;
  process.uptime = { uptime: () => told(uptime() * 1000) / 1000 }.uptime;
}

// A worker knows from the main thread how long that was held.
const known = getEnvironmentData(__filename);
const first = process.env.NODE_OPTIONS === option;
const held = known ?? { begin: 0, waited: 0 };
if (first) blank();
if (first || known) correctNode(held);
forget();
if (first) {
  wait(held);
  setEnvironmentData(__filename, held);
}
