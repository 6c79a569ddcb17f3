/** What passes between a client and an adapter, and what does not: the adapter may say anything. */
import { expect } from 'chai';
import type { DapMessage } from '../../server/src/debug/dap.ts';
import { Exchange } from '../../server/src/debug/exchange.ts';
import { PathMap } from '../../server/src/debug/paths.ts';
import { HostileMessage } from '../../server/src/debug/rewrite.ts';
import { Secrets } from '../../server/src/secrets/secrets.ts';
import { deferred, nextLoopIteration as settled } from '../../server/src/base/promises.ts';
import type { Json } from '../wire/wire.ts';

class Between {
  readonly toClient: Json[] = [];
  readonly toAdapter: Json[] = [];
  readonly over: string[] = [];
  readonly read: string[] = [];
  /** What a source is read from, as long as nothing else is said. */
  reading: () => Promise<string | undefined> = async () => undefined;
  full = false;
  printed = 0;
  readonly exchange: Exchange;
  #seq = 0;

  constructor({ secrets }: { secrets?: Secrets } = {}) {
    this.exchange = new Exchange({
      paths: new PathMap([{ client: '/home/me/project', sandbox: '/workspace' }]),
      secrets,
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
        return path === '/usr/lib/x.py' ? 'text' : this.reading();
      },
      over: (how) => void this.over.push(how),
    });
  }

  /** The client was answered already, and everything may be told. */
  static introduced(parts: { secrets?: Secrets } = {}): Between {
    const between = new Between(parts);
    const { seq, command } = between.ask('initialize');
    void between.say({ type: 'response', request_seq: seq, success: true, command });
    between.toClient.splice(0);
    between.toAdapter.splice(0);
    return between;
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
    expect((await between.event('process', { name: '/usr/bin/python3', systemProcessId: 15, isLocalProcess: true })).body).to.deep.equal({ name: 'python3' });
    // A path with what acts on a terminal is none of the client's.
    expect((await between.event('process', { name: '/workspace/a\u001b]0;b' })).body.name).to.equal('a\\u001b]0;b');
    const { source } = (await between.event('loadedSource', { reason: 'new', source: { path: '/workspace/a\u202egnp.py' } })).body;
    expect(source).to.include({ name: 'a\\u202egnp.py' }).and.not.to.have.property('path');
    expect((await between.event('module', { reason: 'new', module: { id: 1, name: 'm', path: '/workspace/a\nb.py' } })).body.module).to.deep.equal({ id: 1, name: 'm' });
    expect((await between.event('output', { category: 'stderr', output: 'File "/workspace/a.py"', source: { path: '/workspace/a.py' } })).body).to.deep.include({ output: 'File "/home/me/project/a.py"', source: { name: 'a.py', path: '/home/me/project/a.py' } });
    between.ask('exceptionInfo', { threadId: 1 });
    const { body: { details } } = await between.answer({ exceptionId: 'E', breakMode: 'always', details: { message: 'm', source: '/workspace/a.py', stackTrace: 'File "/workspace/a.py"', innerException: [{ stackTrace: 'in /workspace/b.py' }] } });
    expect(details).to.deep.equal({ message: 'm', stackTrace: 'File "/home/me/project/a.py"', innerException: [{ stackTrace: 'in /home/me/project/b.py' }] });
    between.ask('evaluate', { expression: 'x' });
    expect(await between.answer({ error: { id: 7, format: 'in /workspace/a.py' } }, { success: false, message: 'at /workspace/a.py' })).to.deep.include({ message: 'at /home/me/project/a.py', body: { error: { id: 7, format: 'in /home/me/project/a.py', variables: {} } } });
  });

  it('nothing is told before the first answer, and what came too early comes after it, as far as that is not much', async () => {
    const between = new Between();
    await between.event('output', { category: 'console', output: 'early' });
    await between.event('stopped', { reason: 'pause' });
    await between.event('output', { category: 'console', output: 'x'.repeat(300_000) });
    await between.event('output', { category: 'console', output: 'after that' });
    await between.event('initialized');
    expect(between.toClient).to.deep.equal([]);
    between.ask('initialize');
    await between.answer({});
    expect(between.toClient.map(({ seq, command, event, body }) => [seq, command ?? event, body?.output])).to.deep.equal([[1, 'initialize', undefined], [2, 'output', 'early'], [3, 'stopped', undefined], [4, 'initialized', undefined]]);
    expect(await between.event('stopped', { reason: 'step' })).to.include({ seq: 5 });
  });

  it('what can happen once is told once, and the first exit code counts', async () => {
    const between = Between.introduced();
    for (const exitCode of [3, 0]) {
      await between.event('initialized');
      await between.event('exited', { exitCode });
      await between.event('terminated');
    }
    expect(between.toClient.map(({ event }) => event)).to.deep.equal(['initialized', 'exited', 'terminated']);
    expect(between.exchange.exitCode).to.equal(3);
  });

  it('what a program prints, and the values of its variables, stay as they are', async () => {
    const between = Between.introduced();
    expect((await between.event('output', { category: 'stdout', output: '/workspace/a.py' })).body.output).to.equal('/workspace/a.py');
    between.ask('evaluate', { expression: 'globals()' });
    await between.answer({ result: '{…}', variablesReference: 1 });
    between.ask('variables', { variablesReference: 1 });
    expect((await between.answer({ variables: [{ name: '__file__', value: "'/workspace/a.py'" }] })).body.variables[0].value).to.equal("'/workspace/a.py'");
  });

  it('a client asks only about threads, frames and values of which it was told, as long as they are there', async () => {
    const between = Between.introduced();
    const refused = (command: string, args: object) => {
      const heard = between.toAdapter.length;
      between.ask(command, args);
      return between.toAdapter.length === heard ? between.toClient.at(-1) : undefined;
    };
    expect(refused('pause', { threadId: 5 }), 'nobody knows yet which threads there are').to.equal(undefined);
    await between.event('stopped', { reason: 'entry', threadId: 1, allThreadsStopped: true });
    expect(refused('stackTrace', { threadId: 2 })).to.deep.include({ success: false, command: 'stackTrace', message: 'there is no such thread: it may have ended' });
    between.ask('stackTrace', { threadId: 1 });
    await between.answer({ stackFrames: [{ id: 0, name: 'f' }, { id: 1, name: 'g' }] });
    between.ask('scopes', { frameId: 0 });
    await between.answer({ scopes: [{ name: 'Locals', variablesReference: 3 }] });
    const cases = [['evaluate', { frameId: 2 }], ['completions', { frameId: -1 }], ['scopes', { frameId: '0' }], ['variables', { variablesReference: 0 }], ['setVariable', { variablesReference: 4 }]] as const;
    for (const [command, args] of cases) expect(refused(command, args)?.message, command).to.match(/^there is no such (?:frame|value): the program may have gone on since it was told$/);
    expect(refused('evaluate', { expression: '1', frameId: null }), 'no frame is named').to.equal(undefined);
    expect(refused('variables', { variablesReference: 3 })).to.equal(undefined);
    await between.answer({ variables: [{ name: 'a', value: '[1]', variablesReference: 6 }] });
    expect(refused('setVariable', { variablesReference: 6, name: '0', value: '2' })).to.equal(undefined);
    between.ask('next', { threadId: 1 });
    await between.answer({}, { success: false });
    expect(refused('scopes', { frameId: 1 }), 'it has not gone on').to.equal(undefined);
    between.ask('next', { threadId: 1 });
    await between.answer({});
    for (const args of [{ frameId: 0 }, { frameId: 1 }, { variablesReference: 3 }, { variablesReference: 6 }]) expect(refused('variables', args)?.success).to.equal(false);
  });

  it('a file that exists only inside is told by number, and read by it', async () => {
    const between = new Between();
    between.ask('stackTrace');
    const { body: { stackFrames } } = await between.answer({ stackFrames: [{ path: '/usr/lib/x.py' }, { path: '/etc/passwd' }, { path: '/usr/lib/x.py' }, { name: '<string>', path: '/workspace/a.py', sourceReference: 7 }].map((source, id) => ({ id, name: 'f', source })) });
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
    between.ask('breakpointLocations', { source: { path: '/home/me/secret/x.py' }, line: 1 });
    expect(between.toAdapter).to.deep.equal([]);
    expect(between.toClient[1]).to.include({ success: false, command: 'breakpointLocations' });
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

  it('a source that is nested too deeply is an attack', async () => {
    const between = new Between();
    let source: object = {};
    for (let depth = 0; depth < 1000; depth++) source = { sources: [source] };
    expect(await between.event('loadedSource', { reason: 'new', source }).catch((reason: unknown) => reason)).to.be.instanceOf(HostileMessage);
  });

  it('what is nested deeper than causes of causes is left out', async () => {
    const between = new Between();
    let cause: object = {};
    for (let depth = 0; depth < 1000; depth++) cause = { message: 'm', innerException: [cause] };
    between.ask('exceptionInfo', { threadId: 1 });
    expect(await between.answer({ exceptionId: 'E', breakMode: 'always', details: cause })).to.include({ success: true });
  });

  it('only members of the protocol are told, and those in their types', async () => {
    const between = Between.introduced();
    const body = JSON.parse('{"reason":"x","threadId":"1","allThreadsStopped":true,"hitBreakpointIds":[1,"2"],"__proto__":{"polluted":true},"constructor":1,"other":[[]]}') as object;
    expect((await between.event('stopped', body)).body).to.deep.equal({ reason: 'x', allThreadsStopped: true });
    expect(({} as Json).polluted).to.equal(undefined);
    const told = async (command: string, answer: object) => {
      between.ask(command);
      return (await between.answer(answer)).body;
    };
    expect(await told('stackTrace', { stackFrames: [{ id: 1, name: 'f', column: 1.5, presentationHint: 'loud', instructionPointerReference: '0x1' }] })).to.deep.equal({ stackFrames: [{ id: 1, name: 'f', line: 0, column: 0 }] });
    expect(await told('scopes', { scopes: [{ name: 'Locals', variablesReference: 3, expensive: 'no' }] })).to.deep.equal({ scopes: [{ name: 'Locals', variablesReference: 3, expensive: false }] });
    expect(await told('evaluate', { result: 'r', variablesReference: 2 ** 40, presentationHint: { kind: 'data', attributes: [1], lazy: true } })).to.deep.equal({ result: 'r', presentationHint: { kind: 'data', lazy: true }, variablesReference: 0 });
    expect(await told('initialize', { exceptionBreakpointFilters: [{ filter: 'a', label: 'A', default: 'x', extra: 1 }] })).to.deep.equal({ exceptionBreakpointFilters: [{ filter: 'a', label: 'A' }] });
    between.ask('threads');
    await between.answer({ error: { id: 1, format: 'f', url: 'https://example.com', urlLabel: 'help', sendTelemetry: true, showUser: false } }, { success: false, message: 'm' });
    expect(between.toClient.at(-1).body).to.deep.equal({ error: { id: 1, format: 'f', showUser: false, variables: {} } });
  });

  it('names are one line that does nothing', async () => {
    const between = new Between();
    const name = 'a\u001b]52;c;eA==\u0007\n\u202eb\u009b';
    const shown = 'a\\u001b]52;c;eA==\\u0007\\u000a\\u202eb\\u009b';
    between.ask('variables');
    const { body } = await between.answer({ variables: [{ name, value: name, evaluateName: name, variablesReference: 0 }] });
    expect(body.variables[0]).to.deep.equal({ name: shown, value: name, variablesReference: 0, evaluateName: name });
    between.ask('stackTrace');
    const { stackFrames } = (await between.answer({ stackFrames: [{ id: 1, name, line: 1, column: 1, source: { name, path: `/usr/${name}` } }, { id: 2, name, line: 1, column: 1, source: { path: `/usr/${name}` } }] })).body;
    expect(stackFrames.map((frame: Json) => [frame.name, frame.source.name])).to.deep.equal([[shown, shown], [shown, shown]]);
    expect((await between.event('process', { name: `/bin/${name}` })).body.name).to.equal(shown);
    expect((await between.event('output', { category: 'stdout', output: name })).body.output).to.equal(name);
  });

  it('a path with a secret is not told', async () => {
    const between = Between.introduced({ secrets: await Secrets.make({ TOKEN: 'hunter2' }) });
    const { source } = (await between.event('loadedSource', { reason: 'new', source: { path: '/workspace/hunter2/a.py' } })).body;
    expect(source).to.deep.equal({ name: 'a.py', sourceReference: 1 });
    expect((await between.event('process', { name: '/workspace/hunter2' })).body.name).to.equal('***');
  });

  it('secrets are taken out of every text', async () => {
    const between = new Between({ secrets: await Secrets.make({ TOKEN: 'hunter2' }) });
    between.ask('variables');
    expect((await between.answer({ variables: [{ name: 'hunter2', value: "'hunter2'" }] })).body.variables[0]).to.deep.equal({ name: '***', value: "'***'", variablesReference: 0 });
    expect((await between.event('output', { output: 'hunter2\n' })).body.output).to.equal('***\n');
  });

  it('an answer that is of another command than the one that was asked cannot be used, whatever its body is', async () => {
    const between = new Between();
    between.ask('threads');
    expect(await between.answer({ threads: [] }, { command: 'loadedSources' })).to.include({ command: 'threads', success: false });
  });

  it('an adapter whose sources are made of sources without end is ended', async () => {
    const between = new Between();
    let source: Json = { path: '/workspace/a.py' };
    for (let depth = 0; depth < 100; depth++) source = { sources: [source] };
    const fault = await between.event('loadedSource', { reason: 'new', source }).then(() => undefined, (error: Error) => error);
    expect(fault?.message).to.contain('nested too deeply');
  });

  it('tells a signal that has ended the program as a shell does, and remembers that it was one', async () => {
    for (const [exitCode, told] of [[-9, 137], [-64, 192], [3, 3], [-65, -65], [0, 0]] as const) {
      const between = Between.introduced();
      await between.event('exited', { exitCode });
      expect([between.exchange.exitCode, between.toClient.map(({ body }) => body)]).to.deep.equal([exitCode, [{ exitCode: told }]]);
    }
  });

  it('a secret that is printed piece by piece is taken out, and what only began as one comes at the end', async () => {
    const between = Between.introduced({ secrets: await Secrets.make({ TOKEN: 'hunter2' }) });
    const texts = (category: string) => between.toClient.filter(({ body }) => body?.category === category).map(({ body }) => body.output);
    await between.event('output', { category: 'stdout', output: 'it is hun' });
    await between.event('output', { category: 'stderr', output: 'ter2' });
    await between.event('output', { category: 'stdout', output: 'te' });
    await between.event('output', { category: 'stdout', output: 'r2, or hunt' });
    expect([texts('stdout'), texts('stderr')]).to.deep.equal([['it is ', '***, or '], ['ter2']]);
    await between.event('exited', { exitCode: 0 });
    expect(between.toClient.map(({ event, body }) => [event, body.output]).slice(-2)).to.deep.equal([['output', 'hunt'], ['exited', undefined]]);
    await between.event('output', { category: 'console', output: 'hunter' });
    await between.exchange.close('it was ended');
    expect(texts('console')).to.deep.equal([]);
  });

  it('a path that is printed piece by piece is translated, and what only began as one comes before whatever is told next', async () => {
    const between = Between.introduced();
    const told = () => between.toClient.splice(0).map(({ event, body }) => [event, body?.category, body?.output]);
    for (const output of ['at', ' /', 'wor', 'kspace', '/a.py:1\n', 'see file://', '/works', 'pace/b.py', ' file:///', 'workspace/c d.py']) await between.event('output', { category: 'stderr', output });
    expect(told().map(([,, output]) => output)).to.deep.equal(['at', ' ', '/home/me/project/a.py:1\n', 'see file://', '/home/me/project/b.py', ' ', 'file:///home/me/project/c d.py']);
    for (const output of ['/works', 'hop and /', ' /usr', ' /workspace', '2\n', 'a/', 'workspace\n', '/workspace']) await between.event('output', { category: 'console', output });
    expect(told().map(([,, output]) => output)).to.deep.equal(['/workshop and ', '/ /usr', ' ', '/workspace2\n', 'a/', 'workspace\n']);
    await between.event('output', { category: 'stdout', output: 'in /works' });
    expect(told()).to.deep.equal([['output', 'console', '/home/me/project'], ['output', 'stdout', 'in /works']]);
    await between.event('output', { category: 'stderr', output: '/w' });
    await between.event('stopped', { reason: 'step', threadId: 1 });
    expect(told()).to.deep.equal([['output', 'stderr', '/w'], ['stopped', undefined, undefined]]);
    await between.event('output', { category: 'stderr', output: '/wo' });
    await between.event('exited', { exitCode: 0 });
    expect(told()).to.deep.equal([['output', 'stderr', '/wo'], ['exited', undefined, undefined]]);
    await between.event('output', { category: 'stderr', output: '/wor' });
    await between.exchange.close('it was ended');
    expect(told()).to.deep.equal([['output', 'stderr', '/wor'], ['terminated', undefined, undefined]]);
  });

  it('paths are translated in no more text than a message for people has', async () => {
    const between = Between.introduced();
    const output = '/workspace\n'.repeat(1_000_000);
    expect((await between.event('output', { category: 'console', output })).body.output).to.equal(output);
    const many = '/workspace/a.py '.repeat(60_000);
    const told = (await between.event('stopped', { reason: 'x', description: many, text: '/workspace/a.py' })).body;
    expect(told.description).to.have.length.below(1024 * 1024 + 1);
    expect(told.description.startsWith('/home/me/project/a.py /home/me/project/a.py')).to.equal(true);
    expect((await between.event('stopped', { reason: 'x', text: '/workspace/a.py' })).body.text).to.equal('/home/me/project/a.py');
  });

  it('what is kept of sources has an end, however long their paths are', async () => {
    const between = new Between();
    const sources = async (paths: readonly string[]) => {
      between.ask('loadedSources');
      return (await between.answer({ sources: paths.map((path) => ({ path })) })).body.sources as Json[];
    };
    expect((await sources([`/${'x'.repeat(4096)}`]))[0]).not.to.have.property('sourceReference');
    const told = (await sources(Array.from({ length: 3000 }, (_, at) => `/${at}/${'x'.repeat(4000)}`))).filter(({ sourceReference }) => sourceReference !== undefined);
    expect(told).to.have.length.within(2000, 2100);
  });

  it('sources are read one after the other, and answered once', async () => {
    const between = new Between();
    between.ask('loadedSources');
    await between.answer({ sources: [{ path: '/a' }, { path: '/b' }] });
    const reading = deferred<string | undefined>();
    between.reading = () => reading.promise;
    for (let at = 0; at < 1100; at++) between.ask('source', { sourceReference: 1 + (at % 2) });
    await settled();
    expect(between.read).to.deep.equal(['/a']);
    const answers = () => between.toClient.filter(({ command }) => command === 'source').map(({ success }) => success);
    expect(answers()).to.deep.equal(Array.from({ length: 100 }, () => false));
    for (let at = 1; at < 1200; at++) await between.say({ type: 'response', request_seq: at, success: true, command: 'source', body: { content: 'forged' } });
    expect(answers()).to.have.length(100);
    await between.exchange.close('it is over');
    reading.resolve('text');
    await settled();
    expect(answers()).to.deep.equal(Array.from({ length: 1100 }, () => false));
    expect(between.read).to.deep.equal(['/a']);
  });

  for (const body of [undefined, {}, { error: 'x' }, { error: { id: 1 } }, { error: { id: 1, format: 'x', variables: { x: 1 } } }]) {
    it(`a failure with the body ${JSON.stringify(body)} is told as clients understand it`, async () => {
      const between = new Between();
      between.ask('threads');
      await between.answer(body as object, { success: false, message: 'at /workspace/{a.py}' });
      expect(between.toClient[0]).to.deep.include({ message: 'at /home/me/project/{a.py}', body: { error: { id: 1, format: '{text}', variables: { text: 'at /home/me/project/{a.py}' }, showUser: false } } });
    });
  }

  it('braces in what a client is told of a failure are braces', () => {
    const between = new Between();
    between.ask('do{something}');
    expect(between.toClient[0].body.error).to.deep.include({ format: '{text}', variables: { text: between.toClient[0].message } });
    expect(between.toClient[0].message).to.contain('do{something}');
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

  it('a client whose first request is not answered is told only that', async () => {
    const between = new Between();
    between.ask('initialize');
    await between.exchange.close('it is over');
    expect(between.toClient.map(({ type, command, success }) => [type, command, success])).to.deep.equal([['response', 'initialize', false]]);
  });

  it('a client is told of no end if its first request stays without an answer and others do not', async () => {
    const between = new Between();
    between.ask('initialize');
    between.ask('threads');
    await between.answer({ threads: [] });
    await between.exchange.close('it is over');
    expect(between.toClient.map(({ type, command, success }) => [type, command, success])).to.deep.equal([['response', 'threads', true], ['response', 'initialize', false]]);
  });

  it('a client whose first request is refused is told of no event, however much the debugger tells', async () => {
    const between = new Between();
    between.ask('initialize');
    await between.event('exited', { exitCode: 0 });
    await between.answer({}, { command: 'evaluate' });
    for (const event of ['initialized', 'terminated']) await between.event(event);
    await between.event('output', { category: 'console', output: 'late' });
    await between.exchange.close('it is over');
    expect(between.toClient.map(({ type, command, success }) => [type, command, success])).to.deep.equal([['response', 'initialize', false]]);
  });

  it('at the end every request is answered, and the client is told once', async () => {
    const between = new Between();
    between.ask('threads');
    between.ask('terminate');
    between.ask('disconnect');
    await between.exchange.close('it is over');
    await between.exchange.close('it is over');
    expect(between.toClient.map(({ type, event, command, success }) => [type, event ?? command, success])).to.deep.equal([['response', 'threads', false], ['response', 'terminate', true], ['response', 'disconnect', true], ['event', 'terminated', undefined]]);
    await between.event('output', { output: 'x' });
    expect(between.toClient).to.have.length(4);
    between.ask('threads');
    between.ask('terminate');
    between.ask('disconnect');
    expect(between.toClient.slice(4).map(({ command, success }) => [command, success])).to.deep.equal([['threads', false], ['terminate', true], ['disconnect', true]]);
  });
});
