/** Native sandboxes of an ordinary user, who may not use control groups: they confine programs all the same, and report what is degraded. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { Isolation } from '../../../../server/src/protocol/index.ts';
import { fromSource } from '../../../from-source.ts';
import { need, root } from '../../../require.ts';
import { bubblewrap } from './subject.ts';

const SOMEBODY = 12_345;

describe('native sandboxes of an ordinary user', () => {
  before(need('bubblewrap', bubblewrap));
  before(need('root', root));

  it('confine programs, and report what is degraded, with the score that the README says (H7)', async () => {
    const home = mkdtempSync(join(tmpdir(), 'user-'));
    chmodSync(home, 0o777);
    const script = fileURLToPath(new URL('../../../fixtures/native/user.ts', import.meta.url));
    const options = { uid: SOMEBODY, gid: SOMEBODY, cwd: fileURLToPath(new URL('../../../..', import.meta.url)), env: { PATH: process.env.PATH, HOME: home, TMPDIR: home } };
    const { stdout } = await promisify(execFile)(process.execPath, [...fromSource, script], options);
    const { isolation, ...rest } = JSON.parse(stdout) as { isolation: Isolation } & Record<string, string>;
    const states = Object.fromEntries(isolation.layers.map(({ name, state }) => [name, state]));
    for (const name of ['user', 'capabilities', 'noNewPrivileges', 'seccomp', 'verdicts', 'processes', 'filesystem', 'network', 'disk']) expect(states[name], name).to.equal('enforced');
    expect(states).to.include({ memory: 'degraded', cpu: 'off', pids: 'degraded' });
    expect(isolation.score).to.equal(3);
    expect(rest).to.include({ user: '65534', namespaces: '', host: '0' });
    expect(Number(rest.bomb)).to.be.within(50, 128);
    rmSync(home, { recursive: true });
  });
});
