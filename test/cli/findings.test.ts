/** What `codebeaker run` tells of what scanning finds. */
import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../policy/folder.ts';
import { FakeScanner } from '../fakes/scanner.ts';
import { RunBench, type RunOptions } from './bench.ts';

describe('findings of codebeaker run', () => {
  const folder = temporaryFolder();
  const run = async (script: string, { json = false, ...options }: RunOptions & { json?: boolean } = {}) => {
    const scanner = new FakeScanner();
    const path = join(folder(), 'main.py');
    writeFileSync(path, script);
    const bench = new RunBench({ isTTY: true, scanner, ...options });
    const code = await bench.run(path, { tty: false, json });
    expect([bench.clock.pending, bench.runtime.open.length]).to.deep.equal([0, 0]);
    const stderr = bench.shown.stderr.replaceAll(`${folder()}/`, '').split('\n').filter(Boolean);
    return { code, stderr, report: json ? JSON.parse(bench.shown.stdout) : undefined, scanner };
  };
  const [bad, odd] = ['codebeaker: main.py:2:6: error: It is bad. (python/bad)', 'codebeaker: main.py:3:6: warning: It is odd. (python/odd)'];
  const block = { scan: { mode: 'block' } } as const;

  it('are told on a terminal after the run, errors and warnings with line and column', async () => {
    expect(await run('echo 1\necho bad\necho odd\nexit 3')).to.deep.include({ code: 3, stderr: [bad, odd] });
    expect((await run('echo odd\necho bad', { config: { scan: { rules: { 'python/odd': 'information' } } } })).stderr.filter((line) => line.includes('main.py'))).to.deep.equal([bad]);
  });

  it('are listed with line and column where they are refused, on a terminal or not', async () => {
    for (const isTTY of [true, false]) {
      const refused = 'codebeaker: main.py was not run, because the configuration refuses what stands in it (scan.block)';
      expect(await run('echo 1\necho bad\necho odd', { config: block, isTTY })).to.deep.include({ code: 125, stderr: [refused, bad] });
    }
  });

  it('are in the object of --json, also where they are refused', async () => {
    const { report, stderr } = await run('echo 1\necho bad\necho odd', { json: true, isTTY: false });
    expect(report.findings.map(({ code, severity, range: { start } }: { code: string; severity: number; range: { start: object } }) => ({ code, severity, start }))).to.deep.equal([
      { code: 'python/bad', severity: 1, start: { line: 1, character: 5 } }, { code: 'python/odd', severity: 2, start: { line: 2, character: 5 } },
    ]);
    expect(stderr).to.deep.equal([]);
    expect((await run('echo good', { json: true })).report.findings).to.deep.equal([]);
    const refused = (await run('echo odd\necho bad', { json: true, config: block })).report;
    expect(refused).to.deep.include({ outcome: 'notStarted' });
    expect(refused.findings).to.have.length(2);
  });

  it('are not looked for where nobody would read them', async () => {
    const { scanner, stderr } = await run('echo bad', { isTTY: false });
    expect([scanner.texts, stderr]).to.deep.equal([[], []]);
  });

  it('that do not come within five seconds are not waited for', async () => {
    const scanner = Object.assign(new FakeScanner(), { scan: () => new Promise<never>(() => undefined) });
    const path = join(folder(), 'main.py');
    writeFileSync(path, 'echo bad');
    const bench = new RunBench({ isTTY: true, scanner });
    let code: number | undefined;
    void bench.run(path, { tty: false }).then((ended) => (code = ended));
    for (let turn = 0; turn < 50_000 && !bench.shown.stdout.includes('bad'); turn += 1) await bench.clock.advance(0);
    for (let turn = 0; turn < 50_000 && code === undefined; turn += 1) await bench.clock.advance(turn % 100 === 99 ? 100 : 0);
    expect([code, bench.shown.stderr.includes('python/bad')]).to.deep.equal([0, false]);
  });
});
