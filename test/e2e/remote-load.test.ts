/**
 * Twenty clients of one daemon that listens make sessions and run programs without a pause, some of them by HTTP. It takes
 * seconds here, and minutes with `npm run test:serve`.
 */
import { expect } from 'chai';
import { need } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { controlGroups, folders, residentBytes } from './environment.ts';
import { RemoteDaemon, type RemoteClient } from './remote-daemon.ts';

const SECONDS = Number(process.env.CODEBEAKER_SERVE_SECONDS ?? 3);
const CLIENTS = 20;
const MiB = 1024 * 1024;
/** How much memory a daemon may have more at the end than after a third of the time. */
const GROWTH = 48 * MiB;

describe(`a daemon with ${CLIENTS} clients, for ${SECONDS} seconds`, function () {
  this.timeout((SECONDS + 120) * 1000);
  before(need('bubblewrap', bubblewrap));

  it('makes no error, counts what they ran, and keeps its memory', async () => {
    const daemon = await RemoteDaemon.start({ config: { sessions: { max: 2 * CLIENTS } } });
    const watching = daemon.client();
    await watching.initialize();
    const before = await watching.request('usage/get');
    let commands = 0;
    let rounds = 0;

    const byWebSocket = async (client: RemoteClient, mark: string) => {
      const { sessionId } = await client.request('session/create', { language: 'python', runtime: 'native' });
      await client.request('command/writeFile', { sessionId, path: 'main.py', content: `print("${mark}")` });
      const commandId = `run-${mark}`;
      let seen = '';
      client.onNotification = ({ method, params }) => {
        if (method !== 'command/output' || params.commandId !== commandId) return;
        seen += params.data;
        client.notify('command/ack', { commandId, seq: params.seq });
      };
      expect(await client.request('command/runCode', { sessionId, path: 'main.py', commandId })).to.include({ outcome: 'exited', exitCode: 0 });
      expect(seen).to.equal(`${mark}\n`);
      expect(await client.request('command/executeShell', { sessionId, command: 'head -c 200000 /dev/zero | tr "\\0" x' })).to.include({ stdoutBytes: 200_000 });
      await client.request('session/close', { sessionId });
      commands += 2;
    };
    const byHttp = async (mark: string) => {
      const response = await daemon.fetch('/v1/run', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ language: 'python', runtime: 'native', code: `print("${mark}")` }) });
      expect(await response.json()).to.include({ stdout: `${mark}\n`, exitCode: 0 });
      commands += 1;
    };

    const end = performance.now() + SECONDS * 1000;
    let settled = 0;
    const watch = setTimeout(() => (settled = residentBytes(daemon.pid)), SECONDS * 333);
    await Promise.all(Array.from({ length: CLIENTS }, async (_, at) => {
      let client = daemon.client();
      await client.initialize({ output: { flowControl: true } });
      for (let turn = 0; performance.now() < end; turn += 1) {
        const mark = `${at}.${turn}`;
        await (turn % 3 === 2 ? byHttp(mark) : byWebSocket(client, mark));
        rounds += 1;
        if (turn % 10 !== 9) continue;
        expect(await client.end()).to.equal(1000);
        client = daemon.client();
        await client.initialize({ output: { flowControl: true } });
      }
      expect(await client.end()).to.equal(1000);
    }));
    clearTimeout(watch);

    const last = residentBytes(daemon.pid);
    const { commands: after } = await watching.request('usage/get');
    expect(after - before.commands).to.equal(commands);
    expect((await watching.request('session/list')).sessions).to.deep.equal([]);
    if (SECONDS >= 60) process.stdout.write(`      ${rounds} rounds with ${commands} commands; memory after a third ${Math.round(settled / MiB)} MiB, at the end ${Math.round(last / MiB)} MiB\n`);
    if (SECONDS >= 60) expect(last - settled).to.be.lessThan(GROWTH);
    expect(await daemon.stop()).to.equal(0);
    expect(daemon.stderr).to.equal('');
    expect(controlGroups(daemon.pid)).to.deep.equal([]);
    expect(folders(daemon.pid)).to.deep.equal([]);
  });
});
