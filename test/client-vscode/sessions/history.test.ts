/** The list of the History view, and its commands. */
import { expect } from 'chai';
import { Listeners } from '../../../client-vscode/src/base/listeners.ts';
import { HistoryTree } from '../../../client-vscode/src/sessions/history.ts';
import { historyCommands } from '../../../client-vscode/src/view/history-commands.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { FakeCode, textOf } from '../../fakes/code.ts';
import { execution, fault, FakeConnection, settle } from '../../fakes/connection.ts';

const log = { info() {}, warn() {}, error() {}, trace() {} };
const entry = (more: object = {}) => ({
  entryId: 'e1', at: '2030-01-01T00:04:00.000Z', sessionId: 's1', method: 'command/runCode', language: 'python', runtime: 'docker', path: 'a.py', uri: 'file:///w/a%20b.py', args: ['x'],
  outcome: 'exited', exitCode: 0, signal: null, durationMs: 24, stdoutBytes: 0, stderrBytes: 0, ...more,
});

function bench(capabilities: object = { history: {} }) {
  const code = new FakeCode();
  const clock = new FakeClock(Date.parse('2030-01-01T00:05:00Z'));
  const connection = new FakeConnection(capabilities);
  const changes = new Listeners<FakeConnection | undefined>();
  const client = { onChange: (listener: never) => changes.add(listener), connection: async () => connection } as never;
  const tree = new HistoryTree({ code: code.code, client, clock, log });
  const ran: any[] = [];
  const consoles = { runInConsole: async (spec: unknown) => void ran.push(spec) } as never;
  const options = { of: () => ({ args: ['remembered'], env: { A: 'b' } }) } as never;
  const commands = historyCommands({ code: code.code, client, tree, clock, consoles, options, complete: async (spec) => spec, newId: () => 'c1', random: () => 1 });
  const call = (name: string, target?: object) => Promise.resolve(commands[`codebeaker.history.${name}`]?.(target));
  return { code, clock, connection, changes, tree, ran, call };
}

describe('the history', () => {
  it('shows what ran, how it ended, how long it took and when', async () => {
    const { connection, tree } = bench();
    const all = [entry(), entry({ outcome: 'signaled', exitCode: null, signal: 'SIGSEGV', at: '2029-12-31T12:00:00.000Z' }), entry({ outcome: 'failed', error: 'QuotaExceeded', uri: undefined, path: undefined, label: 'mine' }), entry({ uri: undefined, path: undefined, method: 'command/executeShell', command: ['make', 'all'], outcome: 'timedOut' })];
    connection.answer('history/list', () => ({ entries: all }));
    const items = (await tree.getChildren()).map((each) => tree.getTreeItem(each) as any);
    const time = new Date(all[0]?.at ?? '');
    const clockTime = [time.getHours(), time.getMinutes()].map((part) => `${part}`.padStart(2, '0')).join(':');
    expect(items.map(({ label, description, iconPath, contextValue }) => [label, description, iconPath.id, contextValue])).to.deep.equal([
      ['a b.py', `exit code 0 · 24 ms · ${clockTime}`, 'pass', 'historyFile'],
      ['a b.py', 'SIGSEGV · 24 ms · 2029-12-31', 'error', 'historyFile'],
      ['mine', `QuotaExceeded · 24 ms · ${clockTime}`, 'error', 'historyOther'],
      ['make all', `time limit · 24 ms · ${clockTime}`, 'error', 'historyOther'],
    ]);
    expect([items[0].command.command, items[2].command]).to.deep.equal(['codebeaker.history.open', undefined]);
    expect(items[0].tooltip.value).to.contain('docker');
  });

  it('is listed again when the daemon says that it has changed, many changes once; and is empty where none is kept', async () => {
    const { connection, changes, tree, clock } = bench();
    let shown = 0;
    tree.onDidChangeTreeData(() => void shown++);
    changes.tell(connection);
    await clock.advance(100);
    for (let at = 0; at < 5; at++) connection.tell('history/changed', {});
    await clock.advance(100);
    expect(shown).to.equal(2);
    const without = bench({});
    expect(await without.tree.getChildren()).to.deep.equal([]);
    const kept = bench();
    kept.connection.answer('history/list', () => {
      throw fault('InternalError', 'no');
    });
    expect(await kept.tree.getChildren()).to.deep.equal([]);
  });

  it('runs a file again as it is now, with the arguments of then, and what is remembered for it', async () => {
    const { code, call, ran } = bench();
    const uri = code.code.Uri.parse('file:///w/a%20b.py');
    code.documents.push({ uri, languageId: 'python', getText: () => 'print(1)' } as never);
    await call('rerun', entry());
    expect(ran.map(({ source, options }) => [source.text, options])).to.deep.equal([['print(1)', { args: ['x'], env: { A: 'b' } }]]);
    await call('rerun', entry({ uri: 'file:///w/a%20b.py#selection' }));
    expect([ran.length, code.opened, code.messages.at(-1)?.message]).to.deep.equal([1, ['/w/a%20b.py:0'], 'Only a part of a b.py was run. Select it, and run the selection.']);
    await call('rerun', entry({ uri: 'untitled:Untitled-1' }));
    expect([ran.length, code.messages.at(-1)?.message]).to.deep.equal([1, 'untitled:Untitled-1 is not there any more.']);
    await call('rerun', entry({ uri: 'file:///w/gone.py' }));
    expect([ran.length, code.messages.at(-1)?.message]).to.deep.equal([1, 'gone.py is not there any more.']);
  });

  it('lets the daemon run anything else again, and shows it in a terminal', async () => {
    const { code, connection, call } = bench();
    connection.answer('history/rerun', ({ commandId }) => {
      connection.output(commandId, 0, 'made\n');
      return { ...execution(), sessionId: 's2' };
    });
    await call('rerun', entry({ uri: undefined, path: undefined, command: 'make', method: 'command/executeShell' }));
    await settle();
    expect(connection.calls('history/rerun')).to.deep.equal([{ entryId: 'e1', commandId: 'c1' }]);
    expect(textOf(code.terminals[0] as never)).to.match(/made\r?\n[^]*exit code 0/);
    connection.answer('history/rerun', () => {
      throw fault('InvalidParams', 'the command is not kept');
    });
    await call('rerun', entry({ uri: undefined, path: undefined }));
    expect(textOf(code.terminals[1] as never)).to.contain('the command is not kept');
  });

  it('is cleared only if the person says so', async () => {
    const { code, connection, call } = bench();
    connection.answer('history/clear', () => ({ removed: 1 }));
    await call('clear');
    expect(connection.calls('history/clear')).to.deep.equal([]);
    code.press = 'Clear';
    await call('clear');
    expect(connection.calls('history/clear')).to.deep.equal([{}]);
  });
});
