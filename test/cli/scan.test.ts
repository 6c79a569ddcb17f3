/** `codebeaker scan`: what it shows of files, and its exit codes. */
import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../server/src/base/clock.ts';
import type { ScanArguments } from '../../server/src/cli/actions.ts';
import { scan } from '../../server/src/cli/scan.ts';
import type { Surroundings } from '../../server/src/cli/surroundings.ts';
import { temporaryFolder } from '../policy/folder.ts';
import { bundles, need } from '../require.ts';

describe('codebeaker scan', () => {
  before(need('the build', bundles));
  const folder = temporaryFolder();
  const put = (name: string, text: string) => {
    writeFileSync(join(folder(), name), text);
    return join(folder(), name);
  };
  const run = async (files: readonly string[], more: Partial<ScanArguments> = {}) => {
    const surroundings = { env: {}, home: folder(), clock: systemClock, writeLog: () => undefined } as unknown as Surroundings;
    let text = '';
    const code = await scan(surroundings, { command: 'scan', files, language: undefined, severity: 'warning', json: false, config: undefined, ...more }, async (printed) => Number((text += printed) === '' && false));
    return { code, text: text.replaceAll(`${folder()}/`, '') };
  };

  it('shows each finding with its place, and exits with 1', async () => {
    const { code, text } = await run([put('main.py', 'import os\nos.system("ls " + path)\n'), put('ok.rb', 'puts 1\n'), put('tool', '#!/bin/sh\neval "$1"\n')]);
    expect(text.split('\n').map((line) => line.replace(/: [A-Z].*(?=\([a-z]+\/)/, ' ')).filter(Boolean)).to.deep.equal(['main.py:2:1: warning (python/shell)', 'tool:2:1: warning (shellscript/eval)']);
    expect(code).to.equal(1);
  });

  it('exits with 0 where nothing is bad enough', async () => {
    const file = put('main.py', 'eval(input())\n');
    expect((await run([file], { severity: 'error' })).code).to.equal(0);
    expect(await run([put('ok.py', 'print(1)\n')])).to.deep.equal({ code: 0, text: '' });
  });

  it('says why a file was not scanned, and exits with 1', async () => {
    expect(await run([put('x.unknown', 'x')])).to.deep.equal({ code: 1, text: 'x.unknown: it was not scanned: its extension and its first line do not say which language it is; --language does\n' });
    expect(await run([join(folder(), 'none.py')])).to.deep.equal({ code: 1, text: 'none.py: it was not scanned: it cannot be read (ENOENT)\n' });
    expect((await run([put('large.py', 'x'.repeat(300_000))])).text).to.contain('it is larger than 262144 bytes (scan.maxBytes)');
  });

  it('prints one JSON object with --json', async () => {
    const { text } = await run([put('main.js', 'eval(x)\n')], { json: true });
    expect(JSON.parse(text).files[0].findings[0]).to.deep.include({ rule: 'javascript/eval', severity: 'warning', range: { start: { line: 0, character: 0 }, end: { line: 0, character: 7 } } });
  });
});
