/** Running code in a real VS Code in Restricted Mode. */
import { expect } from 'chai';
import { daemonEnvironment } from '../../e2e/environment.ts';
import { dockerImage, need } from '../../require.ts';
import { type Editor, inDocker, realEditor, startEditor } from './editor.ts';
import { Hands } from './hands.ts';

const files = {
  'look.py': 'import os\nprint("sees", sorted(os.listdir(".")))\n',
  'ask.py': 'import time\nprint("hello", input("your name? "), flush=True)\ntime.sleep(600)\n',
  'other.txt': 'not for the sandbox',
  // If these settings of the workspace were read, nothing would run.
  '.vscode/settings.json': JSON.stringify({ 'codebeaker.limits': { timeoutMs: 1 }, 'codebeaker.server.path': '/bin/false' }),
};

const settings = {
  ...inDocker,
  'security.workspace.trust.enabled': true,
  'security.workspace.trust.startupPrompt': 'never',
  'security.workspace.trust.banner': 'never',
};

describe('VS Code in Restricted Mode', function () {
  this.timeout(120_000);
  let editor: Editor;
  let hands: Hands;

  before(need('VS Code', realEditor));
  before(need('docker', dockerImage('codebeaker-test')));
  before(async () => {
    editor = await startEditor({ files, settings, env: daemonEnvironment() });
    hands = new Hands(editor.page);
    await editor.open('look.py');
  });
  after(() => editor?.close());

  it('runs the file without its folder and without settings of the workspace', async () => {
    await hands.sees(() => hands.status(), /docker/);
    await hands.button('Run in Sandbox');
    // (V4) It is said that the folder is not copied.
    await hands.sees(() => hands.output(), /without the other files of its folder: the workspace is in Restricted Mode[^]*sees \['look\.py'\]\s+✓ exited with code 0/);
    expect(await hands.toasts()).to.equal('');
    await hands.screenshot('restricted');
  });

  it('says that the editor debugs nothing here, and runs the file at a click (issue 16)', async () => {
    await hands.command('CodeBeaker: Debug in Sandbox');
    await hands.sees(() => hands.toasts(), /The editor debugs nothing in Restricted Mode\. look\.py can be run in a sandbox all the same\./);
    await hands.pictureOfMessage('restricted-debug');
    await hands.pressInMessage('Run in Sandbox');
    await hands.sees(() => hands.output(), /exited with code 0[^]*sees \['look\.py'\]\s+✓ exited with code 0/);
  });

  it('asks for input in a box, and stops the program', async () => {
    await hands.openFile('ask.py');
    await hands.button('Run in Sandbox');
    await hands.sees(() => hands.output(), /your name\?/);
    await hands.button('Type Input for the Run in Sandbox');
    await hands.answer('Ada');
    await hands.sees(() => hands.output(), /hello Ada/);
    await hands.button('Stop the Run in Sandbox');
    await hands.sees(() => hands.output(), /✗ stopped/);
  });

  it('shows what the doctor says of this machine (V10)', async () => {
    await hands.command('CodeBeaker: Doctor');
    await hands.sees(() => hands.output(), /measured here|With --json the doctor\s+says\s+why/, 60_000);
  });

  it('copies the folder when the workspace is trusted, but does not start the daemon that the workspace names (F-F8)', async () => {
    await hands.command('Workspaces: Manage Workspace Trust');
    await editor.page.locator('.workspace-trust-editor .monaco-button', { hasText: 'Trust' }).first().click();
    await hands.openFile('look.py');
    await hands.sees(() => hands.status(), /docker/);
    await hands.button('Run in Sandbox');
    await hands.sees(() => hands.terminal(), /✗ stopped: it ran longer than 1 ms/);
    await hands.screenshot('trusted');
  });
});
