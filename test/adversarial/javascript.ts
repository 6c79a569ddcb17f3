/** Programs in JavaScript that do everything they can. They run in Deno and in Bun. */
import type { Attack } from './attack.ts';

const ended: Attack['outcomes'] = ['timedOut'];
const untilFull: Attack['outcomes'] = ['exited', 'timedOut', 'memoryLimit', 'signaled'];

const prelude = `
import { Buffer } from 'node:buffer';
import fs from 'node:fs';
import process from 'node:process';
const untilRefused = (work) => { try { for (;;) work(); } catch (refusal) { console.log(refusal.code ?? refusal.name); } };
`;

const attacks: Readonly<Record<string, readonly [outcomes: Attack['outcomes'], program: string, more?: Partial<Attack>]>> = {
  'a loop': [ended, 'for (;;) {}'],
  'promises without end': [untilFull, 'const again = () => Promise.resolve().then(again); await again();'],
  'timers without end': [untilFull, 'for (;;) { setInterval(() => {}, 0); await 0; }'],
  'memory that is taken and used': [['memoryLimit', 'exited', 'signaled', 'timedOut'], 'const kept = []; for (;;) kept.push(new Uint8Array(2 ** 20).fill(1));'],
  'a heap of objects': [['memoryLimit', 'exited', 'signaled', 'timedOut'], 'let kept = null; for (;;) kept = { kept, text: [1, 2, 3] };'],
  'workers without end': [untilFull, "const url = URL.createObjectURL(new Blob(['for (;;) {}'], { type: 'text/javascript' })); for (let at = 0; at < 200; at++) { try { new Worker(url, { type: 'module' }); } catch { break; } } await new Promise(() => setInterval(() => {}, 1000));"],
  'an expression that takes for ever': [ended, "for (;;) /^(a|a|aa)+$/.test('a'.repeat(60) + 'b');"],
  'a disk that is filled': [untilFull, "const file = fs.openSync('full', 'w'); const block = Buffer.alloc(2 ** 20, 1); untilRefused(() => fs.writeSync(file, block));"],
  'files without end': [untilFull, "fs.mkdirSync('many'); let at = 0; untilRefused(() => fs.writeFileSync(`many/${at++}`, 'x'));"],
  'a file with a hole of terabytes': [['exited'], "fs.writeFileSync('hole', ''); try { fs.truncateSync('hole', 2 ** 42); } catch (refusal) { console.log(refusal.code); }"],
  'output without end': [['outputLimit', 'timedOut'], "const block = 'x'.repeat(65536); for (;;) fs.writeSync(1, block);"],
  'lines without end on both streams': [['outputLimit', 'timedOut'], "for (;;) { try { fs.writeSync(1, 'y\\n'); fs.writeSync(2, 'n\\n'); } catch (refusal) { if (refusal.code !== 'EAGAIN') throw refusal; } }"],
  'a program that hears nothing': [ended, "for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, () => {}); setInterval(() => {}, 1000); await new Promise(() => {});"],
  'a program that kills everybody': [['exited', 'signaled', 'timedOut', 'sandboxLost'], "for (let pid = 1; pid < 400; pid++) { if (pid !== process.pid) try { process.kill(pid, 'SIGKILL'); } catch {} }"],
  'a program that never reads what it is sent': [ended, 'setInterval(() => {}, 1000); await new Promise(() => {});', { input: true }],
};

export const javascriptAttacks: readonly Attack[] = Object.entries(attacks).map(([name, [outcomes, program, more]]) => ({ name, outcomes, code: prelude + program, ...more }));
