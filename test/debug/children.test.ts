/** Processes that a debugged program starts: each is debugged on a connection of its own, and the client gets them as threads of the program. */
import { expect } from 'chai';
import type { Behaviour } from '../fakes/adapter.ts';
import type { Json } from '../wire/wire.ts';
import { debugpy, Processes } from './family.ts';

const all = (test: (processes: Processes) => Promise<void>, behave?: Behaviour) => async () => {
  const processes = new Processes(behave);
  await processes.begin();
  await test(processes);
  expect(processes.client.faults).to.deep.equal([]);
  processes.leave();
};

/** A behaviour with other answers to some requests. undefined: there is none. */
const answering = (answers: Record<string, Json>): Behaviour => (adapter, message) => {
  if (message.type !== 'request' || !(message.command in answers)) return debugpy(adapter, message);
  if (answers[message.command]) adapter.answer(message, answers[message.command]);
};

/** The number by which the client knows the thread that this process calls 1. */
async function threadOf(processes: Processes, child: Processes['program']): Promise<number> {
  const [told] = await processes.tell(child, 'thread', { reason: 'started', threadId: 1 });
  return told?.thread.threadId;
}

describe('a process that a debugged program starts', () => {
  it('is attached to as the daemon says, and knows where to stop before it runs', all(async (processes) => {
    const child = await processes.start();
    expect(processes.ports).to.deep.equal([4711]);
    expect(processes.heard(child)).to.deep.equal(['initialize', 'attach', 'setBreakpoints', 'setExceptionBreakpoints', 'configurationDone']);
    const [initialize, attach, breakpoints] = child.heard.map((request) => request.arguments);
    expect(initialize).to.include({ clientID: 'codebeaker', linesStartAt1: true, supportsRunInTerminalRequest: false, supportsStartDebuggingRequest: false });
    expect(attach).to.include({ subProcessId: 101, redirectOutput: false }).and.not.to.have.property('program');
    expect(breakpoints).to.deep.equal({ source: { path: '/workspace/work.py' }, breakpoints: [{ line: 3 }] });
    expect(processes.client.events('initialized')).to.have.length(1);
    expect(processes.client.received.some(({ event }) => event === 'debugpyAttach')).to.equal(false);
  }));

  it('hears of what is set later, and the client gets one answer', all(async (processes) => {
    const child = await processes.start();
    const { breakpoints } = await processes.client.ask('setBreakpoints', { source: { path: '/home/me/work.py' }, breakpoints: [{ line: 4 }, { line: 5 }] });
    expect(breakpoints).to.deep.equal([{ id: 0, verified: true }, { id: 1, verified: true }]);
    await processes.settle();
    expect(child.heard.at(-1)).to.deep.include({ command: 'setBreakpoints', arguments: { source: { path: '/workspace/work.py' }, breakpoints: [{ line: 4 }, { line: 5 }] } });
    expect(processes.client.events('breakpoint')).to.deep.equal([]);
    // The latest are those of the next one.
    const next = await processes.start();
    expect(next.heard.filter(({ command }) => command === 'setBreakpoints').map((request) => request.arguments.breakpoints.length)).to.deep.equal([2]);
  }));

  it('has threads of its own among those of the program', all(async (processes) => {
    const child = await processes.start();
    const threadId = await threadOf(processes, child);
    const next = await processes.start();
    const other = await threadOf(processes, next);
    expect(new Set([1, threadId, other])).to.have.property('size', 3);
    const { threads } = await processes.client.ask('threads');
    expect(threads).to.deep.equal([{ id: 1, name: 'MainThread' }, { id: threadId, name: 'MainThread (child 1)' }, { id: other, name: 'MainThread (child 2)' }]);
  }));

  it('answers what is asked of its threads, frames, values and sources, and no other process does', all(async (processes) => {
    const { client, program } = processes;
    const child = await processes.start();
    const [stopped] = await processes.tell(child, 'stopped', { reason: 'breakpoint', threadId: 1, allThreadsStopped: true, hitBreakpointIds: [0] });
    const { threadId } = stopped?.stopped;
    // Its breakpoints have numbers that the client does not know.
    expect(stopped?.stopped).not.to.have.property('hitBreakpointIds');
    const asked = program.heard.length;
    const { stackFrames } = await client.ask('stackTrace', { threadId });
    expect(child.heard.at(-1)?.arguments).to.deep.equal({ threadId: 1 });
    const [frame] = stackFrames;
    const { scopes: [scope] } = await client.ask('scopes', { frameId: frame.id });
    expect(child.heard.at(-1)?.arguments).to.deep.equal({ frameId: 2 });
    const { variables } = await client.ask('variables', { variablesReference: scope.variablesReference });
    expect(child.heard.at(-1)?.arguments).to.deep.equal({ variablesReference: 3 });
    // What is no reference stays none.
    expect(variables.map(({ variablesReference: reference }: Json) => reference === 0)).to.deep.equal([true, false]);
    await client.ask('evaluate', { expression: 'n', frameId: frame.id });
    expect(child.heard.at(-1)?.arguments).to.deep.equal({ expression: 'n', frameId: 2 });
    expect(await client.ask('source', { sourceReference: frame.source.sourceReference })).to.deep.equal({ content: 'the text' });
    expect(child.heard.at(-1)?.arguments).to.deep.include({ sourceReference: 7 });
    await client.ask('next', { threadId });
    expect(child.heard.at(-1)).to.deep.include({ command: 'next', arguments: { threadId: 1 } });
    expect(program.heard.length).to.equal(asked);
    // The same numbers without a process are the program's.
    await client.ask('stackTrace', { threadId: 1 });
    expect(program.heard.at(-1)?.arguments).to.deep.equal({ threadId: 1 });
    expect((await client.response('evaluate', { expression: 'n', frameId: frame.id, variablesReference: 3 })).success).to.equal(false);
  }, answering({
    stackTrace: { stackFrames: [{ id: 2, name: 'work', line: 3, column: 1, source: { name: '<string>', sourceReference: 7 } }] },
    scopes: { scopes: [{ name: 'Locals', variablesReference: 3, expensive: false }] },
    variables: { variables: [{ name: 'n', value: '1', variablesReference: 0 }, { name: 'all', value: '[]', variablesReference: 4 }] },
    evaluate: { result: '1', variablesReference: 0 },
    source: { content: 'the text' },
  })));

  it('stops alone, and goes on alone', all(async (processes) => {
    const { client, program } = processes;
    // As long as there is only the program, all is as its adapter says.
    expect(await processes.tell(program, 'stopped', { reason: 'pause', threadId: 1, allThreadsStopped: true })).to.deep.equal([{ stopped: { reason: 'pause', threadId: 1, allThreadsStopped: true } }]);
    expect(await client.ask('continue', { threadId: 1 })).to.deep.equal({ allThreadsContinued: true });
    const child = await processes.start();
    const threadId = await threadOf(processes, child);
    const [second] = await processes.tell(child, 'thread', { reason: 'started', threadId: 2 });
    const other = second?.thread.threadId;
    expect(await processes.tell(child, 'stopped', { reason: 'step', threadId: 2, allThreadsStopped: true })).to.deep.equal([
      { stopped: { reason: 'step', threadId: other, allThreadsStopped: false } },
      { stopped: { reason: 'pause', threadId, preserveFocusHint: true, allThreadsStopped: false } },
    ]);
    expect(await processes.tell(program, 'stopped', { reason: 'step', threadId: 1, allThreadsStopped: true })).to.deep.equal([{ stopped: { reason: 'step', threadId: 1, allThreadsStopped: false } }]);
    expect(await processes.tell(child, 'continued', { threadId: 2, allThreadsContinued: true })).to.deep.equal([
      { continued: { threadId: other, allThreadsContinued: false } },
      { continued: { threadId, allThreadsContinued: false } },
    ]);
    const before = client.events('continued').length;
    expect(await client.ask('continue', { threadId: other })).to.deep.equal({ allThreadsContinued: false });
    expect(client.events('continued').slice(before)).to.deep.equal([{ threadId, allThreadsContinued: false }]);
    expect(await client.ask('continue', { threadId: 1 })).to.deep.equal({ allThreadsContinued: false });
  }));

  it('ends alone, and what was asked of it is answered', all(async (processes) => {
    const { client } = processes;
    const child = await processes.start();
    const threadId = await threadOf(processes, child);
    const continuing = client.response('continue', { threadId });
    const looking = client.response('stackTrace', { threadId });
    await processes.settle();
    expect(await processes.tell(child, 'exited', { exitCode: 1 })).to.deep.equal([]);
    await child.event('terminated');
    // What it was asked to do has led to its end.
    expect((await continuing).success).to.equal(true);
    expect((await looking)).to.deep.include({ success: false, message: 'the process has ended' });
    expect(client.events('thread').at(-1)).to.deep.equal({ reason: 'exited', threadId });
    expect(client.events('exited').concat(client.events('terminated'))).to.deep.equal([]);
    expect((await client.response('stackTrace', { threadId })).success).to.equal(false);
    expect((await client.ask('threads')).threads).to.deep.equal([{ id: 1, name: 'MainThread' }]);
    await processes.settle();
    expect(processes.connections[0]?.destroyed).to.equal(true);
  }, answering({ continue: undefined, stackTrace: undefined })));

  it('has what it prints counted and told as what the program prints, and may start others', all(async (processes) => {
    const child = await processes.start();
    expect(await processes.tell(child, 'output', { category: 'stdout', output: 'a log point\n' })).to.deep.equal([{ output: { category: 'stdout', output: 'a log point\n' } }]);
    expect(processes.printed).to.equal('a log point\n');
    const grandchild = await processes.start(child);
    expect(grandchild).not.to.equal(child);
    expect(processes.heard(grandchild)).to.include('configurationDone');
  }));

  it('tells nothing of itself as if that were the program', all(async (processes) => {
    const child = await processes.start();
    for (const [event, body] of Object.entries({ process: { name: 'python' }, module: { reason: 'new', module: { id: 1, name: 'm' } }, breakpoint: { reason: 'changed', breakpoint: { id: 1, verified: true } }, initialized: {}, capabilities: { capabilities: {} } })) {
      expect(await processes.tell(child, event, body)).to.deep.equal([]);
    }
    expect(processes.heard(child).filter((name) => name === 'configurationDone')).to.have.length(1);
  }));

  it('does not hold up the list of threads where it does not answer', all(async (processes) => {
    const child = await processes.start();
    const threadId = await threadOf(processes, child);
    child.heard.length = 0;
    const asking = processes.client.ask('threads');
    await processes.settle();
    await processes.clock.advance(2_000);
    expect((await asking).threads).to.deep.equal([{ id: 1, name: 'MainThread' }, { id: threadId, name: 'Thread (child 1)' }]);
  }, (adapter, message) => {
    if (message.command !== 'threads' || adapter.heard[0]?.command === 'initialize' && adapter.heard.some(({ command }) => command === 'launch')) debugpy(adapter, message);
  }));

  it('can be looked at when the program itself is over', all(async (processes) => {
    const { client, program } = processes;
    const child = await processes.start();
    const threadId = await threadOf(processes, child);
    program.heard.length = 0;
    expect((await client.ask('threads')).threads).to.deep.equal([{ id: threadId, name: 'MainThread (child 1)' }]);
    await program.event('exited', { exitCode: 0 });
    expect((await client.ask('setBreakpoints', { source: { path: '/home/me/work.py' }, breakpoints: [{ line: 9 }] })).breakpoints).to.have.length(1);
    await client.ask('terminate');
    await processes.settle();
    expect(child.heard.at(-1)).to.deep.include({ command: 'disconnect', arguments: { terminateDebuggee: true } });
  }, (adapter, message) => {
    const isOver = ['threads', 'setBreakpoints'].includes(adapter.heard[0]?.command);
    if (isOver) adapter.answer(message, {}, { success: message.command === 'terminate' });
    else debugpy(adapter, message);
  }));
});

describe('processes of a debugged program', () => {
  it('are so many at a time: further ones are let go, and a line says so', all(async (processes) => {
    for (let count = 0; count < 32; count++) await processes.start();
    const further = await processes.start();
    const next = await processes.start();
    for (const each of [further, next]) expect(processes.heard(each)).to.deep.equal(['initialize', 'attach', 'configurationDone', 'disconnect']);
    expect(further.heard.at(-1)?.arguments).to.deep.equal({ terminateDebuggee: false });
    expect(processes.client.events('output').map(({ output }) => output)).to.deep.equal(['The program has more than 32 processes at a time. Further ones run without a debugger.\n']);
    expect(processes.connections.map(({ destroyed }) => destroyed).lastIndexOf(false)).to.equal(31);
    // One after the other where there are many, also where some have ended before.
    processes.silent = true;
    for (let count = 0; count < 10; count++) await processes.start();
    expect(processes.children).to.have.length(34 + 8);
    for (const each of processes.children.slice(34)) await each.event('terminated');
    await processes.settle();
    expect(processes.children).to.have.length(34 + 10);
    processes.silent = false;
    // When one has ended, there is room.
    for (const each of [...processes.children.slice(42), processes.children[0]]) await each?.event('terminated');
    await processes.settle();
    expect(processes.heard(await processes.start())).to.include('setBreakpoints');
  }));

  it('are let go within ten seconds, or left, so that none of them keeps others from that', all(async (processes) => {
    for (let count = 0; count < 32; count++) await processes.start();
    processes.silent = true;
    const before = processes.clock.pending;
    for (let count = 0; count < 10; count++) await processes.start();
    const left = () => processes.connections.slice(32).filter(({ destroyed }) => destroyed).length;
    await processes.clock.advance(9_999);
    await processes.settle();
    expect([processes.children.length - 32, left()]).to.deep.equal([8, 0]);
    await processes.clock.advance(1);
    await processes.settle();
    expect([processes.children.length - 32, left()]).to.deep.equal([10, 8]);
    await processes.clock.advance(10_000);
    await processes.settle();
    expect([processes.children.length - 32, left()]).to.deep.equal([10, 10]);
    expect(processes.clock.pending).to.equal(before);
    expect(processes.connections.slice(0, 32).some(({ destroyed }) => destroyed)).to.equal(false);
  }));

  it('are told of where they cannot be debugged', all(async (processes) => {
    processes.deaf = true;
    const [told] = await processes.tell(processes.program, 'debugpyAttach', { connect: { port: 4711 }, subProcessId: 5 });
    expect(told?.output).to.deep.equal({ category: 'console', output: 'A process of the program (child 1) cannot be debugged, and waits for a debugger: nothing listens there\n' });
    expect(await processes.tell(processes.program, 'thread', { reason: 'started', threadId: 2 })).to.have.length(1);
  }));

  it('are left at the end of the program, and when the client leaves', async () => {
    for (const end of ['terminated', 'disconnect', 'halted'] as const) {
      const processes = new Processes();
      await processes.begin();
      await processes.start();
      if (end === 'terminated') await processes.program.event('terminated');
      if (end === 'disconnect') await processes.client.ask('disconnect');
      await processes.settle();
      if (end === 'disconnect') expect(processes.children[0]?.heard.at(-1)).to.deep.include({ command: 'disconnect', arguments: { terminateDebuggee: true } });
      if (end === 'halted') processes.halted.abort();
      await processes.settle();
      expect(processes.connections[0]?.destroyed, end).to.equal(true);
      const ports = processes.ports.length;
      await processes.program.event('debugpyAttach', { connect: { port: 4711 }, subProcessId: 5 });
      await processes.settle();
      expect(processes.ports.length, end).to.equal(ports);
      processes.leave();
    }
  });

  it('are connected to only where a process and a port are named', all(async (processes) => {
    for (const body of [{}, { connect: { port: 0 }, subProcessId: 1 }, { connect: { port: 65_536 }, subProcessId: 1 }, { connect: { port: '4711' }, subProcessId: 1 }, { connect: { port: 4711 } }, { connect: 4711, subProcessId: 1 }]) {
      expect(await processes.tell(processes.program, 'debugpyAttach', body)).to.deep.equal([]);
    }
    expect(processes.ports).to.deep.equal([]);
  }));

  it('cannot harm each other, the program or the client', all(async (processes) => {
    const { client, program } = processes;
    const child = await processes.start();
    // It asks for something that a client might do outside of the sandbox.
    await child.send({ type: 'request', command: 'runInTerminal', arguments: { args: ['touch', '/x'] } });
    await child.send({ type: 'request', command: 'startDebugging', arguments: {} });
    await processes.settle();
    expect(child.heard.slice(-2).map(({ type, success }) => [type, success])).to.deep.equal([['response', false], ['response', false]]);
    // It answers what the program was asked.
    program.heard.length = 0;
    const asking = client.response('evaluate', { expression: 'x' });
    await processes.settle();
    for (let seq = 3; seq < 40; seq++) child.answer({ seq, command: 'evaluate' }, { result: 'forged', variablesReference: 0 });
    await processes.settle();
    program.answer(program.heard.at(-1), { result: 'x', variablesReference: 0 });
    expect((await asking).body.result).to.equal('x');
    // It names what would be another process's.
    expect(await processes.tell(child, 'continued', { threadId: 2 ** 25 + 1 })).to.deep.equal([]);
    expect(await processes.tell(child, 'stopped', { reason: 'step' })).to.deep.equal([{ stopped: { reason: 'step' } }]);
    // It tells of more threads than anybody needs.
    for (let threadId = 1; threadId <= 1100; threadId++) void child.event('thread', { reason: 'started', threadId });
    await processes.settle();
    expect((await processes.tell(child, 'stopped', { reason: 'step', threadId: 1, allThreadsStopped: true })).length).to.equal(1000);
    // What is no message ends the debugging of this process alone.
    await child.raw('no frame\r\n\r\n');
    await processes.settle();
    expect(processes.connections[0]?.destroyed).to.equal(true);
    expect(program.kills).to.deep.equal([]);
    expect((await client.ask('threads')).threads).to.have.length(1);
  }, answering({ evaluate: undefined })));

  it('are told of no faster than the client takes it where they cannot be connected to', all(async (processes) => {
    processes.deaf = true;
    processes.hold();
    void (async () => {
      for (let count = 0; count < 200; count++) await processes.program.event('debugpyAttach', { connect: { host: '127.0.0.1', port: 1 }, subProcessId: count + 1 });
    })();
    for (let turn = 0; turn < 20; turn++) await processes.settle();
    expect(processes.ports.length).to.be.below(40);
    processes.goOn();
    for (let turn = 0; turn < 400 && processes.ports.length < 200; turn++) await processes.settle();
    expect(processes.ports).to.have.length(200);
  }));

  it('are told of and left where they cannot be attached to', all(async (processes) => {
    const { client } = processes;
    await processes.start();
    await processes.settle();
    expect(processes.connections[0]?.destroyed).to.equal(true);
    expect(client.events('output').map(({ output }) => output).join('')).to.equal('A process of the program (child 1) cannot be debugged: somebody else debugs it\n');
  }, (adapter, message) => {
    if (message.command === 'attach') adapter.answer(message, {}, { success: false, message: 'somebody else debugs it' });
    else debugpy(adapter, message);
  }));

  it('know of no source in which nothing stops any more, and of no more sources than they can be told of; the program knows all', all(async (processes) => {
    const { client } = processes;
    for (let count = 0; count < 1000; count++) await client.ask('setBreakpoints', { source: { path: `/home/me/${count}.py` }, breakpoints: [] });
    const answers = [];
    for (let count = 0; count < 501; count++) answers.push(await client.response('setBreakpoints', { source: { path: `/home/me/${count}.py` }, breakpoints: [{ line: 1 }] }));
    expect(answers.every(({ success }) => success)).to.equal(true);
    expect(client.events('output').map(({ output }) => output).join('')).to.equal('There are so many breakpoints that processes which the program starts from now on do not stop at all of them.\n');
    let deep = {};
    for (let depth = 0; depth < 20_000; depth++) deep = { deep };
    const seq = answers.at(-1).request_seq + 1;
    const request = { seq, type: 'request', command: 'setBreakpoints', arguments: { source: { path: '/home/me/deep.py' }, breakpoints: [{ line: 1 }] } };
    client.conversation.sent(request);
    processes.say({ ...request, arguments: { ...request.arguments, breakpoints: [{ line: 1, deep }] } });
    await processes.settle();
    expect(client.received.at(-1)).to.include({ type: 'response', request_seq: seq, success: false });
    const child = await processes.start();
    await processes.settle();
    expect(child.heard.filter(({ command }) => command === 'setBreakpoints').length).to.be.within(490, 500);
    expect(child.heard.at(-1).command).to.equal('configurationDone');
  }));

  it('have together no more room for messages than one', all(async (processes) => {
    await processes.start();
    await processes.start();
    for (const [at, connection] of processes.connections.entries()) {
      connection.write(`Content-Length: ${16 * 1024 * 1024}\r\n\r\n`);
      connection.write(Buffer.alloc((9 - at) * 1024 * 1024, 'x'));
    }
    for (let turn = 0; turn < 200 && !processes.connections[0]?.destroyed; turn++) await processes.settle();
    // The one that has sent more is ended, and not the one that has sent the last of it.
    expect(processes.connections.map(({ destroyed }) => destroyed)).to.deep.equal([true, false]);
    expect(processes.client.events('output').map(({ output }) => output).join('')).to.equal('A process of the program (child 1) runs on without a debugger, because its debugger has sent too much at once\n');
  }));
});
