/** Running code in a real VS Code on a machine without Docker: Deno runs it, with pipes and a line discipline. */
import { expect } from 'chai';
import { createRequire } from 'node:module';
import { delimiter, dirname } from 'node:path';
import { npmPackage, need } from '../../require.ts';
import { type Editor, realEditor, startEditor } from './editor.ts';
import { Hands } from './hands.ts';

const native = `@deno/${process.platform}-${process.arch}${process.platform === 'linux' ? '-glibc' : ''}`;

const files = {
  'hello.ts': 'const name: string = "deno";\nconsole.log(`hello from ${name}`);\n',
  'ask.js': `import process from 'node:process';
process.stdout.write('your name? ');
process.stdin.once('data', (data) => {
  console.log('nice to meet you,', String(data).trim().split('').reverse().join(''));
  process.stdin.on('end', () => console.log('the end')).resume();
});
`,
  'endless.js': 'console.log("and on");\nsetInterval(() => undefined, 1000);\n',
  'broken.js': 'function fail() {\n  throw new TypeError("no such thing");\n}\nfail();\n',
  'hello.py': 'print("never")\n',
};

/** Makes programs run in these runtimes, even if this machine has others that the daemon would prefer. */
const settings = { 'codebeaker.languages': { javascript: { runtime: 'deno' }, typescript: { runtime: 'deno' }, python: { runtime: 'docker' } } };

describe('VS Code without Docker', function () {
  this.timeout(120_000);
  let editor: Editor;
  let hands: Hands;

  before(need('VS Code', realEditor));
  before(need('deno', npmPackage(native)));
  before(async () => {
    const deno = dirname(createRequire(createRequire(import.meta.url).resolve('deno/package.json')).resolve(`${native}/package.json`));
    const env = { DOCKER_HOST: 'unix:///nowhere/docker.sock', CODEBEAKER_CONFIG: '', PATH: `${deno}${delimiter}${process.env.PATH}` };
    editor = await startEditor({ files, settings, env });
    hands = new Hands(editor.page);
    await editor.open('hello.ts');
  });
  after(() => editor?.close());

  const run = async (file: string) => {
    await hands.openFile(file);
    await hands.button('Run in Sandbox');
  };

  it('says only once what is used instead', async () => {
    await hands.sees(() => hands.toasts(), /Docker is not available\. Code runs in [\w, ]*deno[\w, ]* instead/);
    await hands.screenshot('without-docker');
    await hands.command('Notifications: Clear All Notifications');
    await hands.sees(() => hands.status(), /deno \d\/10/);
  });

  it('runs TypeScript in Deno', async () => {
    await run('hello.ts');
    await hands.sees(() => hands.terminal(), /hello from deno\s+✓ exited with code 0 .* deno/);
    expect(await hands.toasts()).to.equal('');
  });

  it('lets the line be edited, and ends the input at Ctrl-D', async () => {
    await run('ask.js');
    await hands.sees(() => hands.terminal(), /your name\?/);
    await hands.typeInTerminal('Bob Adx\x7fa\r');
    await hands.sees(() => hands.terminal(), /your name\? Bob Ada\s+nice to meet you, adA boB/);
    await hands.press('Control+d');
    await hands.sees(() => hands.terminal(), /the end\s+✓/);
  });

  it('interrupts at Ctrl-C', async () => {
    await run('endless.js');
    await hands.sees(() => hands.terminal(), /and on/);
    await hands.typeInTerminal('');
    await hands.press('Control+c');
    await hands.sees(() => hands.terminal(), /\^C\s+✗ (?:ended by SIGINT|exited with code 130)/);
  });

  it('shows where the program failed as a problem', async () => {
    await run('broken.js');
    await hands.sees(() => hands.terminal(), /no such thing[^]*✗ exited with code 1/);
    await hands.sees(() => hands.problems(), /TypeError: no such thing/);
    await hands.panel('Terminal');
  });

  it('offers to install what a language needs', async () => {
    await hands.openFile('hello.py');
    await hands.sees(() => hands.status(), /no sandbox/);
    await hands.button('Run in Sandbox');
    await hands.sees(() => hands.toasts(), /hello\.py could not be run\. Its output says why/);
    await editor.page.locator('.notifications-toasts .monaco-button', { hasText: 'Install Docker' }).first().waitFor();
    await hands.screenshot('missing');
  });
});
