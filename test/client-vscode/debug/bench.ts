/** The whole extension with a fake editor, and a daemon whose debugger answers as the test says. */
import { createParts } from '../../../client-vscode/src/parts.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { FakeCode, fakeDocument, Uri } from '../../fakes/code.ts';
import { FakeConnection, session, settle } from '../../fakes/connection.ts';
import { FakeDisk } from '../../fakes/disk.ts';

type Json = Record<string, any>;

/** `prepare`: changes how a connection answers. */
export function debugBench(capabilities: object = { debug: { languages: ['python'] } }, prepare: (connection: FakeConnection) => void = () => undefined) {
  const editor = new FakeCode();
  const clock = new FakeClock();
  const disk = new FakeDisk();
  disk.files.set('b.py', 'beside');
  const connections: FakeConnection[] = [];
  /** Whether the daemon tells that the program has ended as soon as the debugger disconnects. */
  const ending = { atDisconnect: true };
  const context = { subscriptions: [], globalState: editor.memento(), workspaceState: editor.memento(), secrets: editor.secrets(), extensionPath: '/ext', extension: { packageJSON: {} } };
  let ids = 0;
  let sessions = 0;
  const parts = createParts({
    code: editor.code, context: context as never, clock, disk, process: { execPath: '/node', env: {}, pid: 1 }, newId: () => `id${(ids += 1)}`, random: () => (ids += 1),
    connect: async () => {
      const connection = new FakeConnection({ runtimes: [], ...capabilities });
      connection.answer('session/create', ({ label }) => session({ label, sessionId: `s${(sessions += 1)}` }));
      connection.answer('runtime/list', () => ({ runtimes: [] }));
      connection.answer('runtime/select', ({ language }) => ({ runtime: 'docker', language, preference: 'balanced', candidates: [] }));
      connection.answer('debug/start', ({ debugId }) => ({ debugId, adapter: { name: 'debugpy', version: '1' } }));
      connection.hears.set('debug/message', ({ debugId, message }: { debugId: string; message: Json }) => void obey(connection, debugId, message, ending.atDisconnect));
      prepare(connection);
      connections.push(connection);
      return connection;
    },
  });
  editor.folders.push({ uri: Uri.file('/w'), name: 'w', index: 0 });
  const connection = () => connections.at(-1) as FakeConnection;
  /** A message of the debugger that the daemon has started last. */
  const says = (message: Json, debugId = connection().calls('debug/start').at(-1)?.debugId) => connection().tell('debug/message', { debugId, message: { seq: 0, ...message } });
  return {
    editor, clock, disk, connections, connection, says, ending,
    event: (event: string, body?: Json) => says({ type: 'event', event, ...(body ? { body } : {}) }),
    ended: (end: Json, debugId = connection().calls('debug/start').at(-1)?.debugId) => connection().tell('debug/ended', { debugId, ...end }),
    async open(path: string, language = 'python', text = 'code') {
      const uri = path.includes(':') ? new Uri(path.split(':')[0] as string, path.split(':')[1] as string) : Uri.file(path);
      editor.edit(fakeDocument(uri, language, text));
      parts.start();
      await settle();
    },
    async command(name: string, ...args: unknown[]) {
      await editor.commands.get(name)?.(...args);
      await settle();
    },
    /** What the debugger was asked. */
    asked: (command: string): Json[] => connections.flatMap((each) => each.calls('debug/message')).map(({ message }) => message).filter((message) => message.command === command),
  };
}

/** A debugger that does what it is asked, and whose program does nothing. It ends when it is told to disconnect, unless a test takes that over. */
function obey(connection: FakeConnection, debugId: string, { seq, command }: Json, endsAtDisconnect: boolean): void {
  const body = command === 'initialize' ? { supportsConfigurationDoneRequest: true } : command === 'threads' ? { threads: [] } : {};
  if (command === 'silent') return;
  connection.tell('debug/message', { debugId, message: { seq: 0, type: 'response', request_seq: seq, success: true, command, body } });
  if (command === 'disconnect' && endsAtDisconnect) connection.tell('debug/ended', { debugId, outcome: 'cancelled', exitCode: null });
}
