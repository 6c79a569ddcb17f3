/** Debugging in a real VS Code, in real sandboxes. */
import { expect } from 'chai';
import { dirname, join } from 'node:path';
import { daemonEnvironment, processes } from '../../e2e/environment.ts';
import { dockerImage, need } from '../../require.ts';
import { DebugHands } from './debug-hands.ts';
import { type Editor, realEditor, startEditor } from './editor.ts';
import { Hands } from './hands.ts';

/** A program in two files, in which the same can be done in each language. */
interface Program {
  readonly name: string;
  readonly file: string;
  readonly other: string;
  readonly files: Readonly<Record<string, string>>;
  /** The line in which `price` is 100. */
  readonly line: number;
}

const programs: readonly Program[] = [
  {
    name: 'Python', file: 'shop.py', other: 'tax.py', line: 4,
    files: {
      'shop.py': 'from tax import with_tax\n\nprice = 100\nprint("price", price)\ntotal = with_tax(price)\nprint("total", total)\n',
      'tax.py': 'def with_tax(price):\n    rate = 2\n    return price * rate\n',
    },
  },
  {
    name: 'TypeScript', file: 'shop.ts', other: 'tax.ts', line: 4,
    files: {
      'shop.ts': "import { withTax } from './tax.ts';\n\nlet price: number = 100;\nconsole.log('price', price);\nconst total = withTax(price);\nconsole.log('total', total);\n",
      'tax.ts': 'export function withTax(price: number): number {\n  const rate = 2;\n  return price * rate;\n}\n',
      'package.json': '{ "type": "module" }\n',
    },
  },
  {
    name: 'Ruby', file: 'shop.rb', other: 'tax.rb', line: 4,
    files: {
      'shop.rb': "require_relative 'tax'\n\nprice = 100\nputs \"price #{price}\"\ntotal = with_tax(price)\nputs \"total #{total}\"\n",
      'tax.rb': 'def with_tax(price)\n  rate = 2\n  price * rate\nend\n',
    },
  },
  {
    name: 'Go', file: 'shop.go', other: 'tax.go', line: 7,
    files: {
      'go.mod': 'module shop\n\ngo 1.19\n',
      'shop.go': 'package main\n\nimport "fmt"\n\nfunc main() {\n\tprice := 100\n\tfmt.Println("price", price)\n\ttotal := withTax(price)\n\tfmt.Println("total", total)\n}\n',
      'tax.go': 'package main\n\nfunc withTax(price int) int {\n\trate := 2\n\treturn price * rate\n}\n',
    },
  },
];

/** Other programs. */
const others = {
  'fails.py': 'import sys\nprint("\\x1b[32mgreen\\x1b[0m")\nprint("to stderr", file=sys.stderr)\nraise ValueError("no such price")\n',
  'pool.py': 'import multiprocessing\n\ndef double(n):\n    result = n * 2\n    return result\n\ndef work(n, queue):\n    queue.put(double(n))\n\nif __name__ == "__main__":\n    queue = multiprocessing.Queue()\n    process = multiprocessing.Process(target=work, args=(21, queue))\n    process.start()\n    print("made", queue.get())\n    process.join()\n',
  'waits.py': 'import time\nprint("waits", flush=True)\nwhile True:\n    time.sleep(0.05)\n',
};

const settings = {
  'codebeaker.languages': { python: { runtime: 'docker' }, javascript: { runtime: 'docker' }, typescript: { runtime: 'docker' }, go: { runtime: 'docker' }, ruby: { runtime: 'docker' } },
  'codebeaker.packages': 'never',
};

describe('VS Code debugs in a sandbox (issue 16)', function () {
  this.timeout(120_000);
  let editor: Editor;
  let hands: Hands;
  let debug: DebugHands;

  before(need('VS Code', realEditor));
  before(need('docker', dockerImage('codebeaker-test')));
  before(async () => {
    editor = await startEditor({ files: Object.assign({}, others, ...programs.map(({ files }) => files)), settings, env: daemonEnvironment() });
    hands = new Hands(editor.page);
    debug = new DebugHands(editor.page);
    await editor.open('shop.py');
    await hands.sees(() => hands.status(), /docker/);
  });
  after(() => editor?.close());
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    await hands?.screenshot(`failed ${this.currentTest.title.replaceAll(/\W+/g, '-')}`);
    // The other tests find nothing that goes on.
    await editor.open('shop.py');
  });

  /** Debugs a file until its program stops. */
  const begin = async (file: string) => {
    await hands.command('Explorer: Focus on Folders View');
    await hands.openFile(file);
    await hands.command('CodeBeaker: Debug in Sandbox');
  };
  const over = () => hands.sees(() => debug.toolbar(), /^0$/);

  for (const { name, file, other, line } of programs) {
    it(`stops at a click in the gutter, shows and changes a variable, steps into another file, and goes on to the end: ${name}`, async () => {
      await hands.command('Explorer: Focus on Folders View');
      await hands.openFile(file);
      await debug.gutter(line);
      await hands.command('CodeBeaker: Debug in Sandbox');
      await hands.sees(() => debug.stoppedLine(), /["']price/);
      await hands.sees(() => debug.variables(), /price:? = ?100/);
      await debug.setVariable('price', '42');
      await hands.sees(() => debug.variables(), /price:? = ?42/);
      expect(await hands.toasts()).to.equal('');
      await hands.screenshot(`debug-${name}`);
      await debug.press('Step Over');
      await hands.sees(() => debug.stoppedLine(), /total :?=/);
      await debug.press('Step Into');
      await hands.sees(() => hands.tab(), new RegExp(other.replace('.', '\\.')));
      await hands.sees(() => debug.stoppedLine(), /rate|func|def/);
      await hands.sees(() => debug.variables(), /price:? = ?42/);
      await hands.sees(() => debug.stack(), new RegExp(`${other}[^]*${file}`));
      await hands.screenshot(`debug-${name}-other`);
      await debug.press('Continue');
      await hands.sees(() => debug.console(), /price 42[^]*total 84[^]*✓ exited with code 0/);
      await over();
    });
  }

  it('shows an exception where it is raised, evaluates in the Debug Console, and names files as they are called here', async () => {
    await begin('fails.py');
    await hands.sees(() => debug.stoppedLine(), /raise ValueError/);
    await hands.sees(() => hands.editor().then(async (text) => `${text}${await editor.page.locator('.exception-widget').allInnerTexts().then(String)}`), /no such price/);
    await debug.evaluate('1 + sys.maxsize % 2');
    await hands.sees(() => debug.console(), /sys\.maxsize % 2[^]*\b2\b/);
    await debug.press('Continue');
    await hands.sees(() => debug.console(), /✗ exited with code 1/);
    expect(await debug.console()).to.contain(join(editor.workspace, 'fails.py'));
    await hands.screenshot('debug-exception');
    await hands.command('Explorer: Focus on Folders View');
    await hands.openFile('shop.py');
    // It stands beside the first line of the error, which a long one has scrolled out of sight.
    await editor.page.locator('.repl .monaco-list-row .source', { hasText: 'fails.py' }).first().dispatchEvent('click');
    await hands.sees(() => hands.tab(), /fails\.py/);
    await hands.sees(() => hands.cursor(), /Ln 4,/);
    await over();
  });

  it('shows a process that the program has started as a thread, which stops and goes on', async () => {
    await hands.command('Explorer: Focus on Folders View');
    await hands.openFile('pool.py');
    await debug.gutter(5);
    await hands.command('CodeBeaker: Debug in Sandbox');
    await hands.sees(() => debug.stoppedLine(), /return result/);
    await hands.sees(() => debug.stack(), /MainThread \(child 1\).*\n(?:.*\n)*double/);
    // Only this one has stopped.
    await hands.sees(() => debug.stack(), /MainThread\s+Running/i);
    await hands.sees(() => debug.variables(), /result:? = ?42/);
    await debug.setVariable('result', '50');
    await hands.screenshot('debug-processes');
    await debug.press('Step Over');
    await hands.sees(() => debug.stoppedLine(), /queue\.put/);
    await debug.press('Continue');
    await over();
    await hands.sees(() => debug.console(), /made 50/);
    expect(await hands.toasts()).to.equal('');
  });

  it('is stopped by Stop as a run is, starts anew at a click on Restart, and lists its sandbox', async () => {
    await begin('waits.py');
    await hands.sees(() => debug.console(), /waits/);
    await debug.press('Restart');
    await hands.sees(() => debug.console(), /✗ stopped[^]*waits/);
    await hands.button('Stop the Run in Sandbox');
    await hands.sees(() => debug.console(), /✗ stopped[^]*waits[^]*✗ stopped/);
    await over();
    await hands.command('Explorer: Focus on Sandbox Sessions View');
    await editor.page.locator('.pane-body .monaco-list-row', { hasText: 'waits.py' }).filter({ hasText: 'docker' }).first().waitFor();
  });

  it('debugs a document that was never saved, with its breakpoints', async () => {
    await hands.command('Create: New File...');
    await hands.pick('Text File');
    await hands.command('Change Language Mode');
    await hands.pick('Python');
    await hands.focusEditor();
    await hands.type('here = 5\nprint("unsaved", here)\n');
    await debug.gutter(2);
    await hands.command('CodeBeaker: Debug in Sandbox');
    await hands.sees(() => debug.stoppedLine(), /print\("unsaved", here\)/);
    await hands.sees(() => debug.variables(), /here:? = ?5/);
    await hands.screenshot('debug-untitled');
    await debug.press('Continue');
    await hands.sees(() => debug.console(), /unsaved 5[^]*✓ exited with code 0/);
    await over();
  });

  it('debugs two programs at once', async () => {
    await begin('waits.py');
    await hands.sees(() => debug.console(), /waits/);
    await begin('fails.py');
    await hands.sees(() => debug.stoppedLine(), /raise ValueError/);
    await hands.sees(() => hands.status(), /\(2\)/);
    await hands.command('View: Show Run and Debug');
    await hands.sees(() => debug.stack(), /waits\.py[^]*fails\.py/);
    await hands.screenshot('debug-two');
    await hands.command('CodeBeaker: Stop All Runs');
    await over();
  });

  it('begins with F5 and without a launch.json', async () => {
    await hands.command('Explorer: Focus on Folders View');
    await hands.openFile('fails.py');
    await hands.focusEditor();
    await hands.press('F5');
    await hands.sees(() => debug.stoppedLine(), /raise ValueError/);
    await hands.press('F5');
    await hands.sees(() => debug.console(), /✗ exited with code 1/);
    await over();
  });

  it('ends with a message when the daemon is killed', async () => {
    await begin('waits.py');
    await hands.sees(() => debug.console(), /waits/);
    const [daemon] = processes(join(dirname(editor.workspace), 'extensions')).filter((id) => processes('main.js --stdio').includes(id));
    process.kill(daemon as number, 'SIGKILL');
    await hands.sees(() => hands.toasts(), /The daemon ended while waits\.py was debugged\. Debug it again\./);
    await hands.screenshot('debug-killed');
    await over();
  });
});
