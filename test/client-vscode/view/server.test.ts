/** A daemon elsewhere: its token, how it is started, and what is told where it cannot be reached. */
import { expect } from 'chai';
import { ResponseError } from 'vscode-jsonrpc/node';
import { Client } from '../../../client-vscode/src/client/client.ts';
import { daemonCommand } from '../../../client-vscode/src/client/command.ts';
import type { Connection } from '../../../client-vscode/src/client/connection.ts';
import { ServerTokens } from '../../../client-vscode/src/client/server-tokens.ts';
import { serverCommands, serverReport, Unreachable } from '../../../client-vscode/src/view/server.ts';
import { Status } from '../../../client-vscode/src/view/status.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { FakeCode, fakeDocument, Uri } from '../../fakes/code.ts';
import { FakeConnection, settle } from '../../fakes/connection.ts';

const URL = 'wss://box:7070';
const TOKEN = 'a'.repeat(32);
const unreachable = (reason: string) => new ResponseError(1006, 'the daemon cannot be reached', { kind: 'DaemonUnreachable', reason });

describe('a daemon elsewhere, in VS Code', () => {
  function bench(url = URL) {
    const editor = new FakeCode();
    editor.settings.set('codebeaker.server.url', url);
    const storage = editor.secrets();
    const tokens = new ServerTokens(storage as never);
    const seen: string[] = [];
    const restart = () => void seen.push('restart');
    const commands = serverCommands({ code: editor.code, tokens, restart });
    return { editor, storage, tokens, seen, commands, unreachable: new Unreachable({ code: editor.code, restart, showLog: () => void seen.push('log') }) };
  }

  it('is connected with by a command without the token, which is in the environment alone', () => {
    const command = daemonCommand({ path: '', config: '/c.json', network: 'full', url: URL, ca: '/ca.pem', sameMachine: true, token: TOKEN }, '/ext', { execPath: '/code', env: { PATH: '/bin' } });
    expect(command).to.deep.equal({
      program: '/code', args: ['/ext/dist/daemon/main.js', 'connect', '--ca=/ca.pem', '--same-machine', '--', URL],
      env: { PATH: '/bin', CODEBEAKER_TOKEN: TOKEN, ELECTRON_RUN_AS_NODE: '1' },
    });
  });

  it('has a token of its own, which no other address gets', async () => {
    const { editor, tokens, seen, commands } = bench();
    editor.inputs.push(` ${TOKEN}\n`);
    await commands['codebeaker.setServerToken']?.();
    expect([await tokens.of(URL), await tokens.of('wss://other:7070'), seen]).to.deep.equal([TOKEN, undefined, ['restart']]);
    editor.inputs.push('');
    await commands['codebeaker.setServerToken']?.();
    expect(await tokens.of(URL)).to.equal(undefined);
    editor.inputs.push(undefined);
    await commands['codebeaker.setServerToken']?.();
    expect(seen).to.have.lengthOf(2);
  });

  it('has to be set before its token', async () => {
    const { editor, storage, commands } = bench('');
    editor.press = 'Open Settings';
    await commands['codebeaker.setServerToken']?.();
    expect([storage.values.size, editor.executed]).to.deep.equal([0, ['workbench.action.openSettings']]);
  });

  it('that wants another token is told with a button that sets it', async () => {
    const { editor, unreachable: told } = bench();
    editor.press = 'Set Token';
    await told.tell(unreachable('token'));
    expect(editor.messages).to.deep.equal([{ kind: 'error', message: 'Programs can’t be run: the daemon cannot be reached', buttons: ['Set Token', 'Open Settings', 'Show Log'] }]);
    expect(editor.executed).to.deep.equal(['codebeaker.setServerToken']);
  });

  it('that does not answer is told once at a time, and tried again by a button', async () => {
    const { editor, seen, unreachable: told } = bench();
    editor.press = 'Try Again';
    await Promise.all([told.tell(unreachable('address')), told.tell(unreachable('address'))]);
    expect([editor.messages.length, seen]).to.deep.equal([1, ['restart']]);
  });

  it('that does not answer is no crash, and is tried again when somebody needs it', async () => {
    const told: string[] = [];
    const given: string[] = [];
    let tries = 0;
    const connections = [new FakeConnection()];
    const client = new Client({
      connect: async () => {
        tries += 1;
        if (tries === 1 || tries > 8) return connections[0] as Connection;
        throw unreachable('address');
      },
      onTooManyCrashes: (ending) => void given.push(ending), onUnreachable: ({ message }) => void told.push(message),
      clock: new FakeClock(), log: { info() {}, warn() {}, error() {}, trace() {} },
    });
    await client.connection();
    connections[0]?.die('ended with code 69');
    await settle();
    expect([tries, told.length, given]).to.deep.equal([2, 1, []]);
    connections[0] = new FakeConnection();
    for (let use = 0; use < 6; use += 1) await client.connection().catch(() => undefined);
    expect([tries, told.length, given]).to.deep.equal([8, 7, []]);
    expect(await client.connection()).to.equal(connections[0]);
  });

  it('is shown by the status bar', () => {
    const { editor } = bench();
    const runtime = { id: 'docker', available: true, languages: [{ id: 'python' }], isolation: { score: 7, layers: [] } };
    let url = URL;
    const status = new Status({ code: editor.code, choices: { ofLanguage: () => runtime, withId: () => runtime } as never, runningCount: () => 0, url: () => url });
    editor.edit(fakeDocument(Uri.file('/w/a.py'), 'python', ''));
    status.update();
    expect([editor.statusText, editor.statusTooltip]).to.deep.equal(['$(beaker) docker 7/10 $(remote)', `Runs in docker, isolation 7 of 10\nBy the daemon at ${URL}`]);
    url = '';
    status.update();
    expect([editor.statusText, editor.statusTooltip]).to.deep.equal(['$(beaker) docker 7/10', 'Runs in docker, isolation 7 of 10']);
  });

  it('is named by the doctor, with its runtimes', () => {
    const { code } = bench().editor;
    const runtime = { id: 'docker', available: true, isolation: { score: 7, layers: [] } } as never;
    expect(serverReport(code, URL, [runtime])).to.equal(`Programs are run by the daemon at ${URL}:\n  docker: isolation 7 of 10\n\nThis machine, which runs none of them:\n`);
    expect(serverReport(code, URL, undefined)).to.contain('it can’t be reached');
  });
});
