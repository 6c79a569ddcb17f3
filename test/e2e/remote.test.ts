/** `codebeaker serve --listen`: many clients of one daemon, by WebSocket. */
import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { need } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { codebeaker } from './command-line.ts';
import { processes } from './environment.ts';
import { RemoteDaemon, type RemoteClient, tokenFile } from './remote-daemon.ts';

async function python(client: RemoteClient, code: string, more: object = {}): Promise<any> {
  const { sessionId } = await client.request('session/create', { language: 'python', runtime: 'native' });
  return client.request('command/runCode', { sessionId, code, ...more });
}

describe('a daemon that listens', () => {
  before(need('bubblewrap', bubblewrap));

  for (const unix of [false, true]) {
    it(`serves many clients at ${unix ? 'a unix socket' : 'a port'}, and each sees its own sessions only`, async () => {
      const daemon = await RemoteDaemon.start({ unix });
      const clients = [daemon.client(), daemon.client({ protocols: ['codebeaker.v1'] }), daemon.client()];
      for (const client of clients) expect((await client.initialize({ output: { flowControl: true } })).serverInfo.name).to.equal('codebeaker');
      const results = await Promise.all(clients.map((client, at) => python(client, `print(${at} * 7)`)));
      expect(results.map(({ stdout }) => stdout)).to.deep.equal(['0\n', '7\n', '14\n']);
      for (const client of clients) expect((await client.request('session/list')).sessions).to.have.lengthOf(1);
      expect(clients[1]?.webSocket.protocol).to.equal('codebeaker.v1');
      expect(await clients[0]?.end()).to.equal(1000);
      expect((await clients[1]?.request('session/list')).sessions).to.have.lengthOf(1);
      expect(await daemon.stop()).to.equal(0);
      expect(await clients[2]?.closed).to.equal(1000);
      expect(daemon.stderr).to.equal('');
    });
  }

  it('ends what a client runs when its connection ends, and goes on for the others', async () => {
    const daemon = await RemoteDaemon.start({ unix: true });
    const [one, two] = [daemon.client(), daemon.client()];
    await Promise.all([one.initialize(), two.initialize()]);
    const mark = `mark-${daemon.pid}-${Date.now()}`;
    const heard = new Promise<void>((resolve) => {
      one.onNotification = ({ method }) => method === 'command/output' && resolve();
    });
    const lost = python(one, 'import sys, time\nprint(sys.argv[1], flush=True)\ntime.sleep(600)', { args: [mark], commandId: 'c' }).catch(() => 'lost');
    await heard;
    expect(processes(mark)).not.to.deep.equal([]);
    one.webSocket.terminate();
    await lost;
    expect((await python(two, 'print("still here")')).stdout).to.equal('still here\n');
    for (let turn = 0; turn < 500 && processes(mark).length > 0; turn += 1) await two.request('session/list');
    expect(processes(mark)).to.deep.equal([]);
    expect(await daemon.stop()).to.equal(0);
  });

  it('records the conversations with all clients in one file with --record, without their secrets and its token', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'codebeaker-test-'));
    const file = join(folder, 'talk.jsonl');
    const daemon = await RemoteDaemon.start({ args: ['--record', file] });
    const clients = [daemon.client(), daemon.client()];
    for (const client of clients) await client.initialize();
    const sessions: string[] = [];
    for (const client of clients) sessions.push((await client.request('session/create', { language: 'python', runtime: 'native', secrets: { KEY: 'tell-nobody-1' } })).sessionId);
    for (const [at, client] of clients.entries()) await client.request('command/executeShell', { sessionId: sessions[at], command: `exit ${at + 3}`, env: { OTHER: 'tell-nobody-2' } });
    await daemon.fetch('/rpc', { method: 'POST', body: '{"jsonrpc":"2.0","id":1,"method":"session/list"}', headers: { 'content-type': 'application/json' } });
    expect(await daemon.stop()).to.equal(0);
    expect(readFileSync(file, 'utf8')).to.contain('executeShell').and.not.to.contain('tell-nobody').and.not.to.contain(daemon.token);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    const { exchanges } = JSON.parse((await codebeaker(['trace', '--json', file])).stdout.toString()) as { exchanges: { client: number; method: string; sessionId?: string; outcome?: string }[] };
    const ran = exchanges.filter(({ method }) => method === 'command/executeShell').map(({ client, sessionId, outcome }) => [client, sessionId, outcome]);
    expect(ran).to.deep.equal([[1, sessions[0], 'exited 3'], [2, sessions[1], 'exited 4']]);
    expect(exchanges.find(({ method }) => method === 'session/list')).to.include({ client: 3, outcome: 'ok' });
    rmSync(folder, { recursive: true });
  });

  it('refuses to listen at a port without a token, and with one that others can read', async () => {
    const { code, stderr } = await codebeaker(['serve', '--listen', '127.0.0.1:0']);
    expect([code, stderr]).to.deep.equal([64, 'codebeaker: who can reach a port may be anybody, so --listen HOST:PORT needs --token-file FILE; a socket that only you can reach needs none: --listen unix:PATH; codebeaker --help shows what can be typed\n']);
    for (const [path, reason] of [[tokenFile(undefined, 0o640).path, 'others can read or change it'], [tokenFile('short').path, 'the token has 5 characters'], ['/nowhere/token', 'there is no such file'], [tokenFile(`${'x'.repeat(40)}/`).path, 'only letters, digits']] as const) {
      const refused = await codebeaker(['serve', '--listen', '127.0.0.1:0', '--token-file', path]);
      expect(refused.code).to.equal(64);
      expect(refused.stderr).to.contain(reason);
    }
  });
});
