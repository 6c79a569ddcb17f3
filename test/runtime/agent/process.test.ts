/** A program that an agent runs: its start, its end, and what is killed. Its streams are in streams.test.ts. */
import { constants } from 'node:os';
import { expect } from 'chai';
import { type ErrorKind, ProtocolError } from '../../../server/src/protocol/index.ts';
import { Type, Writer } from '../../../server/src/runtime/agent/frames.ts';
import type { Exit, Program } from '../../../server/src/runtime/ports.ts';
import { begin, programOf, started } from './programs.ts';
import { settled, type TypeName } from './scripted.ts';

const { errno } = constants;
const usage = { cpuMs: 1.5, peakMemoryBytes: 4096 };

describe('the start of a program', () => {
  const sent = async (change: Partial<Program>) => programOf((await started(change)).agent.of('start')[0]);

  it('tells the agent everything as it was asked', async () => {
    const args = ['', ' ', '-n', "it's", '$HOME', 'two\nlines', '日本'];
    expect(await sent({ command: ['printf', ...args], cwd: '/workspace/é', env: { A: 'one ', B: 'x=y' } })).to.deep.equal({
      input: false, terminal: false, cols: 0, rows: 0, credit: 512 * 1024, cwd: '/workspace/é', words: ['printf', ...args], env: ['A=one ', 'B=x=y'],
    });
  });

  it('is that of sh for a command line', async () => {
    expect((await sent({ command: 'echo "$0" | cat' })).words).to.deep.equal(['/bin/sh', '-c', 'echo "$0" | cat']);
  });

  it('opens stdin where there may be input', async () => {
    expect((await sent({ stdin: 'open' })).input).to.equal(true);
    expect((await sent({ stdin: Buffer.alloc(0) })).input).to.equal(true);
    expect((await sent({ stdin: 'none' })).input).to.equal(false);
  });

  it('has a terminal with its size and its kind, which the program may call otherwise', async () => {
    const pty = { cols: 91, rows: 17 };
    expect(await sent({ pty, env: { A: 'b' } })).to.include({ input: true, terminal: true, cols: 91, rows: 17 }).and.to.deep.include({ env: ['TERM=xterm-256color', 'A=b'] });
    expect((await sent({ pty, env: { TERM: 'dumb' } })).env).to.deep.equal(['TERM=dumb']);
  });

  it('gives bytes that are not UTF-8 back as they were', async () => {
    const { agent } = await started({ command: ['cat', 'caf\u{10fee9}'] });
    expect(agent.of('start')[0]?.payload.includes(Buffer.from('caf\xe9\0', 'latin1'))).to.equal(true);
  });

  it('with more than the kernel takes is refused before it is sent', async () => {
    const { agent, failure } = begin({ command: Array.from({ length: 100 }, () => 'x'.repeat(100_000)) });
    const fault = await failure;
    expect([fault?.kind, fault?.message.includes('E2BIG'), agent.of('start')]).to.deep.equal(['InvalidParams', true, []]);
  });

  const failures: readonly [stage: number, errno: keyof typeof errno, kind: ErrorKind, words: RegExp, command?: Program['command']][] = [
    [0, 'EMFILE', 'SandboxFailed', /too many files are open.*EMFILE/],
    [0, 'ENFILE', 'SandboxFailed', /too many files are open.*ENFILE/],
    [0, 'EIO', 'SandboxFailed', /could not be started: EIO/],
    [1, 'EAGAIN', 'SandboxFailed', /no further process.*EAGAIN.*limits\.pids/],
    [1, 'ENOMEM', 'SandboxFailed', /memory.*ENOMEM.*limits\.memoryBytes/],
    [2, 'ENOENT', 'FileNotFound', /directory \/workspace\/here does not exist/],
    [2, 'ENOTDIR', 'WrongFileType', /\/workspace\/here can't be entered: ENOTDIR/],
    [2, 'EACCES', 'InvalidPath', /\/workspace\/here can't be entered: EACCES/],
    [2, 'ELOOP', 'InvalidPath', /ELOOP/],
    [3, 'ENOENT', 'SandboxFailed', /^tool can't be executed: ENOENT, there is no such program/],
    [3, 'ENOENT', 'LanguageUnsupported', /no shell.*\/bin\/sh.*ENOENT/, 'echo a line for sh'],
    [3, 'EACCES', 'SandboxFailed', /^tool can't be executed: EACCES, permission denied/],
    [3, 'ENOEXEC', 'SandboxFailed', /^tool can't be executed: ENOEXEC, exec format error.*architecture/],
    [3, 'E2BIG', 'InvalidParams', /E2BIG/],
    [3, 'EAGAIN', 'SandboxFailed', /limits\.pids/],
    [4, 'ENOSPC', 'SandboxFailed', /could not be started: ENOSPC/],
  ];
  for (const [stage, name, kind, words, command = ['tool', 'x']] of failures) {
    it(`fails as the kernel says: ${name} at stage ${stage}${Array.isArray(command) ? '' : ', of a command line'}`, async () => {
      const { agent, failure, process } = begin({ command, cwd: '/workspace/here', stdin: Buffer.alloc(200_000) });
      await settled();
      agent.say('failed', agent.of('start')[0]?.channel as number, Buffer.from([...Buffer.from(new Uint32Array([errno[name]]).buffer), stage]));
      const fault = await failure;
      expect(fault).to.be.instanceOf(ProtocolError);
      expect([fault?.kind, fault?.message]).to.satisfy(([found, message]: [string, string]) => found === kind && words.test(message), `${fault?.kind} ${fault?.message}`);
      if (kind === 'SandboxFailed') expect(fault?.data.errno).to.equal(name);
      expect(await process).to.equal(undefined);
    });
  }

  it('that is neither done nor refused costs the sandbox', async () => {
    const { clock, gaveUp, agent, failure } = begin({});
    await clock.advance(29_999);
    expect(gaveUp).to.deep.equal([]);
    await clock.advance(1);
    expect(gaveUp).to.deep.equal(['its agent does not start a program']);
    agent.end();
    expect([(await failure)?.kind, clock.pending]).to.deep.equal(['SandboxLost', 0]);
  });

  it('that is to end is killed, however far it has come, and told as any other', async () => {
    const stop = new AbortController();
    const { agent, process } = begin({}, undefined, undefined, stop.signal);
    await settled();
    const channel = agent.of('start')[0]?.channel as number;
    expect(agent.of('kill')).to.deep.equal([]);
    stop.abort();
    await settled();
    expect(agent.of('kill').map((each) => each.channel)).to.deep.equal([channel]);
    agent.say('started', channel, new Writer().u32(77).bytes);
    agent.say('exit', channel, new Writer().u8(1).u32(9).u8(0).u64(0).u64(0).bytes);
    agent.say('gone', channel);
    expect(await (await process)?.exited).to.deep.include({ kind: 'signaled', signal: 'SIGKILL' });
  });

  it('that is to end, and fails, costs nothing', async () => {
    const { agent, failure, clock, gaveUp } = begin({}, undefined, undefined, AbortSignal.abort());
    await settled();
    agent.say('failed', agent.of('start')[0]?.channel as number, Buffer.from([errno.ENOENT, 0, 0, 0, 3]));
    expect((await failure)?.kind).to.equal('SandboxFailed');
    await settled();
    expect([gaveUp, clock.pending]).to.deep.equal([[], 0]);
  });

  it('that is to end costs the sandbox if it can not be ended', async () => {
    const { clock, gaveUp } = begin({}, undefined, undefined, AbortSignal.abort());
    await clock.advance(6_000);
    expect(gaveUp).to.deep.equal(['a program could not be killed']);
  });

  it('is lost with the sandbox', async () => {
    const { agent, failure } = begin({});
    await settled();
    agent.end();
    expect((await failure)?.kind).to.equal('SandboxLost');
  });
});

describe('the end of a program', () => {
  const ends: Record<string, [end: { signaled?: boolean; value: number; outOfMemory?: boolean }, exit: Exit]> = {
    'an exit': [{ value: 0 }, { kind: 'exited', code: 0, usage }],
    'the highest code': [{ value: 255 }, { kind: 'exited', code: 255, usage }],
    'an exit with the number of a signal': [{ value: 137 }, { kind: 'exited', code: 137, usage }],
    'a signal': [{ signaled: true, value: 9 }, { kind: 'signaled', signal: 'SIGKILL', usage }],
    'another signal': [{ signaled: true, value: 11 }, { kind: 'signaled', signal: 'SIGSEGV', usage }],
    'a signal with two names': [{ signaled: true, value: 6 }, { kind: 'signaled', signal: 'SIGABRT', usage }],
    'a signal without a name': [{ signaled: true, value: 40 }, { kind: 'signaled', signal: 'SIG40', usage }],
    'no memory, by a signal': [{ signaled: true, value: 9, outOfMemory: true }, { kind: 'memoryLimit', signal: 'SIGKILL', code: null, usage }],
    'no memory, by a code': [{ value: 1, outOfMemory: true }, { kind: 'memoryLimit', signal: null, code: 1, usage }],
  };
  for (const [name, [end, exit]] of Object.entries(ends)) {
    it(`is told: ${name}`, async () => {
      const { process, exits } = await started({});
      exits(end);
      expect(await process.exited).to.deep.equal(exit);
    });
  }

  it('is not made up where the sandbox is lost (F-C8)', async () => {
    const { agent, process } = await started({});
    agent.end();
    expect(await process.exited).to.deep.equal({ kind: 'lost', reason: 'gone' });
  });

  it('stays as it was told if the sandbox is lost afterwards', async () => {
    const { agent, process, exits } = await started({});
    exits({ value: 3 });
    agent.end();
    expect(await process.exited).to.deep.include({ code: 3 });
  });

  it('leaves no channel open when nothing of the program lives any more', async () => {
    const { agent, channel, connection, exits } = await started({});
    exits({ value: 0 });
    agent.say('gone', channel);
    agent.end();
    await connection.closed;
    expect(agent.destroyed).to.equal(false);
  });
});

describe('an agent that tells of a program what can not be', () => {
  const end = new Writer().u8(0).u32(0).u8(0).u64(0).u64(0).bytes;
  const number = (value: number) => new Writer().u32(value).bytes;
  const nonsense: Record<string, (say: (type: TypeName, payload?: Buffer) => void) => void> = {
    'nothing of it lives, but it has not ended': (say) => say('gone'),
    'it could not be started, but it was': (say) => say('failed', Buffer.from([0, 0, 0, 0, 1])),
    'it was started twice': (say) => say('started', number(8)),
    'it ended twice': (say) => ['exit', 'exit'].forEach(() => say('exit', end)),
    'it ended, without saying how': (say) => say('exit', Buffer.from([0])),
    'it took more input than there was': (say) => say('taken', number(1)),
  };
  for (const [name, speak] of Object.entries(nonsense)) {
    it(`is not spoken with any more: ${name}`, async () => {
      const { agent, channel, process } = await started({ stdin: 'open' });
      speak((type, payload) => agent.say(type, channel, payload));
      expect(agent.destroyed).to.equal(true);
      expect((await process.exited).kind).to.equal(name === 'it ended twice' ? 'exited' : 'lost');
      await process.kill();
    });
  }

  it('is not spoken with any more: it ended, but it was not started', async () => {
    const { agent, failure } = begin({});
    await settled();
    agent.say('exit', agent.of('start')[0]?.channel as number, end);
    expect([(await failure)?.kind, agent.destroyed]).to.deep.equal(['SandboxLost', true]);
  });
});

describe('a signal', () => {
  it('goes to the program by its number, and no longer when it has ended', async () => {
    const { agent, channel, process, exits } = await started({});
    const first = process.signal('SIGINT');
    await settled();
    expect(agent.of('signal').map(({ payload }) => [...payload])).to.deep.equal([[2]]);
    agent.say('signaled', channel, Buffer.from([1]));
    expect(await first).to.equal(true);
    exits({ value: 0 });
    expect(await process.signal('SIGTERM')).to.equal(false);
    await settled();
    expect(agent.of('signal')).to.have.length(1);
  });

  it('is not told to have reached a program that has ended, whether its output has come or not (C9)', async () => {
    const { agent, channel, process, exits } = await started({});
    const asked = [process.signal('SIGINT'), process.signal('SIGUSR1')];
    await settled();
    agent.say('signaled', channel, Buffer.from([0]));
    expect(await asked[0]).to.equal(false);
    exits({ value: 0 });
    expect(await asked[1]).to.equal(false);
    agent.say('signaled', channel, Buffer.from([0]));
    expect(await process.exited).to.deep.include({ kind: 'exited', code: 0 });
  });

  it('that does not exist is refused', async () => {
    const { process } = await started({});
    for (const name of ['SIGNONE', 'INT', '', 'constructor']) {
      expect(await process.signal(name).then(() => undefined, (fault: ProtocolError) => fault.kind), name).to.equal('InvalidParams');
    }
  });
});

describe('a kill', () => {
  it('is over when the program has ended and nothing of it lives', async () => {
    const { agent, channel, process, exits, clock, gaveUp } = await started({});
    let over = false;
    const killing = process.kill().then(() => (over = true));
    await clock.advance(0);
    expect(agent.sent.at(-1)).to.deep.include({ type: Type.kill, channel });
    exits({ signaled: true, value: 9 });
    let ended = false;
    void process.exited.then(() => (ended = true));
    await clock.advance(5_999);
    expect([over, ended]).to.deep.equal([false, false]);
    agent.say('gone', channel);
    await killing;
    expect(await process.exited).to.deep.include({ kind: 'signaled', signal: 'SIGKILL' });
    expect([gaveUp, clock.pending]).to.deep.equal([[], 0]);
  });

  it('with a grace period asks first, and kills when that is over', async () => {
    const { agent, process, clock } = await started({});
    void process.kill(2_000);
    await clock.advance(1_999);
    expect([agent.of('signal').map(({ payload }) => [...payload]), agent.of('kill')]).to.deep.equal([[[15]], []]);
    await clock.advance(1);
    expect(agent.of('kill')).to.have.length(1);
  });

  it('with a grace period kills at once what is left when the program has ended', async () => {
    const { agent, channel, process, clock, exits } = await started({});
    void process.kill(2_000);
    await clock.advance(10);
    exits({ value: 0 });
    await clock.advance(0);
    expect(agent.of('kill')).to.have.length(1);
    agent.say('gone', channel);
    expect(await process.exited).to.deep.include({ kind: 'exited', code: 0 });
  });

  it('with a grace period lets the program print as much as it likes meanwhile', async () => {
    const { agent, channel, process, clock } = await started({});
    void process.kill(2_000);
    await clock.advance(10);
    for (let count = 0; count < 64; count++) agent.output(channel, 'stdout', Buffer.alloc(64 * 1024));
    await clock.advance(10);
    const credit = agent.of('credit').reduce((sum, { payload }) => sum + payload.readUInt32LE(0), 0);
    expect(credit).to.equal(64 * 64 * 1024);
  });

  it('kills what a program has left that ended by itself', async () => {
    const { agent, channel, process, clock, exits } = await started({});
    exits({ value: 0 });
    await process.exited;
    const killing = process.kill();
    await clock.advance(0);
    expect(agent.of('kill')).to.have.length(1);
    agent.say('gone', channel);
    await killing;
  });

  it('is not asked for twice while it goes on', async () => {
    const { agent, process, clock } = await started({});
    void process.kill(1_000);
    await process.kill();
    await process.kill(1_000);
    await clock.advance(1_000);
    expect([agent.of('signal'), agent.of('kill')].map(({ length }) => length)).to.deep.equal([1, 1]);
  });

  for (const [name, answer] of Object.entries({ 'nothing is answered': () => undefined, 'something of the program stays': (exits: () => void) => exits() })) {
    it(`costs the sandbox where ${name}`, async () => {
      const { process, clock, gaveUp, exits } = await started({});
      const killing = process.kill();
      answer(() => exits({ signaled: true, value: 9 }));
      await clock.advance(5_999);
      expect(gaveUp).to.deep.equal([]);
      await clock.advance(1);
      await killing;
      expect(gaveUp).to.deep.equal(['a program could not be killed']);
    });
  }

  it('is over with the sandbox', async () => {
    const { agent, process, clock, gaveUp } = await started({});
    const killing = process.kill();
    await clock.advance(0);
    agent.end();
    await killing;
    await process.kill();
    expect([gaveUp, (await process.exited).kind, clock.pending]).to.deep.equal([[], 'lost', 0]);
  });
});

describe('a program that is held', () => {
  const usageAndCode = new Writer().u8(0).u32(0).u8(0).u64(0).u64(0).bytes;
  const hold = async () => {
    const output: string[] = [];
    const held = begin({}, (_stream, chunk) => void output.push(String(chunk)), '/workspace/it');
    await settled();
    const channel = held.agent.of('start')[0]?.channel ?? 0;
    held.agent.say('started', channel, new Writer().u32(7).bytes);
    return { ...held, channel, output };
  };
  const present = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('it is not held');
    return value;
  };

  it('is there when the agent has stopped it, and goes on when it is told to', async () => {
    const { agent, channel, process, output } = await hold();
    expect(programOf(agent.of('start')[0])).to.include({ heldAt: '/workspace/it', cwd: '/workspace' });
    expect(await Promise.race([process, settled().then(() => 'not yet')])).to.equal('not yet');
    agent.say('held', channel);
    const releasing = present(await process).release();
    await settled();
    expect(agent.of('release').map((each) => each.channel)).to.deep.equal([channel]);
    agent.say('released', channel, Buffer.from([1]));
    agent.output(channel, 'stdout', 'text');
    expect(await releasing).to.equal(true);
    expect(output).to.deep.equal(['text']);
  });

  it('does not go on where something was done to it, where it has ended, and where the sandbox is lost', async () => {
    for (const then of ['disturbed', 'ended', 'lost']) {
      const { agent, channel, process } = await hold();
      agent.say('held', channel);
      const releasing = present(await process).release();
      if (then === 'disturbed') agent.say('released', channel, Buffer.from([0]));
      if (then === 'ended') agent.say('exit', channel, usageAndCode);
      if (then === 'lost') agent.end();
      expect(await releasing, then).to.equal(false);
    }
  });

  it('is killed where it is to end while it is let go', async () => {
    const { agent, channel, process } = await hold();
    agent.say('held', channel);
    const stop = new AbortController();
    const releasing = present(await process).release(stop.signal);
    stop.abort();
    await settled();
    expect(agent.of('kill')).to.have.length(1);
    agent.say('exit', channel, usageAndCode);
    agent.say('gone', channel);
    expect(await releasing).to.equal(false);
  });

  it('is refused where it ends before it has looked at the path', async () => {
    const { agent, channel, failure } = await hold();
    agent.say('exit', channel, usageAndCode);
    expect((await failure)?.kind).to.equal('SandboxFailed');
  });
});
