/** Debugging of JavaScript and TypeScript in Node, in real runtimes: over the daemon's own protocol, and with plain DAP. */
import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type DapClient, DapCommand, ProtocolDebug } from '../debug/dap-client.ts';
import { bundles, dockerImage, need, program, type Probe } from '../require.ts';
import { sourceFile } from './command-line.ts';
import { daemonEnvironment, image } from './environment.ts';
import { RawClient } from './raw-client.ts';

const places: Record<string, Probe> = { docker: dockerImage(image), native: program('bwrap') };

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

/** From the first message to the last. `launch`: the arguments of the client. */
async function converse(client: DapClient, main: string, launch: object): Promise<void> {
  const neighbour = join(dirname(main), `lib${main.slice(main.lastIndexOf('.'))}`);
  const capabilities = await client.ask('initialize', { adapterID: 'codebeaker', linesStartAt1: true, columnsStartAt1: true, pathFormat: 'path' });
  expect(capabilities).to.include({ supportsConfigurationDoneRequest: true });
  expect(capabilities).not.to.have.property('supportsRestartRequest');
  const initialized = client.event('initialized');
  const launched = client.ask('launch', launch);
  await initialized;
  const set = await client.ask('setBreakpoints', { source: { path: main }, breakpoints: [{ line: 6, condition: 'i == 3' }] });
  expect(set.breakpoints).to.have.length(1);
  expect(set.breakpoints[0]).to.include({ verified: true, line: 6 });
  await client.ask('setExceptionBreakpoints', { filters: [] });
  let stopped = client.event('stopped');
  await client.ask('configurationDone');
  await launched;
  const { threadId, reason } = await stopped;
  expect(reason).to.equal('breakpoint');
  expect((await client.ask('threads')).threads.map(({ id }: any) => id)).to.include(threadId);
  const { stackFrames } = await client.ask('stackTrace', { threadId });
  expect(stackFrames[0]).to.include({ name: 'work', line: 6 });
  expect(stackFrames[0].source.path).to.equal(main);
  const { scopes } = await client.ask('scopes', { frameId: stackFrames[0].id });
  const inScopes = await Promise.all(scopes.filter(({ expensive }: any) => !expensive).map(async ({ variablesReference }: any) => ({ variablesReference, ...(await client.ask('variables', { variablesReference })) })));
  const holder = (name: string) => inScopes.find(({ variables }) => variables.some((each: any) => each.name === name));
  expect(holder('i').variables.find(({ name }: any) => name === 'i')).to.include({ value: '3' });
  expect((await client.ask('evaluate', { expression: 'total + 100', frameId: stackFrames[0].id, context: 'repl' })).result).to.equal('105');
  expect((await client.ask('setVariable', { variablesReference: holder('total').variablesReference, name: 'total', value: '1000' })).value).to.equal('1000');
  stopped = client.event('stopped');
  await client.ask('stepIn', { threadId });
  await stopped;
  const inside = await client.ask('stackTrace', { threadId });
  expect(inside.stackFrames[0]).to.include({ name: 'square', line: 2 });
  expect(inside.stackFrames[0].source.path).to.equal(neighbour);
  // Where Node itself has called the program there is no file of the client, and the text comes from the sandbox.
  const { source } = inside.stackFrames.find((frame: any) => frame.source?.sourceReference > 0);
  expect((await client.ask('source', { source, sourceReference: source.sourceReference })).content).to.contain('function');
  stopped = client.event('stopped');
  await client.ask('stepOut', { threadId });
  await stopped;
  const exited = client.event('exited');
  const terminated = client.event('terminated');
  await client.ask('continue', { threadId });
  expect((await exited).exitCode).to.equal(3);
  await terminated;
  await client.ask('disconnect', {});
  const output = (category: string) => client.events('output').filter((body) => body.category === category).map((body) => body.output).join('');
  // 1000, instead of 0 + 1 + 4, then 9 and 16.
  expect(output('stdout')).to.equal('sum 1025 argument false\n');
  expect(output('stderr')).to.contain('to stderr\n');
  expect(client.faults).to.deep.equal([]);
  expect(JSON.stringify(client.received).replaceAll(dirname(main), '')).not.to.contain('/workspace');
}

describe('debugging in Node', () => {
  before(need('the build', bundles));

  for (const [runtime, probe] of Object.entries(places)) {
    describe(runtime, () => {
      before(need(runtime, probe));

      for (const language of runtime === 'docker' ? ['javascript', 'typescript'] : ['javascript']) {
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
          expect(started.adapter.name).to.equal('Node');
          await converse(debug.client, main, { program: '/etc/passwd', runtimeExecutable: '/bin/false' });
          expect(await debug.ended).to.deep.equal({ debugId: 'd1', outcome: 'exited', exitCode: 3 });
          expect((await raw.request('session/list')).sessions[0].state).to.equal('ready');
          expect((await raw.request('command/listDirectory', { sessionId, path: '/tmp' })).entries).to.deep.equal([]);
          expect(await raw.end()).to.equal(0);
          expect(raw.stderr).to.equal('');
        });
      }
    });
  }

  describe('with codebeaker dap', () => {
    before(need('native', places.native as Probe));

    it('needs no name of a runtime, because it takes one that has Node', async () => {
      const main = project('.js', false);
      const command = new DapCommand();
      await converse(command.client, main, { type: 'codebeaker', request: 'launch', name: 'a program', program: main, args: ['argument'], cwd: dirname(main) });
      expect(command.client.events('capabilities')[0].capabilities).to.include({ supportsSetVariable: true, supportsBreakpointLocationsRequest: true });
      expect(await command.exited).to.equal(0);
      expect(command.stderr).to.equal('');
    });
  });
});
