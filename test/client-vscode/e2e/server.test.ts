/** A daemon elsewhere in a real VS Code: its token is asked for, kept, and shown to nobody, and its sandboxes run what is here (issue 15). */
import { expect } from 'chai';
import { processes } from '../../e2e/environment.ts';
import { RemoteDaemon } from '../../e2e/remote-daemon.ts';
import { need, program } from '../../require.ts';
import { type Editor, realEditor, startEditor } from './editor.ts';
import { files } from './files.ts';
import { Hands } from './hands.ts';

describe('VS Code with a daemon elsewhere', function () {
  this.timeout(120_000);
  let editor: Editor;
  let hands: Hands;
  let daemon: RemoteDaemon;

  before(need('VS Code', realEditor));
  before(need('bubblewrap', program('bwrap')));
  before(async () => {
    daemon = await RemoteDaemon.start();
    editor = await startEditor({
      files: { 'hello.py': files['hello.py'] ?? '', 'greetings.py': files['greetings.py'] ?? '' },
      settings: { 'codebeaker.languages': { python: { runtime: 'native' } } },
      machineSettings: { 'codebeaker.server.url': `ws://${daemon.at}` },
    });
    hands = new Hands(editor.page);
    await editor.open('hello.py');
  });
  after(async () => {
    daemon?.process.kill('SIGKILL');
    await editor?.close();
  });

  it('asks for its token, and has it run a program with the files of its folder', async () => {
    await hands.sees(() => hands.toasts(), /Programs can’t be run: the daemon at ws:\S+ wants a token/);
    await hands.pictureOfMessage('server-token');
    await hands.pressInMessage('Set Token');
    await hands.answer(daemon.token);
    await hands.sees(() => hands.status(), /native \d+\/10/);
    await hands.button('Run in Sandbox');
    await hands.sees(() => hands.terminal(), /hello from linux\s+✓ exited with code 0 .* native/);
    expect(processes(daemon.token)).to.deep.equal([]);
    await hands.screenshot('server');
  });

  it('says that it has gone, and finds it again at a click', async () => {
    await daemon.stop();
    await hands.sees(() => hands.toasts(), /Programs can’t be run: the daemon at ws:\S+ cannot be reached: nothing listens there/);
    daemon = await RemoteDaemon.start({ at: daemon.at, before: daemon });
    await hands.pressInMessage('Try Again');
    await hands.sees(() => hands.status(), /native \d+\/10/);
    await hands.button('Run in Sandbox');
    await hands.sees(() => hands.terminal(), /hello from linux\s+✓ exited with code 0 .* native/);
  });
});
