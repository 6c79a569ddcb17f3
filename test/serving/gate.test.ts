/** The gate: its steps run in order around every call. */
import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventStream } from '../../server/src/events/events.ts';
import { createQuotas } from '../../server/src/policy/quotas.ts';
import { createRates } from '../../server/src/policy/rates.ts';
import { methods, RuntimeList } from '../../server/src/protocol/index.ts';
import { admit } from '../../server/src/serving/gate/admit.ts';
import { createGate, type Step } from '../../server/src/serving/gate/gate.ts';
import { keepHistory } from '../../server/src/serving/gate/history.ts';
import { historyPolicy } from '../../server/src/policy/history.ts';
import { learn } from '../../server/src/serving/gate/learn.ts';
import { observe } from '../../server/src/serving/gate/observe.ts';
import { quota } from '../../server/src/serving/gate/quota.ts';
import { Allowances } from '../../server/src/usage/allowances.ts';
import { Ledger } from '../../server/src/usage/ledger.ts';
import { Runs } from '../../server/src/usage/runs.ts';
import type { Call } from '../../server/src/wire/service.ts';
import { RunBench } from '../cli/bench.ts';
import { temporaryFolder } from '../policy/folder.ts';
import { FakeClock } from '../fakes/clock.ts';
import { recordingLog } from '../wire/server.ts';
import { notification } from '../wire/wire.ts';
import { type TestDaemon, withDaemon } from './daemon.ts';

describe('the gate', () => {
  const call: Call = { method: RuntimeList, params: {}, signal: new AbortController().signal };

  it('runs its steps around the handler, with the first one outermost', async () => {
    const seen: string[] = [];
    const step = (name: string): Step => async (_call, next) => {
      seen.push(`${name} before`);
      const result = await next();
      seen.push(`${name} after`);
      return result;
    };
    const serve = createGate([step('first'), step('second')], async () => {
      seen.push('handler');
      return 'result';
    });
    expect(await serve(call)).to.equal('result');
    expect(seen).to.deep.equal(['first before', 'second before', 'handler', 'second after', 'first after']);
  });

  it('begins a call synchronously', () => {
    const seen: string[] = [];
    const pass: Step = async (_call, next) => next();
    const serve = createGate([pass, pass], async () => void seen.push('handler'));
    void serve(call);
    expect(seen).to.deep.equal(['handler']);
  });

  it('does not run the following steps and the handler if a step refuses the call', async () => {
    const refuse: Step = () => Promise.reject(new Error('refused'));
    const serve = createGate([refuse, () => expect.fail('passed')], () => expect.fail('served'));
    expect(await serve(call).catch((fault: Error) => fault.message)).to.equal('refused');
  });
});

describe('the steps of the gate', () => {
  const clock = new FakeClock();
  const log = recordingLog([]);
  const ledger = new Ledger({ events: new EventStream(log), clock, log });
  const steps: Record<string, Step> = {
    observe: observe({ find: () => undefined, visit: 'v', client: { logTrace: () => undefined }, events: new EventStream(log), clock, log }),
    admit: admit({ rates: createRates({ rates: Object.fromEntries(methods.map(({ name }) => [name, { perMinute: 100 }])) }), clock }),
    quota: quota(new Allowances(createQuotas({ quotas: { perDay: { commands: 100 }, perSession: { commands: 100 } } }), ledger)),
    history: keepHistory({ history: { policy: historyPolicy({}), add: (make) => void make() }, client: undefined, clock, asked: new WeakMap(), find: () => undefined, programs: new WeakMap() }),
    learn: learn({ runs: new Runs({ clock, log }), clock, find: () => undefined, programs: new WeakMap() }),
  };
  for (const [name, step] of Object.entries(steps)) {
    it(`pass a call on once and at once, whatever it is, and return what comes back: ${name}`, async () => {
      for (const method of methods.filter(({ from, by }) => from === 'client' && by === 'service')) {
        let passed = 0;
        const result = { outcome: 'exited', phases: [] };
        const answer = step({ method, params: { sessionId: 's' }, signal: new AbortController().signal }, async () => (passed++, result));
        expect(passed, method.name).to.equal(1);
        expect(await answer, method.name).to.equal(result);
        const fault = new Error('refused further in');
        const refused = step({ method, params: { sessionId: 's' }, signal: new AbortController().signal }, () => Promise.reject(fault));
        expect(await refused.catch((thrown: unknown) => thrown), method.name).to.equal(fault);
        expect(passed, method.name).to.equal(1);
      }
    });
  }
});

describe('the gate of a connection', () => {
  /** What the step `observe` has logged, without the times. */
  const served = (lines: readonly { level: string; message: string }[]) =>
    lines.filter(({ level, message }) => level === 'debug' && message.startsWith('Served ')).map(({ message }) => message.replace(/ in \d+ ms/, ''));

  const passed = async (daemon: TestDaemon, work: () => Promise<unknown>) => {
    const before = served(daemon.server.lines).length;
    await work();
    await daemon.settle();
    return served(daemon.server.lines).slice(before);
  };

  it('is passed once by a request, with its outcome', () =>
    withDaemon({}, async (daemon) => {
      await daemon.initialize();
      const sessionId = await daemon.session();
      expect(await passed(daemon, () => daemon.ask('session/list'))).to.deep.equal(["Served 'session/list': ok."]);
      expect(await passed(daemon, () => daemon.ask('command/executeShell', { sessionId, command: 'echo 1' }))).to.deep.equal(["Served 'command/executeShell': exited."]);
    }));

  it('is passed once by a request that fails, with the name of the error', () =>
    withDaemon({}, async (daemon) => {
      await daemon.initialize();
      expect(await passed(daemon, () => daemon.ask('session/close', { sessionId: 'none' }))).to.deep.equal(["Served 'session/close': SessionNotFound."]);
    }));

  it('is passed once by the method that session/execute stands for, and never by the alias itself', () =>
    withDaemon({}, async (daemon) => {
      await daemon.initialize();
      const sessionId = await daemon.session();
      const execute = () => daemon.ask('session/execute', { sessionId, command: { type: 'executeShell', command: 'echo 1' } });
      expect(await passed(daemon, execute)).to.deep.equal(["Served 'command/executeShell': exited."]);
    }));

  it('is passed once by a notification, also if its command has ended', () =>
    withDaemon({}, async (daemon) => {
      await daemon.initialize();
      const send = async () => daemon.wire.send(notification('command/ack', { commandId: 'ended', seq: 0 }));
      expect(await passed(daemon, send)).to.deep.equal(["Served 'command/ack': ok."]);
    }));

  it('is not reached by invalid calls', () =>
    withDaemon({}, async (daemon) => {
      await daemon.initialize();
      const invalid = async () => {
        await daemon.ask('session/close', {});
        await daemon.ask('no/such', {});
        await daemon.ask('session/execute', { sessionId: 's', command: { type: 'nothing' } });
        daemon.wire.send(notification('command/ack', { commandId: 'c' }));
      };
      expect(await passed(daemon, invalid)).to.deep.equal([]);
    }));

  it('reports the outcome of each call to a client that has turned traces on', () =>
    withDaemon({}, async (daemon) => {
      await daemon.initialize({ trace: 'messages' });
      await daemon.ask('session/close', { sessionId: 'none' });
      const told = daemon.received('$/logTrace').map(({ message }) => message).filter((message) => message.startsWith('Served'));
      expect(told).to.deep.equal(["Served 'session/close' in 0 ms: SessionNotFound."]);
    }));

  const folder = temporaryFolder();

  it('is passed once by each call of the command line', async () => {
    const bench = new RunBench();
    const file = join(folder(), 'main.py');
    writeFileSync(file, 'echo 1');
    expect(await bench.run(file)).to.equal(0);
    const calls = served(bench.lines).filter((line) => /session\/create|writeFile|runCode/.test(line));
    expect(calls).to.deep.equal(["Served 'session/create': ok.", "Served 'command/writeFile': ok.", "Served 'command/runCode': exited."]);
  });
});
