/** The examples of the pages, run as somebody would who types them: every command, configuration and client. */
import { expect } from 'chai';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { image } from '../e2e/environment.ts';
import { bundles, dockerImage, need, program } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { type Block, blocks, commandsIn, isSettings, nameOf } from './blocks.ts';
import { resuming } from './resuming.ts';
import { type Change, commands, texts } from './table.ts';
import { freePort, type Ran, Workshop } from './workshop.ts';

/** So many blocks are run at once. */
const AT_ONCE = 4;
const isServe = (command: string) => command.startsWith('codebeaker serve --listen');
const isStdio = (command: string) => /(?:^| )codebeaker --stdio/.test(command);
/** The daemon at a port, which all other blocks use as well. */
const isShared = (command: string) => isServe(command) && command.includes(' 127.0.0.1:');

const changeOf = (command: string): Change | string => commands[command] ?? {};
/** An error of the protocol, or a line of the log. */
const isMessage = ({ text }: Block) => /^\{\s*"(?:code|time)":/.test(text);
const shells = blocks.filter(({ language }) => language === 'sh');
const isRun = (command: string) => typeof changeOf(command) !== 'string';
const first = shells.find((block) => commandsIn(block).some(isShared));

describe('the examples of the pages, when they are run', function () {
  before(need('the build', bundles));
  before(need('bubblewrap', bubblewrap));
  before(need(image, dockerImage(image)));
  for (const name of ['curl', 'openssl', 'script', 'python3']) before(need(name, program(name)));

  let workshop: Workshop;
  const ran = new Map<string, Ran>();
  /** What stands for the ports in the examples, which may be in use here. */
  const ports = new Map<string, string>();
  const here = (text: string) => text.replaceAll(/\b(?:7070|8000|8080|5432)\b/g, (port) => ports.get(port) ?? port);

  before(async () => {
    workshop = new Workshop();
    for (const port of ['7070', '8000', '8080', '5432']) ports.set(port, `${await freePort()}`);
    if (first) await runBlock(first);
    const waiting = shells.filter((block) => block !== first);
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let block = waiting.shift(); block; block = waiting.shift()) await runBlock(block);
    }));
  });
  after(() => workshop[Symbol.asyncDispose]());

  /** Functions that a block defines are there in its later commands; … in a command is the id of the session that an earlier one made. */
  async function runBlock(block: Block): Promise<void> {
    let functions = '';
    let sessionId = '…';
    for (const command of commandsIn(block).filter(isRun)) {
      const { run = command } = changeOf(command) as Change;
      const script = here(run).replace('"sessionId": "…"', `"sessionId": "${sessionId}"`);
      if (isServe(script)) {
        await workshop.serve(script);
        ran.set(keyOf(block, command), { code: 0, stdout: '', stderr: '' });
        continue;
      }
      const env = { TOKEN: token() };
      const done = await workshop.run(`${functions}${script}`, { env, ...(isStdio(script) && { input: goodbye }) });
      ran.set(keyOf(block, command), done);
      if (/^\w+\(\) \{.*\}$/.test(script)) functions += `${script}\n`;
      sessionId = /"sessionId": ?"([^"]+)"/.exec(done.stdout)?.[1] ?? sessionId;
    }
  }

  /** What the program printed, as JSON without its quotes: in a stream of events, a line may come in several pieces. */
  const printed = (answer: string) => [...answer.matchAll(/"(?:stdout|data)":"((?:[^"\\]|\\.)*)"/g)].map(([, piece]) => piece).join('');
  const keyOf = (block: Block, command: string) => `${nameOf(block)}\n${command}`;
  const token = () => {
    const path = join(workshop.home, '.codebeaker-token');
    return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  };

  for (const block of shells) {
    for (const command of commandsIn(block).filter(isRun)) {
      const { prints = /^/, code = 0 } = changeOf(command) as Change;
      it(`${block.page}: ${command}`, () => {
        const done = ran.get(keyOf(block, command));
        expect(done?.code, JSON.stringify(done)).to.equal(code);
        expect(done?.stdout).to.match(prints);
        if (command.includes('/v1/run')) expect(printed(done?.stdout ?? '')).to.match(/^(?:42|0)\\n/);
        if (command.startsWith('rpc \'')) expect(done?.stdout).to.match(/^\{"jsonrpc":"2.0","id":\d,"result":/);
      });
    }
  }

  it('the configurations are found right by codebeaker config check', async () => {
    const configurations = blocks.filter((block) => block.language === 'json' && !isSettings(block) && !isMessage(block) && texts[nameOf(block)] === undefined);
    const paths = configurations.map(({ text }, index) => {
      const path = join(workshop.home, `configuration-${index}.json`);
      writeFileSync(path, text);
      return path;
    });
    const { code, stdout, stderr } = await workshop.program('codebeaker', ['config', 'check', ...paths]);
    expect([code, stderr]).to.deep.equal([0, '']);
    expect(stdout.trimEnd().split('\n')).to.have.lengthOf(configurations.length);
    expect(configurations.length).to.be.greaterThan(25);
  });

  it('a wrong configuration is told of as docs/configuration.md shows it', async () => {
    const block = blocks.find(({ text }) => text.startsWith('codebeaker: try.json: '));
    writeFileSync(join(workshop.home, 'try.json'), '{ "limits": { "cpu": 1 } }');
    const { code, stderr } = await workshop.program('codebeaker', ['run', '--config', 'try.json', 'project/main.py'], { cwd: workshop.home });
    expect([code, stderr]).to.deep.equal([78, block?.text]);
  });

  it('a line of the log has the members that docs/operations.md shows', () => {
    const [shown] = blocks.filter(({ page, language }) => page === 'docs/operations.md' && language === 'json').map(({ text }) => Object.keys(JSON.parse(text) as object));
    const lines = readFileSync(join(workshop.home, 'codebeaker.log'), 'utf8').trimEnd().split('\n').map((line) => Object.keys(JSON.parse(line) as object));
    const served = lines.find((keys) => keys.includes('request')) ?? [];
    expect(shown).to.include.members(served);
    expect(served.slice(0, 4)).to.deep.equal(shown?.slice(0, 4));
  });

  const javascript = blocks.filter(({ language }) => language === 'js');
  const runJavaScript = async (name: string, program: string) => {
    writeFileSync(join(workshop.home, name), program);
    const { code, stdout, stderr } = await workshop.program(process.execPath, [name], { cwd: workshop.home });
    expect([code, stderr]).to.deep.equal([0, '']);
    return stdout;
  };

  it('the client in JavaScript of docs/remote.md gets an answer', async () => {
    const { text } = javascript.find((block) => block.text.startsWith('import { WebSocket }')) as Block;
    expect(await runJavaScript('client.mjs', `const token = ${JSON.stringify(token())};\n${here(text)}\nwebSocket.on('message', () => webSocket.close());\n`)).to.contain("protocolVersion: '1.0'");
  });

  it('the client of docs/remote.md whose connection is lost loses nothing', async () => {
    const [begins, goesOn, ...others] = javascript.filter(({ text }) => text.startsWith('await request(')).map(({ text }) => text);
    const program = resuming(`ws://127.0.0.1:${ports.get('7070')}/`, token(), begins ?? '', goesOn ?? '');
    expect([await runJavaScript('resuming.mjs', program), others, javascript.length]).to.deep.equal(['one\ntwo\nexited\n', [], 3]);
  });

  for (const { page, line, text } of blocks.filter(({ language, text }) => language === 'python' && text.includes('urllib'))) {
    it(`the program in Python at line ${line} of ${page} can be read; the host in it is nobody's`, async () => {
      expect(await workshop.program('python3', ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], { input: text })).to.deep.equal({ code: 0, stdout: '', stderr: '' });
    });
  }

  describe('in Neovim', () => {
    const nvim = fileURLToPath(new URL('../../.cache/neovim/trixie/nvim', import.meta.url));
    before(need('Neovim', () => (existsSync(nvim) ? undefined : 'it is not unpacked; run test/setup/neovim.sh')));

    for (const { page, line, text } of blocks.filter(({ language }) => language === 'lua')) {
      it(`the Lua at line ${line} of ${page} does what the page says`, async () => {
        writeFileSync(join(workshop.home, 'run.lua'), luaOf(text));
        const { code, stdout, stderr } = await workshop.program(nvim, ['-l', 'run.lua'], { cwd: workshop.home });
        expect([code, stdout.trim(), stderr]).to.deep.equal([0, 'hi', '']);
      });
    }
  });

  describe('at the end', () => {
    it('the daemons end in order', async () => {
      const codes = await workshop.stop();
      expect(codes.length).to.be.greaterThan(1);
      expect(codes.every((code) => code === 0)).to.equal(true);
    });

    for (const { page, line, text } of blocks.filter(({ language, text }) => language === 'python' && text.includes('hashlib'))) {
      it(`the program in Python at line ${line} of ${page} finds the audit log of all this right`, async () => {
        const log = join(workshop.home, '.local/state/codebeaker/audit');
        const segments = readdirSync(log, { recursive: true, encoding: 'utf8' }).filter((name) => /^\d{4}-\d\d-\d\d\/.*\.jsonl$/.test(name));
        const heads = readdirSync(join(log, '..', 'audit-heads'), { encoding: 'utf8', recursive: true }).filter((name) => name.includes('.')).map((name) => readFileSync(join(log, '..', 'audit-heads', name), 'utf8')).join('');
        expect(segments).not.to.be.empty;
        const hashes = await Promise.all(segments.slice(-2).map((name) => workshop.program('python3', ['-c', text, name.replace(/\.jsonl$/, ''), join(log, name)])));
        for (const { code, stdout, stderr } of hashes) {
          expect([code, stderr]).to.deep.equal([0, '']);
          expect(heads).to.contain(stdout.trim());
        }
      });
    }
  });
});

/** A client runs as it stands; a table is a plugin for lazy.nvim, and anything else a part of somebody's configuration with the plugin. */
function luaOf(text: string): string {
  if (text.includes('vim.lsp.rpc.start')) return text;
  const plugin = `vim.opt.runtimepath:append(${JSON.stringify(fileURLToPath(new URL('../../client-nvim', import.meta.url)))})\n`;
  const own = text.startsWith('{') ? `local spec = ${text}\nrequire(spec.main).setup(spec.opts)\n` : text;
  // Its plugin is not there: the configuration is only loaded.
  const dap = 'package.preload.dap = function() return { adapters = {}, configurations = {} } end\n';
  return `${plugin}${dap}${own}io.write('hi\\n')\n`;
}

const framed = (message: object) => {
  const body = JSON.stringify({ jsonrpc: '2.0', ...message });
  return `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
};
/** What a client says that wants nothing. */
const goodbye = [
  { id: 1, method: 'initialize', params: { processId: null, capabilities: {} } }, { method: 'initialized', params: {} },
  { id: 2, method: 'session/list' }, { id: 3, method: 'shutdown' }, { method: 'exit' },
].map(framed).join('');
