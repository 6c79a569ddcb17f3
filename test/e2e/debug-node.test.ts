/** Debugging of JavaScript and TypeScript in Node and Deno, in real runtimes: over the daemon's own protocol, and with plain DAP. */
import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DapCommand, ProtocolDebug } from '../debug/dap-client.ts';
import { bundles, dockerImage, need, npmPackage, program, type Probe } from '../require.ts';
import { sourceFile } from './command-line.ts';
import { type Conversation, converse } from './debugging.ts';
import { daemonEnvironment, image } from './environment.ts';
import { RawClient } from './raw-client.ts';

const places: Record<string, { readonly needs: Readonly<Record<string, Probe>>; readonly name: 'Node' | 'Deno'; readonly languages: readonly ('javascript' | 'typescript')[] }> = {
  docker: { needs: { docker: dockerImage(image) }, name: 'Node', languages: ['javascript', 'typescript'] },
  native: { needs: { bubblewrap: program('bwrap') }, name: 'Node', languages: ['javascript'] },
  deno: { needs: { deno: npmPackage('deno'), bubblewrap: program('bwrap') }, name: 'Deno', languages: ['javascript', 'typescript'] },
};

/** The lines are the same in both languages. */
const code = (typed: boolean) => `${typed ? "import { square } from './lib.ts';" : "const { square } = require('./lib.js');"}

function work(n${typed ? ': number' : ''}) {
  let total = 0;
  for (let i = 0; i < n; i += 1) {
    total += square(i);
  }
  return total;
}

console.log('sum', work(5), process.argv[2], process.execArgv.some((option) => option.includes('node-bridge')));
console.error('to stderr');
process.exitCode = 3;
`;
const lib = (typed: boolean) => `${typed ? 'export ' : ''}function square(x${typed ? ': number' : ''}) {
  const result = x * x;
  return result;
}
${typed ? '' : 'module.exports = { square };\n'}`;

/** A folder of the client with the program; the path of the program. */
function project(extension: string, typed: boolean): string {
  const main = sourceFile(`main${extension}`, code(typed));
  writeFileSync(join(dirname(main), `lib${extension}`), lib(typed));
  return main;
}

/** `isCalled`: whether the runtime has frames below those of the program. */
const conversation = (extension: string, isCalled = true): Conversation =>
  ({ line: 6, frame: 'work', neighbour: { file: `lib${extension}`, line: 2, frame: 'square' }, caller: isCalled ? 'function' : undefined, exitCode: 3, stdout: 'sum 1025 argument false\n' });

describe('debugging in Node and Deno', () => {
  before(need('the build', bundles));

  for (const [runtime, { needs, name, languages }] of Object.entries(places)) {
    describe(runtime, () => {
      for (const [part, probe] of Object.entries(needs)) before(need(part, probe));

      for (const language of languages) {
        it(`stops at breakpoints, shows and changes variables, steps, and ends with the program, in ${language}`, async () => {
          const extension = language === 'typescript' ? '.ts' : '.js';
          const main = project(extension, language === 'typescript');
          const raw = new RawClient({ env: daemonEnvironment() });
          const server = await raw.initialize({ debug: { adapter: true } });
          expect(server.capabilities.debug.languages).to.include(language);
          const { sessionId } = await raw.request('session/create', { runtime, language });
          await raw.request('command/writeFile', { sessionId, path: `main${extension}`, content: code(language === 'typescript') });
          await raw.request('command/writeFile', { sessionId, path: `lib${extension}`, content: lib(language === 'typescript') });
          const debug = new ProtocolDebug(raw, 'd1');
          const started = await raw.request('debug/start', { sessionId, path: `main${extension}`, args: ['argument'], debugId: 'd1', pathMappings: [{ client: pathToFileURL(dirname(main)).href, sandbox: '/workspace' }] });
          expect(started.adapter.name).to.equal(name);
          await converse(debug.client, main, { program: '/etc/passwd', runtimeExecutable: '/bin/false' }, conversation(extension, name === 'Node' || language === 'javascript'));
          expect(await debug.ended).to.deep.equal({ debugId: 'd1', outcome: 'exited', exitCode: 3 });
          expect((await raw.request('session/list')).sessions[0].state).to.equal('ready');
          const left = (await raw.request('command/listDirectory', { sessionId, path: '/tmp' })).entries.map((entry: { name: string }) => entry.name);
          // Deno keeps its own files there.
          expect(left.filter((entry: string) => entry !== '.codebeaker-deno')).to.deep.equal([]);
          expect(await raw.end()).to.equal(0);
          expect(raw.stderr).to.equal('');
        });
      }
    });
  }

  describe('in Deno', () => {
    before(need('deno', npmPackage('deno')));
    before(need('bubblewrap', program('bwrap')));

    it('stops in a worker, and at the first line of a module that is imported later', async () => {
      const raw = new RawClient({ env: daemonEnvironment() });
      await raw.initialize({ debug: { adapter: true } });
      const { sessionId } = await raw.request('session/create', { runtime: 'deno', language: 'typescript' });
      const files = {
        'main.ts': "const { late } = await import('./late.ts');\nlate();\nconst worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });\nworker.onmessage = ({ data }) => console.log(data);\n",
        'late.ts': "const at: string = 'late';\nexport const late = () => console.log(at);\n",
        'worker.ts': "const text: string = 'from the worker';\npostMessage(text);\nself.close();\n",
      };
      for (const [path, content] of Object.entries(files)) await raw.request('command/writeFile', { sessionId, path, content });
      const { client, ended } = new ProtocolDebug(raw, 'd1');
      await raw.request('debug/start', { sessionId, path: 'main.ts', debugId: 'd1', stopOnEntry: true, pathMappings: [{ client: '/home/me', sandbox: '/workspace' }] });
      await client.ask('initialize', { adapterID: 'codebeaker' });
      const initialized = client.event('initialized');
      const launched = client.ask('launch');
      await initialized;
      for (const name of ['late.ts', 'worker.ts']) await client.ask('setBreakpoints', { source: { path: `/home/me/${name}` }, breakpoints: [{ line: 1 }] });
      const places: string[] = [];
      let stopped = client.event('stopped');
      await client.ask('configurationDone');
      await launched;
      while (places.length < 3) {
        const { threadId, reason } = await stopped;
        const [{ source, line }] = (await client.ask('stackTrace', { threadId })).stackFrames;
        places.push(`${reason} ${source.path}:${line}`);
        stopped = client.event(places.length === 3 ? 'terminated' : 'stopped');
        await client.ask('continue', { threadId });
      }
      await stopped;
      await client.ask('disconnect');
      expect(places).to.deep.equal(['entry /home/me/main.ts:1', 'breakpoint /home/me/late.ts:1', 'breakpoint /home/me/worker.ts:1']);
      expect(await ended).to.include({ outcome: 'exited', exitCode: 0 });
      const printed = client.events('output').map(({ category, output }) => `${category}: ${output}`).join('');
      expect(printed).to.equal('stdout: late\nstdout: from the worker\n');
      await raw.end();
    });

    it('starts what debugs for nobody but a debugger: no command line does', async () => {
      const raw = new RawClient({ env: daemonEnvironment() });
      await raw.initialize({ debug: { adapter: true } });
      const { sessionId } = await raw.request('session/create', { runtime: 'deno', language: 'typescript' });
      await raw.request('command/writeFile', { sessionId, path: 'main.ts', content: 'console.log(1)' });
      for (const command of [['deno', 'debug', '/workspace/main.ts'], ['deno', 'inspect', '/workspace/main.ts', '9229']]) {
        expect((await raw.call('command/executeShell', { sessionId, command })).error?.data.kind).to.equal('LanguageUnsupported');
      }
      await raw.end();
    });

    it('gives the program no more than without a debugger: no network, no programs, no files outside', async () => {
      const raw = new RawClient({ env: daemonEnvironment() });
      await raw.initialize({ debug: { adapter: true } });
      const { sessionId } = await raw.request('session/create', { runtime: 'deno', language: 'typescript' });
      const tries = ["Deno.listen({ port: 0 })", "new Deno.Command('/opt/deno/deno').outputSync()", "Deno.readTextFileSync('/etc/passwd')", "Deno.readTextFileSync('/opt/deno/bridge.cjs')", "Deno.env.get('CODEBEAKER_DEBUGGEE') ?? fail()", "Deno.kill(Deno.ppid)"];
      const content = `const fail = () => { throw new Error('none'); };\nfor (const attempt of [${tries.map((text) => `() => ${text}`).join(', ')}]) {\n  try {\n    attempt();\n    console.log('it can', String(attempt));\n  } catch {\n    console.log('no');\n  }\n}\n`;
      await raw.request('command/writeFile', { sessionId, path: 'main.ts', content });
      const { client, ended } = new ProtocolDebug(raw, 'd1');
      await raw.request('debug/start', { sessionId, path: 'main.ts', debugId: 'd1' });
      await client.ask('initialize', { adapterID: 'codebeaker' });
      const initialized = client.event('initialized');
      const launched = client.ask('launch');
      await initialized;
      const terminated = client.event('terminated');
      await client.ask('configurationDone');
      await launched;
      await terminated;
      await client.ask('disconnect');
      expect(await ended).to.include({ outcome: 'exited', exitCode: 0 });
      expect(client.events('output').map(({ output }) => output).join('')).to.equal('no\n'.repeat(tries.length));
      await raw.end();
    });
  });

  describe('with codebeaker dap', () => {
    before(need('bubblewrap', program('bwrap')));

    it('needs no name of a runtime, because it takes one that has Node', async () => {
      const main = project('.js', false);
      const command = new DapCommand();
      await converse(command.client, main, { type: 'codebeaker', request: 'launch', name: 'a program', program: main, args: ['argument'], cwd: dirname(main) }, conversation('.js'));
      expect(command.client.events('capabilities')[0].capabilities).to.include({ supportsSetVariable: true, supportsBreakpointLocationsRequest: true });
      expect(await command.exited).to.equal(0);
      expect(command.stderr).to.equal('');
    });
  });
});
