/** Scanning in the real daemon, with the real rules, in every language. */
import { expect } from 'chai';
import { need, npmPackage } from '../require.ts';
import { daemonEnvironment } from './environment.ts';
import { RawClient } from './raw-client.ts';

describe('scanning in the daemon', () => {
  before(need('Deno', npmPackage('deno')));

  const clients: RawClient[] = [];
  const connect = async (config: object = {}, capabilities: object = { command: { diagnostics: true } }) => {
    const client = new RawClient({ env: daemonEnvironment(config) });
    clients.push(client);
    await client.initialize(capabilities);
    const { sessionId } = await client.request('session/create', { language: 'javascript', runtime: 'deno' });
    return { client, sessionId: sessionId as string };
  };
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.end();
  });
  const diagnostics = (client: RawClient) =>
    new Promise<any>((resolve) => {
      client.onNotification = ({ method, params }) => {
        if (method === 'command/diagnostics') resolve(params);
      };
    });

  it('tells what it found, with the place in UTF-16 code units', async () => {
    const { client, sessionId } = await connect();
    const told = diagnostics(client);
    const result = await client.request('command/runCode', { sessionId, code: 'const x = "é𝒳"; eval(x + "");\n' });
    expect(result.outcome).to.equal('exited');
    const { language, diagnostics: found } = await told;
    expect(language).to.equal('javascript');
    expect(found).to.have.length(1);
    expect(found[0]).to.deep.include({ severity: 2, code: 'javascript/eval', source: 'codebeaker', range: { start: { line: 0, character: 17 }, end: { line: 0, character: 29 } } });
    expect(found[0].codeDescription.href).to.match(/^https:/);
  });

  it('refuses a credential where the configuration says so, and does not repeat it', async () => {
    const token = `ghp_${'a1B2c3D4'.repeat(4)}e5F6`;
    const { client, sessionId } = await connect({ scan: { mode: 'block' } });
    const { error } = await client.call('command/runCode', { sessionId, code: `const token = '${token}';\n` });
    expect(error?.data).to.deep.include({ policy: 'scan', rule: 'credential/github' });
    expect(JSON.stringify([error, client.notifications, client.stderr])).not.to.contain(token);
    expect(await client.request('command/runCode', { sessionId, code: 'console.log(1)' })).to.deep.include({ outcome: 'exited', stdout: '1\n' });
  });
});
