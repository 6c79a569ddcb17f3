/** Running code in a real VS Code, in real containers. */
import { expect } from 'chai';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { containers, daemonEnvironment, processes, until } from '../../e2e/environment.ts';
import { dockerImage, need } from '../../require.ts';
import { type Editor, inDocker, realEditor, startEditor } from './editor.ts';
import { files } from './files.ts';
import { Hands } from './hands.ts';

const settings = { ...inDocker, 'codebeaker.files': { '**/limits.py': { limits: { timeoutMs: 1_500 } }, '**/flood.py': { limits: { outputBytes: 2 ** 30 } } } };

describe('VS Code with Docker', function () {
  this.timeout(120_000);
  let editor: Editor;
  let hands: Hands;

  before(need('VS Code', realEditor));
  before(need('docker', dockerImage('codebeaker-test')));
  before(async () => {
    editor = await startEditor({ files, settings, env: daemonEnvironment() });
    hands = new Hands(editor.page);
    await editor.open('hello.py');
    await hands.sees(() => hands.status(), /docker/);
  });
  after(() => editor?.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await hands?.screenshot(`failed ${this.currentTest.title.replaceAll(/\W+/g, '-')}`);
  });

  const run = async (file: string) => {
    await hands.openFile(file);
    await hands.button('Run in Sandbox');
  };

  /** The process id of this editor's daemon. Other daemons may run on the machine. */
  const daemon = (): number => {
    const started = join(dirname(editor.workspace), 'extensions');
    const [pid, ...more] = processes(started).filter((id) => processes('main.js --stdio').includes(id));
    expect([typeof pid, more]).to.deep.equal(['number', []]);
    return pid as number;
  };

  it('runs the file with the other files of its folder at a click on the run button', async () => {
    await run('hello.py');
    await hands.sees(() => hands.terminal(), /hello from linux\n✓ exited with code 0 · .* · docker/);
    expect(await hands.toasts()).to.equal('');
    await hands.screenshot('run');
  });

  it('sends what is typed to the program', async () => {
    await run('ask.py');
    await hands.sees(() => hands.terminal(), /your name\?/);
    await hands.typeInTerminal('Adx\x7fa\r');
    await hands.sees(() => hands.terminal(), /your name\? Ada\s+nice to meet you, adA\s+✓ exited with code 0/);
    await hands.screenshot('stdin');
  });

  it('stops an endless loop by the button and by Ctrl-C', async () => {
    await run('endless.py');
    await hands.sees(() => hands.terminal(), /and on\s*$/);
    await hands.button('Stop the Run in Sandbox');
    await hands.sees(() => hands.terminal(), /and on\s+✗ stopped/);
    await hands.button('Run in Sandbox');
    await hands.sees(() => hands.terminal(), /✗ stopped[^]*and on/);
    await hands.typeInTerminal('');
    await hands.press('Control+c');
    await hands.sees(() => hands.terminal(), /KeyboardInterrupt\s+✗ (?:exited with code 130|ended by SIGINT)/);
  });

  it('shows which limit was hit', async () => {
    await run('limits.py');
    await hands.sees(() => hands.terminal(), /✗ stopped: it ran longer than 1\.5 s/);
  });

  it('runs an unsaved document as it is in the editor', async () => {
    await hands.openFile('hello.py');
    await hands.focusEditor();
    await hands.press('Control+End');
    await hands.type('print("not saved")');
    await hands.button('Run in Sandbox');
    await hands.sees(() => hands.terminal(), /hello from linux\s+not saved\s+✓/);
  });

  it('runs a selection, with the line numbers of the document', async () => {
    await hands.openFile('parts.py');
    await hands.focusEditor();
    await hands.press('Control+End');
    await hands.press('Shift+ArrowUp');
    await hands.press('Shift+ArrowUp');
    await hands.command('CodeBeaker: Run Selection in Sandbox');
    const text = await hands.sees(() => hands.terminal(), /ValueError: third\s+✗/);
    expect(text).to.match(/second/).and.to.match(/line 4/).and.not.to.match(/first/);
  });

  it('runs an untitled buffer', async () => {
    await hands.command('File: New Untitled Text File');
    await hands.command('Change Language Mode');
    await hands.pick('Python');
    await hands.sees(() => hands.languageMode(), /Python/);
    await hands.type('print(6 * 7, "from nowhere")\n');
    await hands.button('Run in Sandbox');
    await hands.sees(() => hands.terminal(), /42 from nowhere\s+✓/);
    await hands.screenshot('untitled');
  });

  it('runs several at once, each in its own terminal', async () => {
    await run('endless.py');
    await hands.sees(() => hands.terminal(), /and on\s*$/);
    await run('ask.py');
    await hands.sees(() => hands.terminal(), /your name\?/);
    await hands.sees(() => hands.status(), /\(2\)/);
    await run('counting.py');
    await hands.sees(() => hands.terminal(), /3\n4/);
    await hands.selectTerminal('ask.py');
    await hands.typeInTerminal('Eve\r');
    await hands.sees(() => hands.terminal(), /nice to meet you, evE/);
    await hands.selectTerminal('counting.py');
    await hands.sees(() => hands.terminal(), /counted\s+✓/);
    await hands.command('CodeBeaker: Stop All Runs');
    await hands.sees(() => hands.status(), /^[^(]*$/);
  });

  it('stops the program of the editor whose button is clicked, and not the one in the terminal (V1)', async () => {
    await run('endless.py');
    await hands.sees(() => hands.terminal(), /and on\s*$/);
    await run('ask.py');
    await hands.sees(() => hands.terminal(), /your name\?\s*$/);
    await hands.openFile('endless.py');
    await hands.button('Stop the Run in Sandbox');
    await hands.selectTerminal('endless.py');
    await hands.sees(() => hands.terminal(), /and on\s+✗ stopped[^\n]*\s*$/);
    await hands.selectTerminal('ask.py');
    await hands.typeInTerminal('Eve\r');
    await hands.sees(() => hands.terminal(), /nice to meet you, evE\s+✓[^\n]*\s*$/);
  });

  it('asks when a running file is run again, and starts it anew in its terminal (V2)', async () => {
    await run('endless.py');
    await hands.sees(() => hands.terminal(), /and on\s*$/);
    await hands.button('Run in Sandbox');
    await hands.pick('Stop it and run it again');
    await hands.sees(() => hands.terminal(), /and on\s+✗ stopped[^✗]*and on\s*$/);
    await hands.button('Stop the Run in Sandbox');
    await hands.sees(() => hands.status(), /^[^(]*$/);
  });

  it('lists the sessions, shows their files, opens a shell and closes one', async () => {
    await run('write.py');
    await hands.sees(() => hands.terminal(), /written\s+✓[^]*made or changed in the sandbox: made\.txt/);
    await hands.command('Explorer: Focus on Sandbox Sessions View');
    const row = editor.page.locator('.pane-body .monaco-list-row', { hasText: 'write.py' }).filter({ hasText: 'docker' });
    await hands.section('workspace');
    await row.locator('.monaco-tl-twistie').click();
    const made = editor.page.locator('.pane-body .monaco-list-row', { hasText: 'made.txt' }).filter({ hasText: 'new' });
    await made.waitFor();
    await made.click();
    await hands.sees(() => hands.editor(), /made in the sandbox/);
    await hands.screenshot('sessions');
    await made.hover();
    await made.locator('[aria-label^="Save to My Folder"]').click();
    await until('it is saved (V9)', () => existsSync(join(editor.workspace, 'made.txt')));
    expect(readFileSync(join(editor.workspace, 'made.txt'), 'utf8')).to.equal('made in the sandbox');
    // The rows of the Explorer stay where they are for the tests that follow.
    rmSync(join(editor.workspace, 'made.txt'));
    await row.hover();
    await row.locator('[aria-label^="Open a Shell"]').click();
    await hands.sees(() => hands.terminal(), /[$#]\s*$/);
    await hands.typeInTerminal('cat made.txt; echo; stty size\r');
    await hands.sees(() => hands.terminal(), /made in the sandbox\s+\d+ \d+/);
    await hands.screenshot('shell');
    const before = containers(daemon()).length;
    await row.hover();
    await row.locator('[aria-label^="Close the Session"]').click();
    await row.waitFor({ state: 'detached' });
    await until('the container is gone', () => containers(daemon()).length < before);
    await hands.section('workspace');
  });

  it('lists what ran, opens a file of it, and runs it again (issue 15)', async () => {
    await hands.command('Explorer: Focus on Sandbox History View');
    await hands.section('workspace');
    const rows = editor.page.locator('.pane-body .monaco-list-row', { hasText: 'exit code' });
    await rows.filter({ hasText: 'write.py' }).first().waitFor();
    const timedOut = editor.page.locator('.pane-body .monaco-list-row', { hasText: 'limits.py' }).filter({ hasText: 'time limit' }).first();
    await timedOut.click();
    await hands.sees(() => hands.tab(), /limits\.py/);
    await hands.screenshot('history');
    await timedOut.hover();
    await timedOut.locator('[aria-label^="Run Again"]').click();
    await hands.sees(() => hands.terminal(), /✗ stopped: it ran longer than 1\.5 s/);
    await until('it is listed twice', async () => (await editor.page.locator('.pane-body .monaco-list-row', { hasText: 'limits.py' }).filter({ hasText: 'time limit' }).count()) > 1);
    await hands.section('Sandbox History');
    await hands.section('workspace');
  });

  it('runs tasks, which end with the exit code of the program', async () => {
    await hands.command('Tasks: Run Task');
    await hands.pick('three');
    await hands.sees(() => hands.terminal(), /arguments: one two words\s+✗ exited with code 3/);
  });

  it('keeps the editor responsive while a program prints 30 MB', async () => {
    await hands.openFile('hello.js');
    await run('flood.py');
    await hands.sees(() => hands.terminal(), /x{50}/);
    await hands.openFile('hello.js');
    await hands.focusEditor();
    await hands.typeSlowly('//');
    expect(await hands.terminal(), 'while it prints').not.to.include('flooded');
    await hands.typeSlowly(' typed meanwhile');
    await hands.screenshot('flood');
    await hands.sees(() => hands.terminal(), /flooded\s+✓ exited with code 0/, 90_000);
  });

  it('starts the daemon again when it is killed', async () => {
    await run('endless.py');
    await hands.sees(() => hands.terminal(), /and on\s*$/);
    const pid = daemon();
    process.kill(pid, 'SIGKILL');
    await hands.sees(() => hands.terminal(), /✗ the daemon ended while it ran/);
    await until('its containers are gone', () => containers(pid).length === 0);
    await run('hello.py');
    await hands.sees(() => hands.terminal(), /hello from linux/);
  });

  it('offers the package of a module that a program lacks (issue 13)', async () => {
    const offer = /The program needs opencv-python \(module cv2\)\./;
    await run('lacks.py');
    await hands.sees(() => hands.terminal(), /No module named 'cv2'\s+✗ exited with code 1/);
    await hands.sees(() => hands.toasts(), offer);
    await hands.screenshot('offer');
    await editor.page.locator('.notifications-toasts .monaco-button', { hasText: 'Don’t Ask for This File' }).first().click();
    await hands.sees(() => hands.toasts(), /^$/);
  });

  it('copies files that were written to disk since the last run', async () => {
    writeFileSync(join(editor.workspace, 'greetings.py'), 'def greet(name):\n    return "changed"\n');
    await run('hello.py');
    await hands.sees(() => hands.terminal(), /changed/);
  });

  // This test is one of the last, because in VS Code 1.139 a terminal does not scroll with its output once the panel has shown another view.
  it('shows a traceback as a problem and as links', async () => {
    await run('broken.py');
    await hands.sees(() => hands.terminal(), /ZeroDivisionError: division by zero\s+✗ exited with code 1/);
    await hands.sees(() => hands.problems(), /ZeroDivisionError: division by zero.*\n?.*Run in Sandbox/);
    await hands.screenshot('traceback');
    await hands.panel('Terminal');
    await hands.openFile('hello.py');
    await hands.openLink('/workspace/broken.py", line 2');
    await hands.sees(() => hands.tab(), /broken\.py/);
    await hands.sees(() => hands.cursor(), /Ln 2,/);
  });

  it('leads from a traceback into a file that only the sandbox has (V3)', async () => {
    await hands.panel('Terminal');
    await run('bears.py');
    await hands.sees(() => hands.terminal(), /ValueError: born\s+✗ exited with code 1/);
    await hands.openLink('/workspace/born.py", line 2');
    await hands.sees(() => hands.tab(), /born\.py/);
    await hands.sees(() => hands.editor(), /raise ValueError\('born'\)/);
    await hands.sees(() => hands.cursor(), /Ln 2,/);
  });

  it('sends no request outside this machine', () => {
    expect([...editor.strayRequests]).to.deep.equal([]);
  });
});
