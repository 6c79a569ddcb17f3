/** The folders that the real daemon never shares with a sandbox, whatever its client has opened (F-B1, F-B3). */
import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { need, npmPackage } from '../require.ts';
import { daemonEnvironment } from './environment.ts';
import { RawClient } from './raw-client.ts';

describe('a client that has opened the whole machine', () => {
  before(need('deno', npmPackage('deno')));

  let client: RawClient;
  let home: string;
  before(async () => {
    home = mkdtempSync(join(tmpdir(), 'codebeaker-test-'));
    for (const name of ['.ssh', '.config/codebeaker', 'agent', 'project']) mkdirSync(join(home, name), { recursive: true });
    client = new RawClient({ env: { ...daemonEnvironment(), HOME: home, SSH_AUTH_SOCK: join(home, 'agent/socket') } });
    await client.initialize({}, { workspaceFolders: [{ uri: 'file:///', name: 'everything' }] });
  });
  after(async () => {
    await client.end();
    rmSync(home, { recursive: true, force: true });
  });

  const share = (path: string, access: string) =>
    client.call('session/create', { language: 'typescript', runtime: 'deno', workspace: { uri: pathToFileURL(path).href, access } });

  const hidden: Record<string, () => string> = {
    'the root': () => '/',
    'the system': () => '/etc',
    'the list of processes': () => '/proc/self',
    'the folder of the engine’s socket': () => '/var/run',
    'the temporary folder, which contains the daemon’s own': tmpdir,
    'a home folder with keys in it': () => home,
    'the folder of SSH keys': () => join(home, '.ssh'),
    'the configuration': () => join(home, '.config/codebeaker'),
    'the folder that contains the configuration': () => join(home, '.config'),
    'the folder of the SSH agent’s socket': () => join(home, 'agent'),
  };
  for (const [name, path] of Object.entries(hidden)) {
    it(`does not get ${name} (F-B1, F-B3)`, async () => {
      for (const access of ['copy', 'readOnly', 'readWrite']) {
        const { error } = await share(path(), access);
        expect([error?.code, error?.data.rule], access).to.deep.equal([1032, 'hidden']);
        expect(error?.message).not.to.contain(home);
      }
    });
  }

  it('gets the folder of a project', async () => {
    const { result } = await share(join(home, 'project'), 'readOnly');
    expect(result).to.include({ state: 'ready', runtime: 'deno' });
  });
});
