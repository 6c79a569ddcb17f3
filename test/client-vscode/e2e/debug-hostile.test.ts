/** A debugger that attacks a real VS Code. */
import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { canary } from '../../e2e/debug-hostile/places.ts';
import { hostileEnv, hostileFiles, REFUSED } from '../../e2e/debug-hostile/project.ts';
import { daemonEnvironment } from '../../e2e/environment.ts';
import { need, program } from '../../require.ts';
import { DebugHands } from './debug-hands.ts';
import { type Editor, realEditor, startEditor } from './editor.ts';
import { Hands } from './hands.ts';

const launch = (name: string, file: string, more: object = {}) => ({ type: 'codebeaker', request: 'launch', name, program: `\${workspaceFolder}/${file}`, ...more });
const configurations = [launch('Hostile', 'main.py', { env: hostileEnv }), launch('Fine', 'fine.py')];

describe('a hostile debugger in VS Code (issue 16)', function () {
  this.timeout(120_000);
  let editor: Editor;
  let hands: Hands;
  let debug: DebugHands;

  before(need('VS Code', realEditor));
  before(need('native', program('bwrap')));
  before(async () => {
    editor = await startEditor({
      files: { ...hostileFiles, '.vscode/launch.json': JSON.stringify({ version: '0.2.0', configurations }) },
      settings: { 'codebeaker.languages': { python: { runtime: 'native' } }, 'codebeaker.packages': 'never' },
      env: daemonEnvironment(),
    });
    hands = new Hands(editor.page);
    debug = new DebugHands(editor.page);
  });
  after(() => editor?.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await hands?.screenshot('failed a-hostile-debugger');
  });

  it('has the editor start nothing and show no file of this machine, and the next program is debugged', async () => {
    await editor.open('fine.py');
    await hands.sees(() => hands.status(), /native/);
    await hands.startDebugging('Hostile');
    await hands.sees(() => debug.console(), new RegExp(REFUSED.replaceAll(/\W/g, '\\$&')));
    await hands.sees(() => debug.stack(), /52;c/);
    await hands.sees(() => debug.variables(), /52;c[^\n]*xxx/);
    // The source of the first frame is /etc/passwd, which is that of the sandbox. The second one names a file that the sandbox does not have.
    await hands.sees(() => hands.editor(), /^sandbox:/m);
    await editor.page.locator('.debug-call-stack .monaco-list-row .stack-frame').nth(1).click();
    await hands.sees(() => hands.editor(), /the source cannot be read in the sandbox/);
    await hands.screenshot('debug-hostile');
    expect(await editor.page.locator('.part.panel .terminal-wrapper').count(), 'terminals').to.equal(0);
    expect(existsSync(canary)).to.equal(false);
    await debug.press('Continue');
    await hands.sees(() => debug.console(), /✗/);
    await hands.sees(() => debug.toolbar(), /^0$/);
    await hands.startDebugging('Fine');
    await hands.sees(() => debug.console(), /fine 42[^]*✓ exited with code 0/);
    await hands.sees(() => debug.toolbar(), /^0$/);
    expect(existsSync(canary)).to.equal(false);
  });
});
