/**
 * One run after another in Neovim, with pauses in which interpreters are started ahead or not yet, and each of them
 * exits. `npm run test:runs` does fifty of each language.
 */
import { expect } from 'chai';
import { bundles, need, npmPackage } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { inNeovim, newest } from './neovims.ts';

const runs = Number(process.env.CODEBEAKER_RUNS ?? 3);
const PAUSE_MS = 3_000;

const programs = {
  'a.py': { runtime: 'native', code: 'import sys; print("run", sys.argv[1], sys.stdout.isatty())' },
  'b.js': { runtime: 'native', code: 'console.log("run", process.argv[2], process.stdout.isTTY)' },
  'c.ts': { runtime: 'deno', code: 'const is: boolean = Deno.stdout.isTerminal(); console.log("run", Deno.args[0], is)' },
};

inNeovim(`${runs} runs in a row`, (editor) => {
  before(need('the build', bundles));
  before(need('bubblewrap', bubblewrap));
  before(need('deno', npmPackage('deno')));

  for (const [file, { runtime, code }] of Object.entries(programs)) {
    it(`${file} exits each time in ${runtime} (T1)`, async function () {
      this.timeout(60_000 + runs * 10_000);
      await editor().setup({ runtime });
      await editor().buffer(code, { file });
      for (let run = 0; run < runs; run += 1) {
        await editor().command(`SandboxRun ${run}`);
        await editor().shows(`run ${run} `);
        const { text } = await editor().ended();
        expect(text).to.match(new RegExp(String.raw`^run ${run} [Tt]rue\n✓ exited with code 0 · .* · ${runtime}`));
        await pause();
      }
    });
  }
}, { only: newest });

/** It does not matter how long this takes: it only makes the moment of the next run a random one. */
const pause = () => new Promise((resolve) => setTimeout(resolve, Math.random() * PAUSE_MS));
