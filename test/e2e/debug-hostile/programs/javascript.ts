/** Hostile programs in JavaScript: in Node, and in Deno, where a program may do less. */
import type { HostileProgram } from './program.ts';

/** Sends a signal to whatever it finds, makes the file `sent`, and waits. */
const signals = (signal: string) => `const fs = require('node:fs');
for (const pid of fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name)).map(Number)) {
  if (pid > 1 && pid !== process.pid) try { process.kill(pid, '${signal}'); } catch {}
}
fs.writeFileSync('sent', '');
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
let x = 1; // here
`;

const holds = `const large = 'x'.repeat(10_000_000);
const round_about = [];
round_about.push(round_about);
let deep = [];
for (let i = 0; i < 100_000; i += 1) deep = [deep];
const odd = { get value() { return this.value; }, toString() { return String(this); } };
const named = { 'a\\x1b]52;c;eA==\\x07\\n\\u202eb': 7 };
let x = 1; // here
`;

const forges = `const fs = require('node:fs');
for (const fd of [1, 2]) fs.writeSync(fd, FORGED);
let x = 1; // here
`;

export const node: HostileProgram = {
  language: 'javascript',
  main: 'main.js',
  literal: JSON.stringify,
  code: {
    forges,
    writes: `const fs = require('node:fs');
const net = require('node:net');
for (const pid of fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name))) {
  let fds = [];
  try { fds = fs.readdirSync('/proc/' + pid + '/fd'); } catch {}
  for (const fd of fds) {
    try {
      const target = fs.openSync('/proc/' + pid + '/fd/' + fd, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
      fs.writeSync(target, FORGED);
      fs.closeSync(target);
    } catch {}
  }
}
for (const line of fs.readFileSync('/proc/net/tcp', 'latin1').trim().split('\\n').slice(1)) {
  const [, local, , state] = line.trim().split(/\\s+/);
  if (state === '0A') net.connect(parseInt(local.slice(-4), 16), '127.0.0.1', function () { this.write(FORGED); }).on('error', () => undefined);
}
setTimeout(() => {
  let x = 1; // here
}, 300);
`,
    stops: signals('SIGSTOP'),
    kills: signals('SIGKILL'),
    floods: `require('node:child_process').spawn('yes', ['flood'], { stdio: 'inherit' });
let x = 1; // here
setTimeout(() => {}, 1_000_000);
`,
    holds,
  },
};

export const deno: HostileProgram = {
  language: 'javascript',
  main: 'main.js',
  literal: JSON.stringify,
  code: {
    forges,
    floods: `new Worker('data:text/javascript,for (;;) console.log("flood".repeat(10_000))', { type: 'module' });
setTimeout(() => {
  let x = 1; // here
}, 100);
setTimeout(() => {}, 1_000_000);
`,
    holds,
  },
};
