/**
 * `npm run bench:vscode` measures the time from the click on the run button to the first output in the terminal, in a
 * real VS Code in a real browser, inside the page, for a file that has run before; and from F5 to the highlighted first line
 * of a program, in a sandbox and with the debugger for Node that comes with the editor. RUNS says how often, by default 25.
 * ONLY is a part of the names of what is measured.
 */
import { createRequire } from 'node:module';
import { delimiter, dirname } from 'node:path';
import { type Editor, inDocker, startEditor } from '../test/client-vscode/e2e/editor.ts';
import { Hands } from '../test/client-vscode/e2e/hands.ts';
import { daemonEnvironment } from '../test/e2e/environment.ts';

const RUNS = Number(process.env.RUNS ?? 25);
const ONLY = process.env.ONLY ?? '';

const programs = {
  'first.py': 'import random\nprint("out", random.random(), "end")\n',
  'first.js': 'console.log("out", Math.random(), "end");\n',
};

/** A script for the page. Its value is the time in milliseconds. */
const clickToOutput = `new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error('no output within 30 s')), 30_000);
  const last = () => [...document.querySelectorAll('.part.panel .terminal-wrapper.active .xterm-rows > div')]
    .map((row) => /out.(\\S+).end/.exec(row.textContent)?.[1]).filter(Boolean).at(-1);
  const before = last();
  const seen = () => {
    if (last() === before) return;
    observer.disconnect();
    resolve(performance.now() - started);
  };
  const observer = new MutationObserver(seen);
  observer.observe(document.querySelector('.part.panel'), { subtree: true, childList: true, characterData: true });
  const button = document.querySelector('.part.editor .editor-actions a.action-label[aria-label^="Run in Sandbox"]');
  const started = performance.now();
  button.click();
})`;

/** Files of 4 KiB in the folder of the program, which are copied into the sandbox with it. */
const neighbours = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`lib/part${n % 10}/module${n}.txt`, 'x'.repeat(4096)]));

interface Measured {
  readonly file: keyof typeof programs;
  readonly env: Record<string, string>;
  readonly settings: object;
  readonly beside?: number;
}

async function measure(name: string, { file, env, settings, beside = 0 }: Measured): Promise<void> {
  if (!name.includes(ONLY)) return;
  const editor = await startEditor({ files: { [file]: programs[file], ...neighbours(beside) }, env, settings });
  try {
    tell(name, await runs(editor, file));
  } finally {
    await editor.close();
  }
}

function tell(name: string, times: readonly number[]): void {
  const at = (part: number) => Math.round(times[Math.floor((times.length - 1) * part)] ?? 0);
  process.stdout.write(`${name}: p50 ${at(0.5)} ms, minimum ${at(0)} ms, p90 ${at(0.9)} ms, ${times.length} runs\n`);
}

/** A script for the page. It begins to wait for the key F5; `stopped` resolves with the time in milliseconds from there to the line in which the program stands. */
const awaitKey = `void (globalThis.stopped = new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error('the program did not stop within 30 s')), 30_000);
  let started;
  addEventListener('keydown', ({ key }) => { if (key === 'F5') started ??= performance.now(); }, { capture: true });
  const observer = new MutationObserver(() => {
    if (!document.querySelector('.debug-top-stack-frame-line')) return;
    observer.disconnect();
    resolve(performance.now() - started);
  });
  observer.observe(document.querySelector('.part.editor'), { subtree: true, childList: true, attributes: true, attributeFilter: ['class'] });
}))`;

interface MeasuredDebugger extends Measured {
  /** The type of the launch configuration. */
  readonly type: string;
  readonly builtin?: readonly string[];
}

async function measureDebugger(name: string, { file, env, settings, type, builtin = [] }: MeasuredDebugger): Promise<void> {
  if (!name.includes(ONLY)) return;
  const configuration = { type, request: 'launch', name: 'first', program: '${file}', stopOnEntry: true, internalConsoleOptions: 'neverOpen' };
  const launch = JSON.stringify({ version: '0.2.0', configurations: [configuration] });
  const editor = await startEditor({ files: { [file]: programs[file], '.vscode/launch.json': launch }, env, settings: { ...settings, 'debug.openDebug': 'neverOpen', 'debug.javascript.autoAttachFilter': 'disabled' }, builtin });
  try {
    const hands = new Hands(editor.page);
    await editor.open(file);
    await hands.sees(() => hands.status(), /\d\/10/);
    const times: number[] = [];
    for (let run = -1; run < RUNS; run += 1) {
      await hands.focusEditor();
      await editor.page.evaluate(awaitKey);
      await editor.page.keyboard.press('F5');
      const time = await editor.page.evaluate<number>('globalThis.stopped');
      if (run >= 0) times.push(time);
      await editor.page.keyboard.press('Shift+F5');
      await editor.page.locator('.debug-toolbar:visible').first().waitFor({ state: 'detached' });
      // Wait until the editor and the daemon have nothing to do any more.
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
    tell(name, times.sort((a, b) => a - b));
  } finally {
    await editor.close();
  }
}

async function runs(editor: Editor, file: string): Promise<number[]> {
  const hands = new Hands(editor.page);
  await editor.open(file);
  await hands.sees(() => hands.status(), /\d\/10/);
  const times: number[] = [];
  for (let run = -1; run < RUNS; run += 1) {
    if (run === -1) {
      await hands.button('Run in Sandbox');
    } else times.push(await editor.page.evaluate<number>(clickToOutput));
    // Wait until the sandbox of this run is gone and the editor has nothing to do any more.
    await hands.sees(() => hands.terminal(), /exited with code 0[^✓]*$/);
    await new Promise((resolve) => setTimeout(resolve, 700));
  }
  return times.sort((a, b) => a - b);
}

const native = createRequire(createRequire(import.meta.url).resolve('deno/package.json')).resolve(
  `@deno/${process.platform}-${process.arch}${process.platform === 'linux' ? '-glibc' : ''}/package.json`,
);
/** The default configuration, which has a pool: sandboxes are prepared in advance. */
const usual = daemonEnvironment({ pool: undefined });
const deno = { ...usual, PATH: `${dirname(native)}${delimiter}${process.env.PATH}` };
const inDeno = { 'codebeaker.languages': { javascript: { runtime: 'deno' } } };
const python = { file: 'first.py', env: usual, settings: inDocker } as const;
await measure('Python in Docker', python);
await measure('Python in Docker, with 10 more files in the folder', { ...python, beside: 10 });
await measure('Python in Docker, with 500 more files in the folder', { ...python, beside: 500 });
await measure('Python in Docker, without the daemon’s pool', { ...python, env: daemonEnvironment() });
await measure('JavaScript in Docker', { ...python, file: 'first.js' });
await measure('JavaScript in Deno', { file: 'first.js', env: deno, settings: inDeno });
await measureDebugger('Debugging JavaScript in Docker', { file: 'first.js', env: usual, settings: inDocker, type: 'codebeaker' });
await measureDebugger('Debugging JavaScript natively', { file: 'first.js', env: usual, settings: { 'codebeaker.languages': { javascript: { runtime: 'native' } } }, type: 'codebeaker' });
await measureDebugger('Debugging JavaScript without a sandbox, by the editor itself', { file: 'first.js', env: usual, settings: {}, type: 'node', builtin: ['ms-vscode.js-debug'] });
await measureDebugger('Debugging Python in Docker', { file: 'first.py', env: usual, settings: inDocker, type: 'codebeaker' });
