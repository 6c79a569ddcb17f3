/** The message that a program listens on a port, and what its button does. */
import { expect } from 'chai';
import { nextLoopIteration } from '../../../server/src/base/promises.ts';
import { Ports } from '../../../client-vscode/src/view/ports.ts';
import type { Connection } from '../../../client-vscode/src/client/connection.ts';
import { FakeCode } from '../../fakes/code.ts';
import { FakeConnection } from '../../fakes/connection.ts';

const log = { info() {}, warn() {}, error() {}, trace() {} };

describe('the message that a program listens (issue 13)', () => {
  function bench() {
    const editor = new FakeCode();
    const connection = new FakeConnection();
    let change: (connection: Connection | undefined) => void = () => undefined;
    const wish = { wanted: true };
    const client = {
      onChange: (listener: typeof change) => {
        change = listener;
        return { dispose: () => undefined };
      },
    };
    const ports = new Ports({ code: editor.code, client, log, wanted: () => wish.wanted });
    connection.answer('ports/forward', ({ sessionId, port }) => ({ sessionId, port, hostPort: port + 1, address: '127.0.0.1' }));
    change(connection);
    const tell = async (listening: number[], sessionId = 's1') => {
      connection.tell('ports/changed', { sessionId, ports: listening });
      await nextLoopIteration();
    };
    return { editor, connection, ports, wish, tell, change: (to: Connection | undefined) => change(to) };
  }
  const messages = (editor: FakeCode) => editor.messages.map(({ message }) => message);

  it('is shown once for each port of a session, and the button opens the port of this machine', async () => {
    const { editor, connection, tell } = bench();
    editor.press = 'Open in Browser';
    await tell([8000]);
    await tell([]);
    await tell([8000, 8001]);
    await tell([8000], 's2');
    expect(messages(editor)).to.deep.equal([8000, 8001, 8000].map((port) => `A program in a sandbox listens on port ${port}.`));
    expect(connection.calls('ports/forward')).to.deep.equal([{ sessionId: 's1', port: 8000 }, { sessionId: 's1', port: 8001 }, { sessionId: 's2', port: 8000 }]);
    expect(editor.opened).to.deep.equal([8001, 8002, 8001].map((port) => `http://127.0.0.1:${port}/`));
  });

  it('forwards nothing if nobody presses the button, and says why a port can not be opened', async () => {
    const { editor, connection, tell } = bench();
    await tell([8000]);
    expect(connection.calls('ports/forward')).to.deep.equal([]);
    connection.answer('ports/forward', () => {
      throw new Error('the sandbox is gone');
    });
    editor.press = 'Open in Browser';
    await tell([9000]);
    expect(messages(editor).at(-1)).to.equal('Port 9000 can’t be opened: the sandbox is gone');
  });

  it('is not shown if the person does not want it, nor more than eight times for a session, nor of a daemon that is replaced', async () => {
    const { editor, tell, wish, change, ports } = bench();
    wish.wanted = false;
    await tell([8000]);
    wish.wanted = true;
    await tell(Array.from({ length: 100 }, (_, at) => 9000 + at));
    expect(editor.messages.length).to.equal(8);
    change(undefined);
    await tell([1], 's3');
    ports.dispose();
    expect(editor.messages.length).to.equal(8);
  });
});
