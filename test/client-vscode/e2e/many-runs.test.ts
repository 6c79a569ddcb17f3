/**
 * One run after another in the terminals of a real VS Code, with pauses in which interpreters are started ahead or not
 * yet, and each of them exits. `npm run test:runs` does fifty of each language.
 */
import { bundles, need, npmPackage } from '../../require.ts';
import { bubblewrap } from '../../runtime/kinds/native/subject.ts';
import { type Editor, realEditor, startEditor } from './editor.ts';
import { Hands } from './hands.ts';

const runs = Number(process.env.CODEBEAKER_RUNS ?? 3);
const PAUSE_MS = 3_000;

/** Each prints `run`, a number that no other run prints, and whether its output is a terminal. */
const files = {
  'a.py': 'import os, sys\nprint("run", os.urandom(8).hex(), sys.stdout.isatty())\n',
  'b.js': 'console.log("run", require("crypto").randomBytes(8).toString("hex"), process.stdout.isTTY);\n',
  'c.ts': 'const bytes: Uint8Array = crypto.getRandomValues(new Uint8Array(8));\nconsole.log("run", [...bytes].map((b) => b.toString(16).padStart(2, "0")).join(""), Deno.stdout.isTerminal());\n',
};
const settings = { 'codebeaker.languages': { python: { runtime: 'native' }, javascript: { runtime: 'native' }, typescript: { runtime: 'deno' } } };

describe(`${runs} runs in a row in VS Code`, function () {
  this.timeout(60_000 + runs * 10_000);
  let editor: Editor;
  let hands: Hands;

  before(need('VS Code', realEditor));
  before(need('the build', bundles));
  before(need('bubblewrap', bubblewrap));
  before(need('deno', npmPackage('deno')));
  before(async () => {
    editor = await startEditor({ files, settings, env: { DOCKER_HOST: 'unix:///nowhere/docker.sock', CODEBEAKER_CONFIG: '' } });
    hands = new Hands(editor.page);
    await editor.open('a.py');
    await hands.sees(() => hands.toasts(), /Docker is not available/);
    await hands.command('Notifications: Clear All Notifications');
  });
  after(() => editor?.close());

  for (const file of Object.keys(files)) {
    it(`${file} exits each time (T1)`, async () => {
      await hands.openFile(file);
      const seen = new Set<string>();
      for (let run = 0; run < runs; run += 1) {
        await hands.button('Run in Sandbox');
        await hands.sees(async () => last(await hands.terminal(), seen), /^run \w+ [Tt]rue\s+✓ exited with code 0 /);
        await pause();
      }
    });
  }

  /** What the terminal shows from the first line on that no earlier run has printed. */
  function last(text: string, seen: Set<string>): string {
    const fresh = [...text.matchAll(/run (\w{16}) .*\s+[✓✗]/g)].find(([, number = '']) => !seen.has(number));
    if (!fresh) return text.replaceAll(/^run/gm, '(run)');
    seen.add(fresh[1] as string);
    return text.slice(fresh.index);
  }
});

/** It does not matter how long this takes: it only makes the moment of the next run a random one. */
const pause = () => new Promise((resolve) => setTimeout(resolve, Math.random() * PAUSE_MS));
