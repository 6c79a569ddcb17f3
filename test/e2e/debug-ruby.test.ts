/** Debugging of Ruby with the gem debug, in real runtimes: over the daemon's own protocol, and with plain DAP. */
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type DapClient, ProtocolDebug } from '../debug/dap-client.ts';
import { bundles, dockerImage, need, program, type Probe } from '../require.ts';
import { sourceFile } from './command-line.ts';
import { daemonEnvironment, image, processes, until } from './environment.ts';
import { RawClient } from './raw-client.ts';

const places: Record<string, Probe> = { docker: dockerImage(image), native: program('bwrap') };

const files: Readonly<Record<string, string>> = {
  'main.rb': `require_relative 'lib'

def work(n)
  total = 0
  n.times do |i|
    total += square(i)
  end
  total
end

list = [10, { a: 1, 'b' => [2] }, 'text']
puts "sum #{work(5)} #{ARGV[0]}"
warn 'to stderr'
begin
  raise ArgumentError, 'caught'
rescue ArgumentError
  puts list.inspect
end
exit 3
`,
  'lib.rb': 'def square(x)\n  result = x * x\n  result\nend\n',
};

/** A folder of the client with the program; the path of the program. */
function project(): string {
  const main = sourceFile('main.rb', files['main.rb'] as string);
  writeFileSync(join(dirname(main), 'lib.rb'), files['lib.rb'] as string);
  return main;
}

/** From the first message to the last. `launch`: the arguments of the client. */
async function converse(client: DapClient, main: string, launch: object): Promise<void> {
  const neighbour = join(dirname(main), 'lib.rb');
  await client.ask('initialize', { adapterID: 'codebeaker', linesStartAt1: true, columnsStartAt1: true, pathFormat: 'path' });
  const initialized = client.event('initialized');
  const launched = client.ask('launch', launch);
  await initialized;
  const set = await client.ask('setBreakpoints', { source: { path: main }, breakpoints: [{ line: 6, condition: 'i == 3' }, { line: 8, logMessage: 'total is {total}' }, { line: 12 }, { line: 4, condition: 'if' }] });
  expect(set.breakpoints.map(({ verified }: any) => verified)).to.deep.equal([true, true, true, false]);
  const frameAt = async (threadId: number) => (await client.ask('stackTrace', { threadId })).stackFrames[0];
  const after = async (command: string, args: object): Promise<any> => {
    const stopped = client.event('stopped');
    await client.ask(command, args);
    return stopped;
  };
  const atList = client.event('stopped');
  await client.ask('configurationDone');
  await launched;
  const { threadId, reason } = await atList;
  expect(reason).to.equal('breakpoint');
  expect((await client.ask('threads')).threads.map(({ id }: any) => id)).to.include(threadId);
  const top = await frameAt(threadId);
  expect(top).to.include({ line: 12 });
  expect(top.source.path).to.equal(main);
  const scopeOf = async (frameId: number) => (await client.ask('scopes', { frameId })).scopes[0].variablesReference;
  const variablesOf = async (variablesReference: number) => (await client.ask('variables', { variablesReference })).variables;
  const named = (variables: any[], name: string) => variables.find((each) => each.name === name) ?? expect.fail(`no ${name} in ${JSON.stringify(variables)}`);
  const list = named(await variablesOf(await scopeOf(top.id)), 'list');
  const elements = await variablesOf(list.variablesReference);
  expect(elements.slice(0, 3).map(({ name }: any) => name)).to.deep.equal(['0', '1', '2']);
  const hash = await variablesOf(elements[1].variablesReference);
  expect((await client.ask('setVariable', { variablesReference: elements[1].variablesReference, name: named(hash, ':a').name, value: '40 + 2' })).value).to.equal('42');
  expect((await client.ask('setVariable', { variablesReference: list.variablesReference, name: '0', value: ':first' })).value).to.equal(':first');
  expect((await client.response('setVariable', { variablesReference: list.variablesReference, name: '#class', value: '1' })).success).to.equal(false);
  expect((await client.response('setVariable', { variablesReference: list.variablesReference, name: '0', value: 'nothing' })).message).to.contain('undefined local variable');
  await after('continue', { threadId });
  const inner = await frameAt(threadId);
  expect(inner).to.include({ line: 6 });
  const scope = await scopeOf(inner.id);
  expect(named(await variablesOf(scope), 'i')).to.include({ value: '3' });
  expect((await client.ask('evaluate', { expression: 'total + 100', frameId: inner.id, context: 'repl' })).result).to.equal('105');
  expect((await client.ask('evaluate', { expression: 'total', frameId: inner.id, context: 'clipboard' })).result).to.equal('5');
  expect((await client.ask('setVariable', { variablesReference: scope, name: 'total', value: '1000' })).value).to.equal('1000');
  expect((await client.ask('completions', { frameId: inner.id, text: 'tot', column: 4 })).targets.map(({ text }: any) => text)).to.include('total');
  // A request that the gem does not know would end the conversation.
  expect((await client.response('loadedSources')).success).to.equal(false);
  await after('stepIn', { threadId });
  expect((await frameAt(threadId)).source.path).to.equal(neighbour);
  await after('next', { threadId });
  expect(await frameAt(threadId)).to.include({ line: 3 });
  await after('stepOut', { threadId });
  // What was set before is no longer there.
  await client.ask('setBreakpoints', { source: { path: main }, breakpoints: [{ line: 8, logMessage: 'total is {total}' }] });
  expect((await client.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'square', hitCondition: '1' }, { name: 'Nothing#here' }] })).breakpoints.map(({ verified }: any) => verified)).to.deep.equal([true, false]);
  expect((await after('continue', { threadId })).reason).to.equal('breakpoint');
  expect((await frameAt(threadId)).source.path).to.equal(neighbour);
  await client.ask('setFunctionBreakpoints', { breakpoints: [] });
  await client.ask('setExceptionBreakpoints', { filters: ['any', 'RuntimeError'] });
  expect((await after('continue', { threadId })).reason).to.equal('exception');
  expect(await client.ask('exceptionInfo', { threadId })).to.deep.include({ exceptionId: 'ArgumentError', description: 'caught', breakMode: 'always' });
  const exited = client.event('exited');
  const terminated = client.event('terminated');
  await client.ask('continue', { threadId });
  expect((await exited).exitCode).to.equal(3);
  await terminated;
  await client.ask('disconnect', {});
  const output = (category: string) => client.events('output').filter((body) => body.category === category).map((body) => body.output).join('');
  // 1000, instead of 0 + 1 + 4, then 9 and 16.
  expect(output('stdout')).to.equal('sum 1025 argument\n[:first, {:a=>42, "b"=>[2]}, "text"]\n');
  expect(output('stderr')).to.equal('to stderr\n');
  expect(output('console')).to.equal('total is 1025\n');
  expect(client.events('terminated')).to.have.length(1);
  expect(client.faults).to.deep.equal([]);
  expect(JSON.stringify(client.received).replaceAll(dirname(main), '')).not.to.contain('/workspace');
}

describe('debugging in Ruby', () => {
  before(need('the build', bundles));

  for (const [runtime, probe] of Object.entries(places)) {
    describe(runtime, () => {
      before(need(runtime, probe));
      before(need('ruby', program('ruby')));

      it('stops at breakpoints, shows and changes variables, steps, and ends with the program', async () => {
        const main = project();
        const raw = new RawClient({ env: daemonEnvironment() });
        const server = await raw.initialize({ debug: { adapter: true } });
        expect(server.capabilities.debug.languages).to.include('ruby');
        const { sessionId } = await raw.request('session/create', { runtime, language: 'ruby' });
        for (const [path, content] of Object.entries(files)) await raw.request('command/writeFile', { sessionId, path, content });
        const debug = new ProtocolDebug(raw, 'd1');
        const started = await raw.request('debug/start', { sessionId, path: 'main.rb', args: ['argument'], debugId: 'd1', pathMappings: [{ client: pathToFileURL(dirname(main)).href, sandbox: '/workspace' }] });
        expect(started.adapter.name).to.equal('debug');
        await converse(debug.client, main, { program: '/etc/passwd', debugPort: 1 });
        expect(await debug.ended).to.deep.equal({ debugId: 'd1', outcome: 'exited', exitCode: 3 });
        expect((await raw.request('session/list')).sessions[0].state).to.equal('ready');
        expect((await raw.request('command/listDirectory', { sessionId, path: '/tmp' })).entries).to.deep.equal([]);
        expect(await raw.end()).to.equal(0);
        expect(raw.stderr).to.equal('');
      });

      it('steps into libraries only if asked to, pauses, and leaves nothing when its session is closed', async () => {
        const raw = new RawClient({ env: daemonEnvironment() });
        await raw.initialize({ debug: { adapter: true } });
        const { sessionId } = await raw.request('session/create', { runtime, language: 'ruby' });
        const mark = `mark-${randomUUID()}`;
        const begin = async (debugId: string, code: string, justMyCode: boolean) => {
          const debug = new ProtocolDebug(raw, debugId);
          await raw.request('debug/start', { sessionId, code, args: [mark], stopOnEntry: true, justMyCode, debugId });
          await debug.client.ask('initialize');
          await debug.client.ask('launch');
          const stopped = debug.client.event('stopped');
          await debug.client.ask('configurationDone');
          return { debug, ...(await stopped) };
        };
        const library = "require 'set'\nSet.new([1]).add?(2)\nputs 'end'\n";
        for (const justMyCode of [true, false]) {
          const { debug, threadId } = await begin(`library-${justMyCode}`, library, justMyCode);
          let stopped = debug.client.event('stopped');
          await debug.client.ask('next', { threadId });
          await stopped;
          stopped = debug.client.event('stopped');
          await debug.client.ask('stepIn', { threadId });
          await stopped;
          const [frame] = (await debug.client.ask('stackTrace', { threadId })).stackFrames;
          expect(frame.source.name === 'set.rb').to.equal(!justMyCode);
          await debug.client.ask('disconnect');
          expect((await debug.ended).outcome).to.equal('cancelled');
        }
        const { debug, threadId, reason } = await begin('endless', 'loop { sleep 0.01 }\n', true);
        expect(reason).to.equal('entry');
        await debug.client.ask('continue', { threadId });
        const paused = debug.client.event('stopped');
        await debug.client.ask('pause', { threadId });
        expect((await paused).reason).to.equal('pause');
        expect(processes(mark)).not.to.deep.equal([]);
        await raw.request('session/close', { sessionId });
        expect(await debug.ended).to.deep.include({ outcome: 'cancelled', exitCode: null });
        await until('nothing of the program is left', () => processes(mark).length === 0);
        expect(await raw.end()).to.equal(0);
      });
    });
  }
});
