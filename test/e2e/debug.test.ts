/** Debugging, in real runtimes and with the real debuggers: over the daemon's own protocol, and with plain DAP. */
import { expect } from 'chai';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type DapClient, DapCommand, ProtocolDebug } from '../debug/dap-client.ts';
import { dockerImage, need, program, type Probe } from '../require.ts';
import { sourceFile } from './command-line.ts';
import { daemonEnvironment, image } from './environment.ts';
import { RawClient } from './raw-client.ts';

const places: Record<string, Probe> = { docker: dockerImage(image), native: program('bwrap') };

const code = `import sys
from lib import square

def work(n):
    total = 0
    for i in range(n):
        total += square(i)
    return total

print("sum", work(5), sys.argv[1], flush=True)
print("to stderr", file=sys.stderr, flush=True)
sys.exit(0)
`;
const lib = `def square(x):
    result = x * x
    return result
`;

/** A folder of the client with the program; the path of the program. */
function project(): string {
  const main = sourceFile('main.py', code);
  writeFileSync(join(dirname(main), 'lib.py'), lib);
  mkdirSync(join(dirname(main), 'sub'));
  return main;
}

/** From the first message to the last. `launch`: the arguments of the client. */
async function converse(client: DapClient, main: string, launch: object): Promise<void> {
  const { dir, neighbour } = { dir: dirname(main), neighbour: join(dirname(main), 'lib.py') };
  const capabilities = await client.ask('initialize', { adapterID: 'codebeaker', linesStartAt1: true, columnsStartAt1: true, pathFormat: 'path' });
  expect(capabilities).to.include({ supportsConfigurationDoneRequest: true });
  const initialized = client.event('initialized');
  const launched = client.ask('launch', launch);
  await initialized;
  const set = await client.ask('setBreakpoints', { source: { path: main }, breakpoints: [{ line: 7, condition: 'i == 3' }] });
  expect(set.breakpoints).to.have.length(1);
  expect(set.breakpoints[0]).to.include({ verified: true, line: 7 });
  expect(set.breakpoints[0].source?.path ?? main).to.equal(main);
  await client.ask('setExceptionBreakpoints', { filters: [] });
  let stopped = client.event('stopped');
  await client.ask('configurationDone');
  await launched;
  const { threadId, reason } = await stopped;
  expect(reason).to.equal('breakpoint');
  const { threads } = await client.ask('threads');
  expect(threads.map(({ id }: any) => id)).to.include(threadId);
  const { stackFrames } = await client.ask('stackTrace', { threadId });
  expect(stackFrames[0]).to.include({ name: 'work', line: 7 });
  expect(stackFrames[0].source.path).to.equal(main);
  const { scopes } = await client.ask('scopes', { frameId: stackFrames[0].id });
  const { variablesReference } = scopes[0];
  const { variables } = await client.ask('variables', { variablesReference });
  expect(variables.find(({ name }: any) => name === 'i')).to.include({ value: '3' });
  expect((await client.ask('evaluate', { expression: 'total + 100', frameId: stackFrames[0].id, context: 'repl' })).result).to.equal('105');
  expect((await client.ask('setVariable', { variablesReference, name: 'total', value: '1000' })).value).to.equal('1000');
  stopped = client.event('stopped');
  await client.ask('stepIn', { threadId });
  await stopped;
  const inside = await client.ask('stackTrace', { threadId });
  expect(inside.stackFrames[0]).to.include({ name: 'square', line: 2 });
  expect(inside.stackFrames[0].source.path).to.equal(neighbour);
  stopped = client.event('stopped');
  await client.ask('stepOut', { threadId });
  await stopped;
  const exited = client.event('exited');
  const terminated = client.event('terminated');
  await client.ask('continue', { threadId });
  expect((await exited).exitCode).to.equal(0);
  await terminated;
  await client.ask('disconnect', {});
  const output = (category: string) => client.events('output').filter((body) => body.category === category).map((body) => body.output).join('');
  // 1000, instead of 0 + 1 + 4, then 9 and 16.
  expect(output('stdout')).to.equal('sum 1025 argument\n');
  expect(output('stderr')).to.contain('to stderr\n');
  expect(client.faults).to.deep.equal([]);
  expect(JSON.stringify(client.received).replaceAll(dir, '')).not.to.contain('/workspace');
}

describe('debugging', () => {
  for (const [runtime, probe] of Object.entries(places)) {
    describe(`Python, ${runtime}`, () => {
      before(need(runtime, probe));

      it('stops at breakpoints, shows and changes variables, steps, and ends with the program', async () => {
        const main = project();
        const raw = new RawClient({ env: daemonEnvironment() });
        const server = await raw.initialize({ debug: { adapter: true } });
        expect(server.capabilities.debug.languages).to.include('python');
        const { sessionId } = await raw.request('session/create', { runtime, language: 'python' });
        await raw.request('command/writeFile', { sessionId, path: 'main.py', content: code });
        await raw.request('command/writeFile', { sessionId, path: 'lib.py', content: lib });
        const debug = new ProtocolDebug(raw, 'd1');
        const started = await raw.request('debug/start', { sessionId, path: 'main.py', args: ['argument'], debugId: 'd1', pathMappings: [{ client: pathToFileURL(dirname(main)).href, sandbox: '/workspace' }] });
        expect(started.adapter.name).to.equal('debugpy');
        await converse(debug.client, main, { program: '/etc/passwd', console: 'externalTerminal' });
        expect(await debug.ended).to.deep.equal({ debugId: 'd1', outcome: 'exited', exitCode: 0 });
        expect((await raw.request('session/list')).sessions[0].state).to.equal('ready');
        expect((await raw.request('command/listDirectory', { sessionId, path: '/tmp' })).entries).to.deep.equal([]);
        expect(await raw.end()).to.equal(0);
        expect(raw.stderr).to.equal('');
      });

      it('does the same for an editor that starts codebeaker dap', async () => {
        const main = project();
        const command = new DapCommand();
        await converse(command.client, main, { type: 'codebeaker', request: 'launch', name: 'a program', program: main, args: ['argument'], cwd: dirname(main), runtime, console: 'externalTerminal' });
        expect(command.client.events('capabilities')[0].capabilities).to.include({ supportsSetVariable: true, supportsConditionalBreakpoints: true });
        expect(await command.exited).to.equal(0);
        expect(command.stderr).to.equal('');
      });
    });
  }
});
