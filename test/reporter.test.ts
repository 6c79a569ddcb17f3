/** The last line and the exit code of a test run agree, however the run ends. */
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

interface Run {
  readonly code: number;
  readonly last: string;
  readonly output: string;
}

const root = fileURLToPath(new URL('..', import.meta.url));

async function run(fixture: string, env: Record<string, string> = {}): Promise<Run> {
  const mocha = ['node_modules/mocha/bin/mocha.js', '--no-config', '--no-package', '--reporter', 'test/reporter.mjs'];
  const child = spawn(process.execPath, [...mocha, `test/fixtures/reporter/${fixture}.mjs`], {
    cwd: root,
    env: { CODEBEAKER_HANG_MS: '100', ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { code, output, last: output.trimEnd().split('\n').at(-1) ?? '' };
}

describe('the reporter', () => {
  const cases: Record<string, [fixture: string, env: Record<string, string>, code: number, last: string]> = {
    'every test passes': ['fine', {}, 0, '1 passed, 0 failed, 0 skipped'],
    'a check before the tests passed': ['fine', { CODEBEAKER_CHECKS_PASSED: '2' }, 0, '3 passed, 0 failed, 0 skipped'],
    'a check before the tests failed': ['fine', { CODEBEAKER_CHECKS_FAILED: '1' }, 1, '1 passed, 1 failed, 0 skipped'],
    'a test fails': ['failing', {}, 1, '0 passed, 1 failed, 0 skipped'],
    'a test is skipped': ['pending', {}, 0, '1 passed, 0 failed, 1 skipped'],
    'a test is skipped in CI': ['pending', { CI: 'true' }, 1, '1 passed, 0 failed, 1 skipped'],
    'a rejection is not handled': ['rejection', {}, 1, '0 passed, 1 failed, 0 skipped'],
    'something throws after the tests': ['late', {}, 1, '1 passed, 1 failed, 0 skipped'],
    'a test file does not load': ['broken', {}, 1, '0 passed, 1 failed, 0 skipped'],
  };

  for (const [name, [fixture, env, code, last]] of Object.entries(cases)) {
    it(name, async () => {
      const { output, ...outcome } = await run(fixture, env);
      expect(outcome).to.deep.equal({ code, last });
    });
  }

  it('something keeps the process alive', async () => {
    const { code, last, output } = await run('hanging');
    expect({ code, last }).to.deep.equal({ code: 1, last: '1 passed, 1 failed, 0 skipped' });
    expect(output).to.match(/kept alive by:\n(?: {2}.*\n)* {2}Timeout, \d of them\n/);
  });

  it('a process, its streams and a server keep it alive: each is told with what it is', async () => {
    const { code, last, output } = await run('open');
    expect({ code, last }).to.deep.equal({ code: 1, last: '1 passed, 1 failed, 0 skipped' });
    const cat = /^ {2}ChildProcess: process (\d+), cat - \/dev\/null$/m.exec(output)?.[1];
    expect(output).to.match(new RegExp(`^  Socket: file descriptor \\d+, which is socket:\\[\\d+\\], held by (?:.* and )?process ${cat} \\(cat - /dev/null\\)(?: and .*)? too$`, 'm'));
    expect(output).to.match(/^ {2}Server: file descriptor \d+, which is socket:\[\d+\], listens on 127\.0\.0\.1 port \d+$/m);
  });
});
