/** A sandbox with an agent: what runs in it, what is asked of it, and what its end means. */
import { expect } from 'chai';
import { createLog } from '../../../server/src/base/log.ts';
import { deferred } from '../../../server/src/base/promises.ts';
import { type Isolation, ProtocolError } from '../../../server/src/protocol/index.ts';
import { Writer } from '../../../server/src/runtime/agent/frames.ts';
import { parseFacts } from '../../../server/src/runtime/agent/facts.ts';
import { AgentSandbox, type Surroundings } from '../../../server/src/runtime/agent/sandbox.ts';
import type { Program, Sink } from '../../../server/src/runtime/ports.ts';
import { limits } from '../contract/harness.ts';
import { programOf } from './programs.ts';
import { connected, settled, textsIn } from './scripted.ts';

const GONE = 'the sandbox is gone; create a new session';

function opened(change: Partial<Surroundings> = {}) {
  const { agent, connection, clock } = connected();
  const logged: string[] = [];
  const calls: string[] = [];
  const surroundings: Surroundings = {
    isolation: ({ pids }, { cpus }): Isolation => ({ score: cpus, layers: [{ name: 'pids', state: 'enforced', detail: String(pids) }] }),
    destroy: async () => void calls.push('destroyed'),
    copyIn: async (path) => void calls.push(`copied ${path}`),
    ...change,
  };
  const facts = parseFacts('cgroup pids.max 32\ncgroup memory.max 1000000\ncgroup memory.current 5000\n');
  const log = createLog('warn', (line) => void logged.push(line));
  const sandbox = new AgentSandbox({ connection, surroundings, facts, limits, image: 'image', clock, log });
  const exit = (channel: number | undefined, value = 0) => agent.say('exit', channel as number, new Writer().u8(0).u32(value).u8(0).u64(0).u64(0).bytes);
  /** Every program starts at once. */
  agent.on('start', ({ channel }) => agent.say('started', channel, new Writer().u32(7).bytes));
  const start = (more: Partial<Program> = {}, sink: Sink = () => undefined) =>
    sandbox.start({ command: ['tool'], cwd: '/workspace', env: {}, stdin: 'none', pty: undefined, ...more }, sink);
  return { agent, clock, sandbox, logged, calls, exit, start };
}
const kindOf = (work: Promise<unknown>) => work.then(() => 'fine', (fault: unknown) => (fault instanceof ProtocolError ? fault.kind : String(fault)));
/** What a promise has resolved with, or undefined. */
async function now<T>(promise: Promise<T>): Promise<T | undefined> {
  await settled();
  return Promise.race([promise, Promise.resolve(undefined)]);
}

describe('a sandbox with an agent', () => {
  it('says what it is and can', () => {
    const { sandbox } = opened();
    expect([sandbox.image, sandbox.memoryBytes, sandbox.can]).to.deep.equal(['image', 5000, { adjust: false, copyIn: true, tellPristine: true, hold: true, connections: true, cpuTime: false, packages: false }]);
    expect(sandbox.isolation).to.deep.equal({ score: limits.cpus, layers: [{ name: 'pids', state: 'enforced', detail: '32' }] });
    expect(opened({ adjust: () => Promise.resolve() }).sandbox.can.adjust).to.equal(true);
    expect(opened({ cpuMs: () => Promise.resolve(5) }).sandbox.can.cpuTime).to.equal(true);
  });

  it('runs many programs at once, each with its own end', async () => {
    const { agent, start, exit } = opened();
    const running = await Promise.all(Array.from({ length: 40 }, () => start()));
    for (const [index, { channel }] of agent.of('start').entries()) exit(channel, index);
    const exits = await Promise.all(running.map(({ exited }) => exited));
    expect(exits.map((each) => (each.kind === 'exited' ? each.code : each.kind))).to.deep.equal(running.map((_, index) => index));
  });

  it('refuses a word that is longer than the kernel takes, before it is sent', async () => {
    const { agent, start } = opened();
    const longest = 'x'.repeat(128 * 1024 - 1);
    for (const more of [{ command: ['tool', `${longest}x`] }, { command: `${longest}x` }, { env: { A: longest.slice(1) } }]) {
      expect(await kindOf(start(more))).to.equal('InvalidParams');
    }
    expect(agent.of('start')).to.deep.equal([]);
    expect(await kindOf(start({ command: ['tool', longest] }))).to.equal('fine');
  });

  it('has a folder copied into it by its surroundings', async () => {
    const { sandbox, calls } = opened();
    await sandbox.copyIn('/home/project', 1, new AbortController().signal);
    expect(calls).to.deep.equal(['copied /home/project']);
  });
});

describe('the end of a sandbox with an agent', () => {
  it('is told as lost, with what the agent said, and with the exits of its programs', async () => {
    const { agent, sandbox, start } = opened();
    const running = await start();
    agent.say('lost', 0, Buffer.from('a program has ended its supervisor'));
    agent.end();
    expect(await sandbox.lost).to.equal('a program has ended its supervisor');
    expect(await running.exited).to.deep.equal({ kind: 'lost', reason: 'the sandbox went away while the program ran' });
    expect(await kindOf(start())).to.equal('SandboxLost');
    expect(await kindOf(sandbox.files.read('/workspace/a', 0, 1))).to.equal('SandboxLost');
  });

  it('has a reason also where the agent said nothing', async () => {
    const { agent, sandbox } = opened({ ranOutOfMemory: () => Promise.resolve(false) });
    agent.end();
    expect(await sandbox.lost).to.equal('the sandbox ended');
  });

  it('is told as lost before the start of a program fails, whatever is still to be found out and whoever waits', async () => {
    const { agent, sandbox, start } = opened({ ranOutOfMemory: () => new Promise(() => undefined) });
    agent.on('start', ({ channel, payload }) => {
      if (!((payload[0] ?? 0) & 4)) return;
      agent.say('started', channel, new Writer().u32(7).bytes);
      agent.say('held', channel);
    });
    await sandbox.hold({ command: ['tool'], cwd: '/workspace', env: {}, stdin: 'none', pty: undefined }, '/workspace/x', () => undefined);
    const events: string[] = [];
    void sandbox.lost.then(() => events.push('lost'));
    void start().catch((fault: ProtocolError) => events.push(fault.kind));
    await settled();
    agent.end();
    await settled();
    expect(events).to.deep.equal(['lost', 'SandboxLost']);
  });

  it('by close is not told as lost, and happens once', async () => {
    const { agent, sandbox, calls, start } = opened();
    const running = await start();
    const closing = [sandbox.close(), sandbox.close()];
    await Promise.all(closing);
    expect([agent.destroyed, calls]).to.deep.equal([true, ['destroyed']]);
    expect(await now(sandbox.lost)).to.equal(undefined);
    expect((await running.exited).kind).to.equal('lost');
    expect(await kindOf(start())).to.equal('SandboxLost');
    expect(await kindOf(sandbox.files.status('/workspace'))).to.equal('SandboxLost');
  });

  it('by close is told in its words where a program was about to start', async () => {
    const { agent, sandbox, start } = opened();
    agent.on('start', () => undefined);
    const starting = start().catch((fault: Error) => fault.message);
    await settled();
    await sandbox.close();
    expect(await starting).to.equal(GONE);
  });

  it('for want of memory is told to what runs before it is told as a loss', async () => {
    const events: string[] = [];
    const found = deferred<boolean>();
    const gate = deferred();
    const { agent, sandbox, start } = opened({ ranOutOfMemory: () => found.promise });
    const running = await start({}, () => gate.promise);
    agent.output(agent.of('start')[0]?.channel as number, 'stdout', 'last words');
    void running.exited.then((exit) => events.push(JSON.stringify(exit)));
    void sandbox.lost.then((why) => events.push(why));
    agent.end();
    await settled();
    found.resolve(true);
    await settled();
    expect(events).to.deep.equal([]);
    gate.resolve();
    await settled();
    expect(events).to.deep.equal(['{"kind":"memoryLimit","signal":"SIGKILL","code":null}', 'the sandbox ran out of memory']);
  });

  it('for want of memory is told after a while, also where a sink takes nothing', async () => {
    const { agent, sandbox, start, clock } = opened({ ranOutOfMemory: () => Promise.resolve(true) });
    await start({}, () => new Promise(() => undefined));
    agent.output(agent.of('start')[0]?.channel as number, 'stdout', 'x');
    agent.end();
    await clock.advance(999);
    expect(await now(sandbox.lost)).to.equal(undefined);
    await clock.advance(1);
    expect(await sandbox.lost).to.equal('the sandbox ran out of memory');
  });

  it('is no want of memory where that can not be found out', async () => {
    const { agent, sandbox } = opened({ ranOutOfMemory: () => Promise.reject(new Error('no engine')) });
    agent.end();
    expect(await sandbox.lost).to.equal('the sandbox ended');
  });

  it('comes where a program can not be killed: it is destroyed, and that is logged', async () => {
    const { clock, sandbox, start, calls, logged } = opened();
    const running = await start();
    void running.kill();
    await clock.advance(6_000);
    expect(await sandbox.lost).to.equal('a program could not be killed');
    expect(calls).to.deep.equal(['destroyed']);
    expect((await running.exited).kind).to.equal('lost');
    expect(logged.join()).to.match(/destroying a sandbox: a program could not be killed/);
  });

  it('that fails is logged where nobody has asked for it', async () => {
    const { clock, start, logged } = opened({ destroy: () => Promise.reject(new Error('no engine')) });
    void (await start()).kill();
    await clock.advance(6_000);
    expect(logged.join()).to.match(/could not be removed.*no engine/s);
  });
});

describe('a sandbox that may be used again', () => {
  const looks = (found: Record<string, string[]>) => {
    const held = opened();
    held.agent.on('list', ({ channel, payload }) => {
      const [path = ''] = textsIn(payload, 1);
      const entries = (found[path] ?? []).map((name) => new Writer().u8(0).u32(0).u64(0).u64(0).text(Buffer.from(name)).bytes);
      if (entries.length > 0) held.agent.say('entries', channel, Buffer.concat(entries));
      held.agent.done(channel, 0, Buffer.from([0]));
    });
    return held;
  };

  it('has nothing in its folders but what was prepared in them', async () => {
    expect(await looks({}).sandbox.isPristine()).to.equal(true);
    expect(await looks({ '/workspace': ['.codebeaker-warm'], '/tmp': ['.codebeaker-1'] }).sandbox.isPristine()).to.equal(true);
    expect(await looks({ '/workspace': ['.codebeaker-warm', 'a'] }).sandbox.isPristine()).to.equal(false);
    expect(await looks({ '/tmp': ['.hidden'] }).sandbox.isPristine()).to.equal(false);
  });

  it('says so soon, or is not believed', async () => {
    const { sandbox, clock } = opened();
    const asked = kindOf(sandbox.isPristine());
    await clock.advance(500);
    expect(await asked).to.equal('SandboxLost');
    await sandbox.close();
    await settled();
    expect(clock.pending).to.equal(0);
  });

  it('is held to other limits, and then says what is in force', async () => {
    const given: unknown[] = [];
    const { agent, sandbox } = opened({ adjust: async (to) => void given.push(to) });
    agent.answer('facts', 0, Buffer.from('cgroup pids.max 40\n'));
    const other = { ...limits, cpus: 0.5, pids: 40 };
    await sandbox.adjust(other);
    expect(given).to.deep.equal([other]);
    expect(sandbox.isolation).to.deep.equal({ score: 0.5, layers: [{ name: 'pids', state: 'enforced', detail: '40' }] });
  });

  it('keeps its limits where they can not be changed', async () => {
    const { sandbox } = opened();
    const before = sandbox.isolation;
    expect(await kindOf(sandbox.adjust({ ...limits, cpus: 9 }))).to.equal('SandboxFailed');
    const failing = opened({ adjust: () => Promise.reject(new ProtocolError('SandboxFailed', 'no group')) }).sandbox;
    expect(await kindOf(failing.adjust({ ...limits, cpus: 9 }))).to.equal('SandboxFailed');
    expect([sandbox.isolation, failing.isolation]).to.deep.equal([before, before]);
  });

  it('has all processors while what was killed takes a while to die', async () => {
    const given: number[] = [];
    const { agent, clock, start, exit } = opened({ processors: 8, adjust: async ({ cpus }) => void given.push(cpus) });
    const program = await start();
    const channel = agent.of('start')[0]?.channel;
    const killing = program.kill();
    await clock.advance(10);
    expect(given).to.deep.equal([8]);
    exit(channel, 9);
    agent.say('gone', channel as number);
    await killing;
    await settled();
    expect([given, clock.pending]).to.deep.equal([[8, limits.cpus], 0]);
  });

  it('is destroyed if its limit of the processor can not be put back', async () => {
    const { agent, clock, sandbox, start, exit, logged } = opened({ processors: 8, adjust: ({ cpus }) => (cpus === 8 ? Promise.resolve() : Promise.reject(new Error('no'))) });
    const program = await start();
    const channel = agent.of('start')[0]?.channel;
    const killing = program.kill();
    await clock.advance(10);
    exit(channel, 9);
    agent.say('gone', channel as number);
    await killing;
    expect(await sandbox.lost).to.equal('its limit of the processor could not be put back');
    expect(logged.join()).to.contain('could not be put back');
  });

  it('can not be adjusted any more when it is gone', async () => {
    const { agent, sandbox } = opened({ adjust: () => Promise.resolve() });
    const adjusting = kindOf(sandbox.adjust(limits));
    await settled();
    agent.end();
    expect(await adjusting).to.equal('SandboxLost');
  });
});

describe('how a sandbox runs a language', () => {
  const python = (has: readonly string[], printed = 'Python 3.12.1\n') => {
    const held = opened();
    const asked: string[][] = [];
    held.agent.on('find', ({ channel, payload }) => {
      asked.push(textsIn(payload));
      held.agent.done(channel, 0, Buffer.from(textsIn(payload).map((name) => Number(has.includes(name)))));
    });
    held.agent.on('start', ({ channel }) => {
      held.agent.say('started', channel, new Writer().u32(7).bytes);
      if (printed) held.agent.output(channel, 'stdout', printed);
      if (printed) held.exit(channel);
    });
    return { ...held, asked };
  };

  it('is found out from its tools, once', async () => {
    const { sandbox, agent, asked } = python(['python3']);
    const [one, other] = await Promise.all([sandbox.toolchain('python'), sandbox.toolchain('python')]);
    expect(one).to.equal(other);
    expect(one?.phases('/workspace/a.py', [], '/tmp')[0]?.command).to.deep.equal(['python3', '-u', '/workspace/a.py']);
    expect(asked).to.have.length(1);
    expect(await one?.version?.()).to.equal('3.12.1');
    expect(programOf(agent.of('start')[0])).to.deep.include({ words: ['python3', '--version'], input: false });
  });

  it('is not at all where there are no tools', async () => {
    expect(await python([]).sandbox.toolchain('python')).to.equal(undefined);
  });

  it('is asked again where the answer did not come', async () => {
    const { sandbox, agent } = opened();
    const first = kindOf(sandbox.toolchain('python'));
    await settled();
    agent.raw(Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0]));
    expect(await first).to.equal('SandboxLost');
    expect(await kindOf(sandbox.toolchain('python'))).to.equal('SandboxLost');
  });

  it('does not wait for ever for a tool that does not tell its version', async () => {
    const { sandbox, agent, clock, exit } = python(['python3'], '');
    const version = (await sandbox.toolchain('python'))?.version?.();
    await clock.advance(30_000);
    const channel = agent.of('start')[0]?.channel as number;
    expect(agent.of('kill').map((each) => each.channel)).to.deep.equal([channel]);
    exit(channel);
    agent.say('gone', channel);
    expect(await version).to.equal(undefined);
  });

  it('can be decided by its surroundings', async () => {
    const { sandbox } = opened({ findToolchain: () => Promise.resolve(undefined) });
    expect(await sandbox.toolchain('python')).to.equal(undefined);
  });
});
