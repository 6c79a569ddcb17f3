/** Whatever the daemon does for a client over a byte stream, it does over a WebSocket: the tests of `serving/` run once more, over one. */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** It waits for the only timer of its daemon, and a WebSocket has one of its own. */
const leftOut = 'ahead.test.ts';

describe('over WebSockets', function () {
  this.timeout(120_000);

  it('the tests of what clients are served pass as well', () => {
    const files = readdirSync(new URL('serving/', import.meta.url), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.test.ts') && path !== leftOut).map((path) => `test/serving/${path}`);
    const { stdout } = spawnSync(process.execPath, ['node_modules/mocha/bin/mocha.js', ...files], { cwd: root, env: { ...process.env, CODEBEAKER_WIRE: 'websocket' }, encoding: 'utf8', maxBuffer: 2 ** 28 });
    expect(stdout.trimEnd().split('\n').at(-1), stdout.slice(-5000)).to.match(/^[1-9]\d{2,} passed, 0 failed, 0 skipped$/);
  });
});
