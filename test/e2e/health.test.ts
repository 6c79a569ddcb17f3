/** The health of a real daemon whose folders are deleted behind its back, and its log of what it did. */
import { expect } from 'chai';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HealthResult } from '../../server/src/protocol/index.ts';
import { bundles, need } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { daemonEnvironment, folders, until } from './environment.ts';
import { RawClient } from './raw-client.ts';

describe('a daemon that is watched', () => {
  before(need('build', bundles));
  before(need('bubblewrap', bubblewrap));

  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'codebeaker-test-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is degraded when one of its folders was deleted, and ok when it has made it again', async () => {
    const state = join(folder, 'state');
    const client = new RawClient({ env: { ...daemonEnvironment({ stateDir: state }), XDG_CACHE_HOME: join(folder, 'cache') } });
    await client.initialize();
    const status = async (name: string) => {
      const { status: all, checks } = (await client.request('server/health')) as HealthResult;
      return [all, checks.find((check) => check.name === name)?.status];
    };
    const run = async () => {
      const { sessionId } = await client.request('session/create', { runtime: 'native' });
      await client.request('command/executeShell', { sessionId, command: 'echo 1' });
      await client.request('session/close', { sessionId });
    };
    await run();
    await until('the daemon has kept something', () => existsSync(join(state, 'usage')));
    expect([await status('folder.state'), await status('folder.daemon')]).to.deep.equal([['ok', 'ok'], ['ok', 'ok']]);
    for (const name of folders(client.process.pid as number)) rmSync(join(tmpdir(), name), { recursive: true });
    expect(await status('folder.daemon')).to.deep.equal(['degraded', 'degraded']);
    await run();
    expect(await status('folder.daemon')).to.deep.equal(['ok', 'ok']);
    rmSync(state, { recursive: true });
    expect(await status('folder.state')).to.deep.equal(['degraded', 'degraded']);
    await run();
    await until('the state folder is there again', async () => (await status('folder.state'))[0] === 'ok');
    expect(await client.end()).to.equal(0);
  });

  it('says in JSON lines which request, session and command each line is about, while a client traces', async () => {
    const log = join(folder, 'log');
    const client = new RawClient({ env: daemonEnvironment({ stateDir: join(folder, 'state') }), args: ['--stdio', '--log-file', log, '--log-format', 'json'] });
    const { result: { sessionId } } = await client.initialize({}, { trace: 'verbose' }).then(() => client.call('session/create', { runtime: 'native' }));
    await client.request('command/executeShell', { sessionId, command: 'echo 1', commandId: 'c' });
    client.notify('$/setTrace', { value: 'off' });
    await client.request('session/list');
    await client.end();
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    const gate = lines.filter(({ part }) => part === 'codebeaker.gate').map(({ message, visit, request, session, command }) => [/'(.*)'/.exec(String(message))?.[1], visit, request, session, command]);
    expect(gate).to.deep.equal([['session/create', 'visit-1', 2, sessionId, undefined], ['command/executeShell', 'visit-1', 3, sessionId, 'c']]);
  });
});
