/** Tests whose parts a machine lacks are skipped with their reasons, and none of them fails (L16). `npm run test:hosts` shows it for whole runs. */
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundles, need, program, root } from './require.ts';

const run = promisify(execFile);
const cwd = fileURLToPath(new URL('..', import.meta.url));
/** What the tests of these files need. In the run it is hidden, and so is /run, where the engine's socket is. */
const hidden = ['bwrap', 'ruby', 'gcc', 'shellcheck', 'vim', 'emacs'];
/** Files with hooks that make something and end it: for Docker, for native sandboxes, for the built daemon, for the agent. */
const files = [
  'test/runtime/kinds/docker/contract.test.ts', 'test/runtime/kinds/native/contract.test.ts', 'test/runtime/kinds/native/escape.test.ts',
  'test/runtime/kinds/native/copy.test.ts', 'test/warm/held.test.ts', 'test/command/source-files.test.ts', 'test/e2e/trees.test.ts',
  'test/e2e/pull.test.ts', 'test/e2e/hosts.test.ts', 'test/e2e/many.test.ts', 'test/agent/start.test.ts', 'test/agent/fuzz.test.ts', 'test/client-nvim/run.test.ts',
];

describe('a machine that lacks most of what the tests need', function () {
  this.timeout(120_000);
  before(need('the build', bundles));
  before(need('unshare', program('unshare')));
  before(need('root', root));

  it('skips tests, says why in one line for each reason, and fails none (L16)', async () => {
    const paths = (await run('sh', ['-c', 'for name; do which -a "$name" | xargs -r -n 1 realpath; done', 'sh', ...hidden])).stdout.split('\n').filter(Boolean);
    const hide = ['mount -t tmpfs tmpfs /run', ...new Set(paths)].map((path, at) => (at === 0 ? path : `mount --bind /dev/null '${path}'`)).join(' && ');
    const { CI: _, CODEBEAKER_CHECKS_PASSED: _passed, CODEBEAKER_CHECKS_FAILED: _failed, ...env } = process.env;
    const mocha = [process.execPath, 'node_modules/mocha/bin/mocha.js', ...files];
    const { stdout } = await run('unshare', ['--mount', 'sh', '-c', `${hide} && exec "$@"`, 'sh', ...mocha], { cwd, env, maxBuffer: 2 ** 26 });
    const [, reasons = '', last = ''] = /\nSkipped, because this machine lacks what the tests need:\n([^]*?)\n\n(.*)\n$/.exec(stdout) ?? [];
    expect(last).to.match(/^\d+ passed, 0 failed, \d+ skipped$/);
    expect(reasons.split('\n').filter((line) => !/^ {2}\d+ tests? needs? [^:]+: .+/.test(line))).to.deep.equal([]);
    expect(reasons).to.match(/tests need docker: no Docker engine answers; run /).and.to.match(/tests need bubblewrap: /);
  });
});
