/** The connection, over streams, to a JSON-RPC peer of the test. */
import { expect } from 'chai';
import { PassThrough } from 'node:stream';
import { createMessageConnection, type MessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { ConnectionClosed } from '../../../client-vscode/src/client/faults.ts';
import type { Code } from '../../../client-vscode/src/base/code.ts';
import { showMessage } from '../../../client-vscode/src/view/shown.ts';
import { CLOSE_DEADLINE_MS, openConnection } from '../../../client-vscode/src/client/connection.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { settle } from '../../fakes/connection.ts';

const server = { protocolVersion: '1.0', serverInfo: { name: 'codebeaker', version: '1' }, capabilities: {} };

async function bench(prepare: (peer: MessageConnection) => void = (peer) => void peer.onRequest('initialize', () => server)) {
  const input = new PassThrough();
  const output = new PassThrough();
  const peer = createMessageConnection(new StreamMessageReader(input), new StreamMessageWriter(output));
  prepare(peer);
  peer.listen();
  const clock = new FakeClock();
  const logged: string[] = [];
  let end: (how: string) => void = () => undefined;
  let killed = false;
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  const kill = () => {
    killed = true;
    end('was ended by SIGKILL');
  };
  const write = (text: string) => void logged.push(text);
  const shown: unknown[] = [];
  const log = { info: write, warn: write, error: write, trace: write };
  const connection = openConnection({ pid: 1, input, output, ended, kill }, { processId: 1 }, { clock, log, show: (message) => void shown.push(message) });
  return { shown, connection, peer, clock, end, logged, killed: () => killed };
}

describe('a connection', () => {
  it('initializes the daemon, and passes parameters on unchanged', async () => {
    const got: unknown[] = [];
    const { connection, peer } = await bench((connection) => {
      connection.onRequest('initialize', (params) => {
        got.push(params);
        return server;
      });
      connection.onRequest('session/list', (params) => {
        got.push(params);
        return { sessions: [] };
      });
    });
    expect((await connection).server).to.deep.equal(server);
    expect(await (await connection).request('session/list', {})).to.deep.equal({ sessions: [] });
    expect(got).to.deep.equal([{ processId: 1 }, {}]);
    peer.dispose();
  });

  it('shows the person what the daemon wants to be shown', async () => {
    const { connection, peer, shown } = await bench();
    await connection;
    await peer.sendNotification('window/showMessage', { type: 2, message: 'look' });
    await settle();
    const messages: string[] = [];
    const show = (how: string) => async (text: string) => void messages.push(`${how} ${text}`);
    const code = { window: { showErrorMessage: show('error'), showWarningMessage: show('warning'), showInformationMessage: show('information') } } as unknown as Code;
    for (const type of [1, 2, 3]) showMessage(code, { type, message: 'look' });
    expect([shown, messages]).to.deep.equal([[{ type: 2, message: 'look' }], ['error look', 'warning look', 'information look']]);
    peer.dispose();
  });

  it('tells all listeners until they are removed', async () => {
    const { connection, peer } = await bench();
    const heard: string[] = [];
    const first = (await connection).on('command/output', ({ data }) => void heard.push(`first ${data}`));
    (await connection).on('command/output', ({ data }) => void heard.push(`second ${data}`));
    const output = (data: string) => peer.sendNotification('command/output', { commandId: 'c', seq: 0, data, stream: 'stdout', encoding: 'utf-8' });
    await output('a');
    await settle();
    first.dispose();
    await output('b');
    await settle();
    expect(heard).to.deep.equal(['first a', 'second a', 'second b']);
    peer.dispose();
  });

  it('rejects pending requests when the daemon ends', async () => {
    const { connection, end } = await bench((connection) => {
      connection.onRequest('initialize', () => server);
      connection.onRequest('session/list', () => new Promise(() => undefined));
    });
    const opened = await connection;
    const waiting = opened.request('session/list', {}).catch((fault: unknown) => fault);
    await settle();
    end('ended with code 1');
    expect(await waiting).to.be.instanceOf(ConnectionClosed);
    expect(await opened.request('session/list', {}).catch((fault: unknown) => fault)).to.be.instanceOf(ConnectionClosed);
    opened.notify('command/ack', { commandId: 'c', seq: 1 });
    await settle();
  });

  it('fails if the daemon ends before it is initialized', async () => {
    const { connection, end } = await bench(() => undefined);
    connection.catch(() => undefined);
    end('could not be started: ENOENT');
    expect(await connection.catch((fault: unknown) => fault)).to.be.instanceOf(ConnectionClosed);
  });

  it('closes with shutdown and exit', async () => {
    const got: string[] = [];
    const { connection, peer, end, clock, killed } = await bench((connection) => {
      connection.onRequest('initialize', () => server);
      connection.onRequest('shutdown', () => {
        got.push('shutdown');
        return null;
      });
      connection.onNotification('exit', () => {
        got.push('exit');
        end('ended with code 0');
      });
    });
    await (await connection).close();
    expect(got).to.deep.equal(['shutdown', 'exit']);
    expect(killed()).to.equal(false);
    expect(clock.pending).to.equal(0);
    peer.dispose();
  });

  it('kills a daemon that does not end in time', async () => {
    const { connection, clock, killed } = await bench();
    const closing = (await connection).close();
    await clock.advance(CLOSE_DEADLINE_MS);
    await closing;
    expect(killed()).to.equal(true);
  });

  it('writes the daemon’s log messages to the log', async () => {
    const { connection, peer, logged } = await bench();
    await connection;
    await peer.sendNotification('window/logMessage', { type: 3, message: 'a word' });
    await peer.sendNotification('$/logTrace', { message: 'Received', verbose: 'Params: {}' });
    await settle();
    expect(logged).to.deep.equal(['a word', 'Received\nParams: {}']);
    peer.dispose();
  });
});
