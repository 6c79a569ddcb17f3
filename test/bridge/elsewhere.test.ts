/** A daemon on another machine: folders are sent as their contents, and what cannot be had is said. */
import { expect } from 'chai';
import { Bridge } from '../../server/src/bridge/bridge.ts';
import { Elsewhere, type Folders, type Opened } from '../../server/src/bridge/elsewhere.ts';
import { ProtocolError } from '../../server/src/protocol/index.ts';
import { nextLoopIteration } from '../../server/src/base/promises.ts';
import { Side } from './side.ts';

const WORKSPACE = { uri: 'file:///home/me/p', access: 'copy' };
const SESSION = { sessionId: 's1', limits: { diskBytes: 1000 } };

describe('a daemon elsewhere', () => {
  function bench({ missing, denied }: { missing?: string; denied?: ProtocolError } = {}) {
    const [client, daemon] = [new Side(), new Side()];
    const asked: Opened[] = [];
    const folders: Folders = {
      async check(_workspace, { folders: names, trusted }) {
        asked.push({ folders: names, trusted });
        if (denied) throw denied;
      },
      async send(ask, { sessionId }) {
        await ask('command/writeFile', { sessionId, path: 'a.py', content: '' });
        return missing;
      },
    };
    const elsewhere = new Elsewhere({ url: 'wss://box', folders, toClient: (message) => client.send(message), toDaemon: (message) => daemon.send(message) });
    new Bridge(client).connect(daemon, elsewhere);
    const initialize = (more: object = {}) => {
      client.says({ jsonrpc: '2.0', id: 0, method: 'initialize', params: { workspaceFolders: [{ uri: 'file:///home/me/p', name: 'p' }], capabilities: { window: { showMessage: {} } }, ...more } });
      daemon.got.splice(0);
    };
    /** The daemon answers the last request, which must have this method. */
    const answer = async (method: string, more: object = { result: {} }) => {
      await nextLoopIteration();
      const { id, method: sent, params } = daemon.messages.at(-1);
      expect(sent).to.equal(method);
      daemon.says({ jsonrpc: '2.0', id, ...more });
      await nextLoopIteration();
      return params;
    };
    const create = (more: object = {}) => client.says({ jsonrpc: '2.0', id: 'c', method: 'session/create', params: { language: 'python', workspace: WORKSPACE, ...more } });
    return { client, daemon, asked, initialize, answer, create };
  }

  it('is not told of the folders of this machine', () => {
    const { client, daemon } = bench();
    client.says({ jsonrpc: '2.0', id: 0, method: 'initialize', params: { processId: 1, workspaceFolders: [{ uri: 'file:///home/me/p', name: 'p' }], trusted: true, trace: 'off' } });
    expect(daemon.messages).to.deep.equal([{ jsonrpc: '2.0', id: 0, method: 'initialize', params: { processId: 1, trusted: true, trace: 'off' } }]);
  });

  it('tells its progress as one, whatever the steps tell', async () => {
    const { client, daemon, initialize, answer, create } = bench();
    initialize();
    create({ workDoneToken: 't', packages: { manifest: 'requirements.txt' } });
    const progress = (value: object, token = 't') => daemon.says({ jsonrpc: '2.0', method: '$/progress', params: { token, value } });
    await nextLoopIteration();
    progress({ kind: 'begin', title: 'Creating a sandbox' });
    progress({ kind: 'report', message: 'getting the image', percentage: 50 });
    progress({ kind: 'end' });
    progress({ kind: 'begin', title: 'of another' }, 'other');
    await answer('session/create', { result: SESSION });
    await answer('command/writeFile');
    progress({ kind: 'begin', title: 'Installing packages' });
    progress({ kind: 'end' });
    await answer('command/installPackages', { result: { outcome: 'exited' } });
    const told = client.messages.filter(({ method }) => method === '$/progress').map(({ params }) => [params.token, params.value]);
    expect(told).to.deep.equal([
      ['t', { kind: 'begin', title: 'Creating a sandbox' }],
      ['t', { kind: 'report', message: 'getting the image', percentage: 50 }],
      ['other', { kind: 'begin', title: 'of another' }],
      ['t', { kind: 'report', message: 'sending the folder' }],
      ['t', { kind: 'report', message: 'Installing packages' }],
      ['t', { kind: 'end' }],
    ]);
    expect(client.messages.at(-1)).to.include({ id: 'c' });
  });

  it('takes an answer for one, whatever names stand in it', async () => {
    const { client, initialize, answer, create } = bench();
    initialize();
    create({ workDoneToken: 't' });
    await answer('session/create', { result: { ...SESSION, label: 'a/progress' } });
    await answer('command/writeFile');
    expect(client.messages.at(-1)).to.deep.equal({ jsonrpc: '2.0', id: 'c', result: { ...SESSION, label: 'a/progress' } });
  });

  it('gets a session without the folder, and then its files; the client hears of the session when they are there', async () => {
    const { client, initialize, answer, create, asked, daemon } = bench();
    initialize({ trusted: true });
    create({ label: 'a.py', workDoneToken: 't' });
    expect(await answer('session/create', { result: SESSION })).to.deep.equal({ language: 'python', label: 'a.py', workDoneToken: 't' });
    expect(client.messages.map(({ params }) => params.value.kind)).to.deep.equal(['begin']);
    expect(await answer('command/writeFile')).to.include({ sessionId: 's1', path: 'a.py' });
    expect(client.messages.slice(1)).to.deep.equal([{ jsonrpc: '2.0', method: '$/progress', params: { token: 't', value: { kind: 'end' } } }, { jsonrpc: '2.0', id: 'c', result: SESSION }]);
    expect(asked).to.deep.equal([{ folders: ['file:///home/me/p'], trusted: true }]);
    expect(daemon.got).to.have.lengthOf(2);
  });

  it('installs packages when the manifest is there', async () => {
    const { client, initialize, answer, create } = bench();
    initialize();
    create({ packages: { names: ['x'], manifest: 'requirements.txt' } });
    expect(await answer('session/create', { result: SESSION })).to.deep.equal({ language: 'python', packages: { names: [] } });
    await answer('command/writeFile');
    expect(await answer('command/installPackages', { result: { outcome: 'exited', advisories: [1] } })).to.deep.equal({ sessionId: 's1', manifest: 'requirements.txt', packages: ['x'] });
    expect(client.messages).to.deep.equal([{ jsonrpc: '2.0', id: 'c', result: { ...SESSION, advisories: [1] } }]);
  });

  it('leaves no session behind where something fails', async () => {
    for (const failing of ['command/writeFile', 'command/installPackages']) {
      const { client, initialize, answer, create, daemon } = bench();
      initialize();
      create({ packages: { names: ['x'] } });
      await answer('session/create', { result: SESSION });
      const error = { code: 1025, message: 'full', data: { kind: 'DiskFull' } };
      if (failing !== 'command/writeFile') await answer('command/writeFile');
      await answer(failing, { error });
      expect(daemon.messages.at(-1)).to.deep.include({ method: 'session/close', params: { sessionId: 's1' } });
      expect(client.messages).to.deep.equal([{ jsonrpc: '2.0', id: 'c', error }]);
    }
  });

  it('is asked for nothing where the folder may not be shared', async () => {
    const { client, initialize, create, daemon } = bench({ denied: new ProtocolError('NotTrusted', 'no') });
    initialize();
    create();
    await nextLoopIteration();
    create({ workspace: { ...WORKSPACE, access: 'readWrite' } });
    await nextLoopIteration();
    expect(client.messages.map(({ error }) => [error.data.kind, error.data.rule])).to.deep.equal([['NotTrusted', undefined], ['PolicyDenied', 'elsewhere']]);
    expect(daemon.got).to.deep.equal([]);
  });

  it('is told that the client does not want the session any more, which the client hears', async () => {
    const { client, initialize, answer, create, daemon } = bench();
    initialize();
    create();
    await answer('session/create', { result: SESSION });
    const { id } = daemon.messages.at(-1);
    client.says({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 'other' } });
    client.says({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 'c' } });
    expect(daemon.messages.slice(-2).map(({ params }) => params.id)).to.deep.equal(['other', id]);
    daemon.says({ jsonrpc: '2.0', id, error: { code: -32800, message: 'cancelled' } });
    await nextLoopIteration();
    expect(daemon.messages.at(-1).method).to.equal('session/close');
    expect(client.messages.at(-1).error.code).to.equal(-32800);
  });

  it('says once of each folder that not all of it went along', async () => {
    const { client, initialize, answer, create } = bench({ missing: 'too many' });
    initialize();
    for (let run = 0; run < 2; run += 1) {
      create();
      await answer('session/create', { result: SESSION });
      await answer('command/writeFile');
    }
    expect(client.messages.filter(({ method }) => method === 'window/showMessage').map(({ params }) => params)).to.deep.equal([{ type: 2, message: 'too many' }]);
  });

  it('understands clients that write slashes with backslashes', async () => {
    const { client, initialize, answer, daemon } = bench();
    initialize();
    client.says(JSON.stringify({ jsonrpc: '2.0', id: 'c', method: 'session/create', params: { workspace: WORKSPACE } }).replaceAll('/', '\\/'));
    await answer('session/create', { result: SESSION });
    client.says(JSON.stringify({ jsonrpc: '2.0', id: 5, method: 'ports/forward', params: { sessionId: 's1', port: 80 } }).replaceAll('/', '\\/'));
    const { id } = daemon.messages.at(-1);
    client.says('{"method":"$\\/cancelRequest","params":{"id":"c"}}');
    await nextLoopIteration();
    expect(client.messages[0].error.data.policy).to.equal('ports');
    expect(daemon.messages.at(-1)).to.deep.include({ method: '$/cancelRequest', params: { id } });
  });

  it('opens no ports, because they would be opened there', async () => {
    const { client, initialize, daemon } = bench();
    initialize();
    client.says({ jsonrpc: '2.0', id: 5, method: 'ports/forward', params: { sessionId: 's1', port: 80 } });
    await nextLoopIteration();
    expect(client.messages[0].error).to.deep.include({ code: 1032, data: { kind: 'PolicyDenied', policy: 'ports', rule: 'elsewhere' } });
    expect(client.messages[0].error.message).to.contain('wss://box');
    expect(daemon.got).to.deep.equal([]);
  });

  it('gets everything else as it is, also what only has such words in it', () => {
    const { client, initialize, daemon } = bench();
    initialize();
    const all = ['{"id": 1, "method": "session/create", "params": {"language": "python"}}', '{"id": 2, "method": "command/writeFile", "params": {"content": "\\"session/create\\" \\"ports/forward\\""}}', '"session/create"', '{"method": "session/create", "params": {"workspace": {}}}', 'no "ports/forward" JSON'];
    for (const text of all) client.says(text);
    daemon.says('{"id": 1, "result": "codebeaker connect 1"}');
    expect(daemon.got).to.deep.equal(all);
    expect(client.got).to.deep.equal(['{"id": 1, "result": "codebeaker connect 1"}']);
  });
});
