/** The history of real daemons: what they keep, also when they are killed, how it is run again, and that no secret is in it. */
import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundles, need } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { codebeaker } from './command-line.ts';
import { daemonEnvironment, until } from './environment.ts';
import { RawClient } from './raw-client.ts';

describe('the history of real daemons (issue 15)', () => {
  before(need('the daemon', bundles));
  before(need('bubblewrap', bubblewrap));

  let stateDir: string;
  beforeEach(() => (stateDir = mkdtempSync(join(tmpdir(), 'codebeaker-history-'))));
  afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

  const config = (more: object = {}) => ({ stateDir, pool: {}, ...more });
  const open = async (more: object = {}, session: object = {}) => {
    const client = new RawClient({ env: daemonEnvironment(config(more)) });
    await client.initialize();
    const { sessionId } = await client.request('session/create', { runtime: 'native', language: 'shellscript', ...session });
    return { client, sessionId, run: (command: string | string[]) => client.request('command/executeShell', { sessionId, command }) };
  };
  const history = async (...words: string[]) => {
    const { code, stdout, stderr } = await codebeaker(['history', ...words], { config: config() });
    return { code, stdout: stdout.toString(), stderr };
  };

  it('is kept together, also what one that is killed had written and what runs when one ends', async () => {
    const [one, two] = await Promise.all([open(), open()]);
    await Promise.all([one.run('exit 1'), two.run('exit 2')]);
    const codes = async () => ((await two.client.request('history/list', {})).entries as { exitCode: number }[]).map(({ exitCode }) => exitCode);
    await until('the other has written', async () => (await codes()).length === 2);
    one.client.process.kill('SIGKILL');
    await one.client.exited;
    const running = two.client.call('command/executeShell', { sessionId: two.sessionId, command: 'echo begins; sleep 1000', commandId: 'long' });
    await until('it runs', () => two.client.notifications.some(({ method }) => method === 'command/output'));
    expect(await two.client.end()).to.equal(0);
    await running;
    const { entries } = JSON.parse((await history('--json')).stdout) as { entries: { exitCode: number | null; outcome: string }[] };
    expect(entries.map(({ exitCode, outcome }) => [exitCode, outcome])).to.have.deep.members([[1, 'exited'], [2, 'exited'], [null, 'cancelled']]);
  });

  it('is shown by codebeaker history, which runs a file again with what it had, and a command that was kept', async () => {
    const file = join(stateDir, 'a.sh');
    writeFileSync(file, 'echo "ran $1"; exit 3');
    const { code } = await codebeaker(['run', '--runtime', 'native', '--memory', '64m', file, 'one two'], { config: config() });
    expect(code).to.equal(3);
    const { client, run } = await open({ history: { code: 'keep' } });
    await run(['sh', '-c', 'echo kept']);
    await client.end();

    expect((await history()).stdout).to.match(/^ID .*\n\w{8} .* native +exit 0 .* sh -c "echo kept"\n\w{8} .* exit 3 .*a\.sh "one two"\n$/);
    const { entries } = JSON.parse((await history('--failed', '--json')).stdout) as { entries: { entryId: string; limits: object; codeSha256?: string }[] };
    expect(entries.map(({ limits }) => limits)).to.deep.equal([{ memoryBytes: 64 * 2 ** 20 }]);
    writeFileSync(file, 'echo "ran again $1"; exit 4');
    const again = await history('rerun', entries[0]?.entryId.slice(0, 8) ?? '');
    // A machine that is very busy may not have read the file in time.
    const told = entries[0]?.codeSha256 === undefined ? '' : `codebeaker: ${file} has changed since it was run\n`;
    expect([again.code, again.stdout, again.stderr]).to.deep.equal([4, 'ran again one two\n', told]);
    const [, id = ''] = /^(\w{8}) .*echo kept/m.exec((await history()).stdout) ?? [];
    expect(await history('rerun', id)).to.deep.equal({ code: 0, stdout: 'kept\n', stderr: '' });
    expect((await history('clear')).stdout).to.equal('4 entries were removed from the history\n');
    expect((await history()).stdout).to.equal('nothing was run that is kept in the history\n');
  });

  it('holds no secret of a session, and no variable, no input and no output', async () => {
    const canary = () => `canary-${randomBytes(12).toString('hex')}`;
    const secrets = { CANARY: canary() };
    const hidden = [canary(), canary()];
    const { client, sessionId, run } = await open({ history: { code: 'keep' } }, { secrets, label: secrets.CANARY, env: { HIDDEN: hidden[0] } });
    await run(['echo', secrets.CANARY, Buffer.from(secrets.CANARY).toString('base64')]);
    await client.request('command/runCode', { sessionId, code: `echo ${secrets.CANARY} "$HIDDEN"; cat`, args: [secrets.CANARY], stdin: hidden[1], env: { OTHER: hidden[1] } });
    await client.end();
    const { entries } = JSON.parse((await history('--json')).stdout) as { entries: { redacted: boolean }[] };
    expect(entries.map(({ redacted }) => redacted)).to.deep.equal([true, true]);
    const kept = readdirSync(join(stateDir, 'history')).map((name) => readFileSync(join(stateDir, 'history', name), 'utf8')).join();
    for (const text of [secrets.CANARY, ...hidden]) expect(kept).to.contain('***').and.not.to.contain(text);
  });
});
