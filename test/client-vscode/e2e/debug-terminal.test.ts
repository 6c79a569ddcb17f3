/** A program that reads input, debugged in a terminal of a real VS Code by a launch configuration. */
import { expect } from 'chai';
import { daemonEnvironment } from '../../e2e/environment.ts';
import { dockerImage, need } from '../../require.ts';
import { DebugHands } from './debug-hands.ts';
import { type Editor, realEditor, startEditor } from './editor.ts';
import { Hands } from './hands.ts';

/** Each asks for a name, which it has in line 3, and ends with a code of its own. */
const programs: Readonly<Record<string, { readonly file: string; readonly text: string; readonly stopped: RegExp; readonly shown: RegExp }>> = {
  Python: {
    file: 'ask.py', stopped: /greeting = f"hello/, shown: /name:? = ?'Ada'/,
    text: 'import sys\nname = input("name? ")\ngreeting = f"hello {name}, {sys.stdin.isatty()}"\nprint(greeting)\nsys.exit(3)\n',
  },
  JavaScript: {
    file: 'ask.js', stopped: /greeting =.*`hello/, shown: /name = "Ada"/,
    text: "const lines = require('node:readline').createInterface(process.stdin, process.stdout);\nlines.question('name? ', (name) => {\n  const greeting = `hello ${name}, ${process.stdin.isTTY}`;\n  console.log(greeting);\n  process.exit(3);\n});\n",
  },
};

/** VS Code opens a shell of its own in a panel whose terminals are gone, and this one has none. */
const NO_SHELL = /The terminal process failed to launch: [^\n]*no shells\)\.\n?/g;

const configurations = Object.entries(programs).map(([name, { file }]) => ({ type: 'codebeaker', request: 'launch', name: `Ask in ${name}`, program: `\${workspaceFolder}/${file}`, console: 'integratedTerminal' }));

describe('VS Code debugs a program in a terminal (issue 16)', function () {
  this.timeout(120_000);
  let editor: Editor;
  let hands: Hands;
  let debug: DebugHands;

  before(need('VS Code', realEditor));
  before(need('docker', dockerImage('codebeaker-test')));
  before(async () => {
    const files = Object.fromEntries(Object.values(programs).map(({ file, text }) => [file, text]));
    editor = await startEditor({
      files: { ...files, '.vscode/launch.json': JSON.stringify({ version: '0.2.0', configurations }) },
      settings: { 'codebeaker.languages': { python: { runtime: 'docker' }, javascript: { runtime: 'docker' } }, 'codebeaker.packages': 'never' },
      env: daemonEnvironment(),
    });
    hands = new Hands(editor.page);
    debug = new DebugHands(editor.page);
  });
  after(() => editor?.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await hands?.screenshot(`failed ${this.currentTest.title.replaceAll(/\W+/g, '-')}`);
  });

  for (const [name, { file, stopped, shown }] of Object.entries(programs)) {
    it(`takes what is typed there, stops after it, and shows there what it prints and how it ended: ${name}`, async () => {
      await editor.open(file);
      await hands.sees(() => hands.status(), /docker/);
      await debug.gutter(3);
      await hands.startDebugging(`Ask in ${name}`);
      await hands.sees(() => hands.terminal(), /name\?/);
      await hands.typeInTerminal('Ada');
      await hands.press('Enter');
      await hands.sees(() => debug.stoppedLine(), stopped);
      await hands.sees(() => debug.variables(), shown);
      await hands.screenshot(`debug-terminal-${name}`);
      await debug.press('Continue');
      await hands.sees(() => debug.toolbar(), /^0$/);
      await hands.sees(() => hands.terminal(), /name\? Ada[^]*hello Ada, [Tt]rue[^]*exited with code 3/);
      await hands.screenshot(`debug-terminal-${name}-ended`);
      expect((await hands.toasts()).replace(NO_SHELL, '')).to.equal('');
      await hands.command('Terminal: Kill All Terminals');
    });
  }

  it('ends the program when the terminal is closed', async () => {
    await hands.startDebugging('Ask in Python');
    await hands.sees(() => hands.terminal(), /name\? *$/);
    await hands.command('Terminal: Kill All Terminals');
    await hands.sees(() => debug.toolbar(), /^0$/);
  });
});
