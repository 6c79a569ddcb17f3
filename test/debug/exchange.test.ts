/** What passes between a client and an adapter, and what does not: the adapter may say anything. */
import { expect } from 'chai';
import type { DapMessage } from '../../server/src/debug/dap.ts';
import { Exchange } from '../../server/src/debug/exchange.ts';
import { PathMap } from '../../server/src/debug/paths.ts';
import { HostileMessage } from '../../server/src/debug/rewrite.ts';
import { nextLoopIteration as settled } from '../../server/src/base/promises.ts';
import type { Json } from '../wire/wire.ts';

class Between {
  readonly toClient: Json[] = [];
  readonly toAdapter: Json[] = [];
  readonly over: string[] = [];
  readonly read: string[] = [];
  full = false;
  printed = 0;
  readonly exchange: Exchange;
  #seq = 0;

  constructor({ redact }: { redact?: (text: string) => string } = {}) {
    this.exchange = new Exchange({
      paths: new PathMap([{ client: '/home/me/project', sandbox: '/workspace' }]),
      redact,
      capabilities: ['supportsConfigurationDoneRequest', 'supportsSetVariable'],
      launch: { program: '/workspace/main.py' },
      toClient: async (message) => void this.toClient.push(message),
      toAdapter: (message) => {
        if (!this.full) this.toAdapter.push(message);
        return !this.full;
      },
      printed: (text) => {
        this.printed += text.length;
        return this.printed < 100;
      },
      read: async (path) => {
        this.read.push(path);
        return path === '/usr/lib/x.py' ? 'text' : undefined;
      },
      over: (how) => void this.over.push(how),
    });
  }

  ask(command: string, args?: object): Json {
    this.exchange.fromClient({ seq: ++this.#seq + 100, type: 'request', command, ...(args && { arguments: args }) });
    return this.toAdapter.at(-1);
  }

  /** The adapter answers the last request. Returns what the client gets. */
  async answer(body: object, more: object = {}): Promise<Json> {
    const { seq, command } = this.toAdapter.at(-1);
    await this.say({ type: 'response', request_seq: seq, success: true, command, body, ...more });
    return this.toClient.at(-1);
  }

  async event(event: string, body: object = {}): Promise<Json> {
    const before = this.toClient.length;
    await this.say({ type: 'event', event, body });
    return this.toClient[before];
  }

  say(message: object): Promise<void> {
    return this.exchange.fromAdapter({ seq: ++this.#seq, ...message } as DapMessage);
  }
}

describe('between a client and a debug adapter', () => {
  it('requests pass in, answers pass out, and each side has numbers of its own', async () => {
    const between = new Between();
    expect(between.ask('threads')).to.deep.equal({ seq: 1, type: 'request', command: 'threads', arguments: {} });
    expect(await between.answer({ threads: [{ id: 1, name: 'main' }] })).to.deep.equal({ seq: 1, type: 'response', request_seq: 101, success: true, command: 'threads', body: { threads: [{ id: 1, name: 'main' }] } });
  });

  it('the arguments of a launch, and what a client says of itself, are the daemon’s', () => {
    const between = new Between();
    const { arguments: client } = between.ask('initialize', { clientID: 'x', adapterID: 'y', linesStartAt1: false, supportsRunInTerminalRequest: true, supportsStartDebuggingRequest: true, pathFormat: 'uri' });
    expect(client).to.include({ clientID: 'codebeaker', linesStartAt1: false, supportsRunInTerminalRequest: false, supportsStartDebuggingRequest: false, pathFormat: 'path' });
    expect(between.ask('launch', { program: '/etc/passwd', console: 'externalTerminal' }).arguments).to.deep.equal({ program: '/workspace/main.py' });
    expect(between.ask('attach', { connect: { port: 1 } })).to.include({ command: 'launch' }).with.property('arguments').deep.equal({ program: '/workspace/main.py' });
  });

  it('only capabilities that are known to work are told', async () => {
    const between = new Between();
    between.ask('initialize');
    const { body } = await between.answer({ supportsConfigurationDoneRequest: true, supportsSetVariable: false, supportsStepBack: true, exceptionBreakpointFilters: [{ filter: 'uncaught', label: 'Uncaught' }, 'x', { filter: 1 }] });
    expect(body).to.deep.equal({ supportsConfigurationDoneRequest: true, exceptionBreakpointFilters: [{ filter: 'uncaught', label: 'Uncaught' }] });
  });

  it('paths are rewritten in breakpoints, frames, modules, processes and texts', async () => {
    const between = new Between();
    expect(between.ask('setBreakpoints', { source: { path: '/home/me/project/a.py' }, breakpoints: [{ line: 1 }] }).arguments).to.deep.equal({ source: { path: '/workspace/a.py' }, breakpoints: [{ line: 1 }] });
    expect((await between.answer({ breakpoints: [{ verified: true, source: { path: '/workspace/a.py' } }] })).body.breakpoints[0].source).to.deep.equal({ name: 'a.py', path: '/home/me/project/a.py' });
    between.ask('stackTrace', { threadId: 1 });
    expect((await between.answer({ stackFrames: [{ id: 1, name: 'f', source: { name: 'a.py', path: '/workspace/sub/a.py', sources: [{ path: '/workspace/b.ts' }], adapterData: '/secret' } }] })).body.stackFrames[0].source)
      .to.deep.equal({ name: 'a.py', path: '/home/me/project/sub/a.py', sources: [{ name: 'b.ts', path: '/home/me/project/b.ts' }] });
    expect((await between.event('module', { reason: 'new', module: { id: 1, name: 'a', path: '/workspace/a.py', symbolFilePath: '/usr/x' } })).body.module).to.deep.equal({ id: 1, name: 'a', path: '/home/me/project/a.py' });
    expect((await between.event('loadedSource', { reason: 'new', source: { path: '/workspace/a.py' } })).body.source.path).to.equal('/home/me/project/a.py');
    expect((await between.event('process', { name: '/usr/bin/python3' })).body.name).to.equal('python3');
    expect((await between.event('output', { category: 'stderr', output: 'File "/workspace/a.py"', source: { path: '/workspace/a.py' } })).body).to.deep.include({ output: 'File "/home/me/project/a.py"', source: { name: 'a.py', path: '/home/me/project/a.py' } });
    between.ask('exceptionInfo', { threadId: 1 });
    const { body: { details } } = await between.answer({ exceptionId: 'E', breakMode: 'always', details: { message: 'm', stackTrace: 'File "/workspace/a.py"', innerException: [{ stackTrace: 'in /workspace/b.py' }] } });
    expect(details).to.deep.equal({ message: 'm', stackTrace: 'File "/home/me/project/a.py"', innerException: [{ stackTrace: 'in /home/me/project/b.py' }] });
    between.ask('evaluate', { expression: 'x' });
    expect(await between.answer({ error: { format: 'in /workspace/a.py' } }, { success: false, message: 'at /workspace/a.py' })).to.deep.include({ message: 'at /home/me/project/a.py', body: { error: { format: 'in /home/me/project/a.py' } } });
  });

  it('what a program prints, and the values of its variables, stay as they are', async () => {
    const between = new Between();
    expect((await between.event('output', { category: 'stdout', output: '/workspace/a.py' })).body.output).to.equal('/workspace/a.py');
    between.ask('variables', { variablesReference: 1 });
    expect((await between.answer({ variables: [{ name: '__file__', value: "'/workspace/a.py'" }] })).body.variables[0].value).to.equal("'/workspace/a.py'");
  });

  it('a file that exists only inside is told by number, and read by it', async () => {
    const between = new Between();
    between.ask('stackTrace');
    const { body: { stackFrames } } = await between.answer({ stackFrames: [{ source: { path: '/usr/lib/x.py' } }, { source: { path: '/etc/passwd' } }, { source: { path: '/usr/lib/x.py' } }, { source: { name: '<string>', path: '/workspace/a.py', sourceReference: 7 } }] });
    const sources = stackFrames.map(({ source }: Json) => source);
    expect(sources).to.deep.equal([{ name: 'x.py', sourceReference: 1 }, { name: 'passwd', sourceReference: 2 }, { name: 'x.py', sourceReference: 1 }, { name: '<string>', sourceReference: 3 }]);
    const { length } = between.toAdapter;
    between.ask('source', { sourceReference: 1 });
    await settled();
    expect(between.toClient.at(-1)).to.deep.include({ success: true, command: 'source', body: { content: 'text' } });
    between.ask('source', { source: { sourceReference: 2 } });
    await settled();
    expect(between.toClient.at(-1)).to.include({ success: false, command: 'source' });
    between.ask('source', { sourceReference: 99 });
    between.ask('source', { source: { path: '/etc/shadow' }, sourceReference: 0 });
    await settled();
    expect(between.read).to.deep.equal(['/usr/lib/x.py', '/etc/passwd']);
    expect(between.toAdapter).to.have.length(length);
    expect(between.ask('source', { sourceReference: 3 }).arguments).to.deep.include({ sourceReference: 7 });
    expect(between.ask('setBreakpoints', { source: { sourceReference: 1 }, breakpoints: [] }).arguments.source).to.deep.equal({ path: '/usr/lib/x.py' });
  });

  it('breakpoints in files that the sandbox does not have are not set, and the adapter learns no such path', () => {
    const between = new Between();
    between.ask('setBreakpoints', { source: { path: '/home/me/secret/x.py' }, breakpoints: [{ line: 1 }, { line: 2 }] });
    expect(between.toAdapter).to.deep.equal([]);
    expect(between.toClient[0].body.breakpoints.map(({ verified }: Json) => verified)).to.deep.equal([false, false]);
    between.ask('gotoTargets', { source: { path: '/home/me/secret/x.py' }, line: 1 });
    expect(between.toAdapter).to.deep.equal([]);
    expect(between.toClient[1]).to.include({ success: false, command: 'gotoTargets' });
  });

  for (const command of ['runInTerminal', 'startDebugging', 'anythingElse']) {
    it(`an adapter that asks the client for ${command} is refused by the daemon`, async () => {
      const between = new Between();
      await between.say({ type: 'request', command, arguments: { args: ['touch', '/tmp/x'], cwd: '/', configuration: {} } });
      expect(between.toClient).to.deep.equal([]);
      expect(between.toAdapter[0]).to.include({ type: 'response', success: false, command });
    });
  }

  it('answers that nobody asked for, twice, or for another request, are dropped', async () => {
    const between = new Between();
    await between.say({ type: 'response', request_seq: 1, success: true, command: 'threads', body: { threads: [] } });
    expect(between.toClient).to.deep.equal([]);
    between.ask('threads');
    await between.answer({ threads: [] });
    await between.answer({ threads: [] });
    expect(between.toClient).to.have.length(1);
    between.ask('evaluate', { expression: '1' });
    await between.answer({ threads: [] }, { command: 'threads' });
    expect(between.toClient.at(-1)).to.include({ success: false, command: 'evaluate' });
  });

  const useless: [string, object][] = [
    ['threads', { threads: 1 }], ['threads', { threads: [1] }], ['stackTrace', {}], ['variables', { variables: {} }], ['evaluate', { result: 1, variablesReference: 0 }], ['scopes', { scopes: null }],
  ];
  for (const [command, body] of useless) {
    it(`${JSON.stringify(body)} is no answer to ${command}`, async () => {
      const between = new Between();
      between.ask(command);
      expect(await between.answer(body)).to.include({ success: false, command });
    });
  }

  for (const [event, body] of [['output', {}], ['output', { output: 1 }], ['output', { output: 'x', category: 'telemetry' }], ['stopped', {}], ['thread', { reason: 'started' }], ['exited', { exitCode: '0' }], ['debugpyAttach', {}], ['constructor', {}], ['__proto__', {}]] as const) {
    it(`the event ${event} with ${JSON.stringify(body)} is dropped`, async () => {
      expect(await new Between().event(event, body)).to.equal(undefined);
    });
  }

  it('requests that are not of the protocol do not reach the adapter', () => {
    const between = new Between();
    for (const command of ['pydevdSystemInfo', 'runInTerminal', 'constructor', 'readMemory', 'writeMemory', 'restart']) between.ask(command);
    between.exchange.fromClient({ seq: 1, type: 'response', request_seq: 1, success: true, command: 'runInTerminal' });
    between.exchange.fromClient('x');
    expect(between.toAdapter).to.deep.equal([]);
    expect(between.toClient.map(({ success }) => success)).to.deep.equal([false, false, false, false, false, false]);
  });

  it('a message that is nested too deeply is an attack', async () => {
    const between = new Between();
    let nested: object = {};
    for (let depth = 0; depth < 1000; depth++) nested = { nested };
    const fault = await between.event('stopped', { reason: 'x', nested }).catch((reason: unknown) => reason);
    expect(fault).to.be.instanceOf(HostileMessage);
    let source: object = {};
    for (let depth = 0; depth < 1000; depth++) source = { sources: [source] };
    expect(await between.event('loadedSource', { reason: 'x', source }).catch((reason: unknown) => reason)).to.be.instanceOf(HostileMessage);
  });

  it('members with the names of prototypes are members', async () => {
    const body = JSON.parse('{"reason":"x","__proto__":{"polluted":true},"constructor":1}') as object;
    const told = await new Between().event('stopped', body);
    expect(Object.keys(told.body)).to.deep.equal(['reason', '__proto__', 'constructor']);
    expect(({} as Json).polluted).to.equal(undefined);
  });

  it('secrets are taken out of every text', async () => {
    const between = new Between({ redact: (text) => text.replaceAll('hunter2', '***') });
    between.ask('variables');
    expect((await between.answer({ variables: [{ name: 'hunter2', value: "'hunter2'" }] })).body.variables[0]).to.deep.equal({ name: '***', value: "'***'" });
    expect((await between.event('output', { output: 'hunter2' })).body.output).to.equal('***');
  });

  it('what the program prints counts, and what the debugger says does not', async () => {
    const between = new Between();
    await between.event('output', { category: 'console', output: 'x'.repeat(1000) });
    expect(between.printed).to.equal(0);
    await between.event('output', { output: 'x'.repeat(50) });
    expect(await between.event('output', { category: 'stderr', output: 'x'.repeat(50) })).to.equal(undefined);
    expect(between.printed).to.equal(100);
  });

  it('too many requests, and those for which there is no room, are refused', () => {
    const between = new Between();
    for (let at = 0; at < 1100; at++) between.ask('threads');
    expect(between.toAdapter).to.have.length(1000);
    expect(between.toClient).to.have.length(100);
    const other = new Between();
    other.full = true;
    other.ask('threads');
    expect(other.toClient[0]).to.include({ success: false, request_seq: 101 });
  });

  it('at the end every request is answered, and the client is told once', async () => {
    const between = new Between();
    between.ask('threads');
    between.ask('disconnect');
    await between.exchange.close('it is over');
    await between.exchange.close('it is over');
    expect(between.toClient.map(({ type, event, command, success }) => [type, event ?? command, success])).to.deep.equal([['response', 'threads', false], ['response', 'disconnect', true], ['event', 'terminated', undefined]]);
    await between.event('output', { output: 'x' });
    expect(between.toClient).to.have.length(3);
    between.ask('threads');
    between.ask('disconnect');
    expect(between.toClient.slice(3).map(({ command, success }) => [command, success])).to.deep.equal([['threads', false], ['disconnect', true]]);
  });
});
