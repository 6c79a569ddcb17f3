/** The methods about runtimes, from the request of a client to its answer. */
import { expect } from 'chai';
import { parse } from 'zod/mini';
import { defaultImages } from '../../server/src/policy/defaults.ts';
import { type ErrorKind, errorCodes, RuntimeChangedParams, RuntimeSelectResult } from '../../server/src/protocol/index.ts';
import { type DaemonOptions, type TestDaemon, withDaemon } from './daemon.ts';

const isolation = (score: number, network: 'enforced' | 'off' = 'enforced') => ({ score, layers: [{ name: 'network', state: network }] });
const three: DaemonOptions = {
  id: 'box', image: 'any', isolation: isolation(8),
  others: [{ id: 'jail', isolation: isolation(6) }, { id: 'sieve', isolation: isolation(2, 'off') }],
};

const ready = (test: (daemon: TestDaemon) => Promise<void>, options: DaemonOptions = three) =>
  withDaemon(options, async (daemon) => {
    await daemon.initialize();
    await test(daemon);
  });

describe('runtime/select', () => {
  it('returns the choice that session/create would make, with every candidate', () =>
    ready(async (daemon) => {
      const result = await daemon.result('runtime/select', { language: 'python' });
      expect(parse(RuntimeSelectResult, result)).to.deep.equal(result);
      expect(result).to.include({ runtime: 'box', language: 'python', preference: 'balanced' });
      expect(result.candidates.map(({ runtime, eligible }: { runtime: string; eligible: boolean }) => [runtime, eligible])).to.deep.equal([['box', true], ['jail', true], ['sieve', false]]);
      expect(result.candidates[2].reasons).to.deep.equal(['does not hold programs back from the network']);
      expect((await daemon.result('session/create', { language: 'python' })).runtime).to.equal('box');
      expect(daemon.runtimes.flatMap(({ made }) => made)).to.have.lengthOf(1);
    }));

  it('uses requirements and a preference', () =>
    ready(async (daemon) => {
      const params = { language: 'python', requirements: { runtimes: ['jail', 'sieve'], isolation: 5, network: 'none', enforced: ['network'] }, preference: 'speed' };
      expect(await daemon.result('runtime/select', params)).to.include({ runtime: 'jail', preference: 'speed' });
    }));

  it('uses the preference of the configuration by default', () =>
    ready(async (daemon) => {
      expect((await daemon.result('runtime/select', { language: 'python' })).preference).to.equal('security');
    }, { ...three, config: { preference: 'security' } }));

  it('accepts an empty array as an empty object, for Lua', () =>
    ready(async (daemon) => {
      expect((await daemon.result('runtime/select', { language: 'python', requirements: [] })).runtime).to.equal('box');
    }));

  const refused: Record<string, [params: object, kind: ErrorKind, part: string]> = {
    'no language': [{}, 'InvalidParams', 'language'],
    'an unknown language': [{ language: 'cobol' }, 'InvalidParams', 'language'],
    'an unknown preference': [{ language: 'python', preference: 'cheap' }, 'InvalidParams', 'preference'],
    'an unknown requirement': [{ language: 'python', requirements: { luck: true } }, 'InvalidParams', 'requirements.luck'],
    'an isolation score above 10': [{ language: 'python', requirements: { isolation: 11 } }, 'InvalidParams', 'requirements.isolation'],
    'an image that is not allowed': [{ language: 'python', requirements: { image: 'evil' } }, 'PolicyDenied', 'the image evil is not allowed'],
    'a network that is not allowed': [{ language: 'python', requirements: { network: 'full' } }, 'PolicyDenied', 'the network mode full is not allowed'],
  };
  for (const [name, [params, kind, part]] of Object.entries(refused)) {
    it(`refuses ${name}`, () =>
      ready(async (daemon) => {
        const { code, message } = await daemon.fault('runtime/select', params);
        expect([code, message]).to.satisfy(([found, words]: [number, string]) => found === errorCodes[kind] && words.includes(part), message);
      }));
  }

  const none: Record<string, [params: object, kind: ErrorKind]> = {
    'a language that no runtime has': [{ language: 'go' }, 'LanguageUnsupported'],
    'an isolation score that no runtime has': [{ language: 'python', requirements: { isolation: 9 } }, 'RuntimeUnavailable'],
    'an unknown runtime': [{ language: 'python', requirements: { runtimes: ['vmware'] } }, 'RuntimeUnavailable'],
    'no eligible runtime': [{ language: 'python', requirements: { runtimes: [] } }, 'RuntimeUnavailable'],
    'an image and a runtime without images': [{ language: 'python', requirements: { image: defaultImages.python, runtimes: ['jail'] } }, 'RuntimeUnavailable'],
  };
  for (const [name, [params, kind]] of Object.entries(none)) {
    it(`fails with the reasons of every candidate: ${name}`, () =>
      ready(async (daemon) => {
        const { code, data } = await daemon.fault('runtime/select', params);
        expect([code, data.kind]).to.deep.equal([errorCodes[kind], kind]);
        const told = data.candidates.map(({ runtime, eligible, reasons }: { runtime: string; eligible: boolean; reasons: string[] }) => [runtime, eligible, reasons.length > 0]);
        expect(told).to.deep.include.members(['box', 'jail', 'sieve'].map((id) => [id, false, true]));
      }));
  }
});

describe('session/create', () => {
  it('fails with the reasons of every candidate if no runtime is eligible', () =>
    ready(async (daemon) => {
      const { code, data } = await daemon.fault('session/create', { language: 'go' });
      expect([code, data.candidates.length]).to.deep.equal([1011, 3]);
      expect((await daemon.fault('session/create', { runtime: 'vmware' })).data.candidates).to.have.lengthOf(4);
    }));

  it('has a runtime looked at again if that has become unavailable', () =>
    ready(async (daemon) => {
      daemon.runtime.reason = 'it has gone';
      Object.assign(daemon.runtime, { info: () => ({ ...daemon.runtimes[1]?.info(), id: 'box' }) });
      let looks = 0;
      Object.assign(daemon.runtime, { refresh: async () => (looks += 1) });
      expect((await daemon.fault('session/create', { runtime: 'box' })).code).to.equal(1010);
      expect(looks).to.equal(1);
    }));

  it('with strict prefers a runtime in which everything is enforced, however slow it is', () =>
    ready(async (daemon) => {
      expect((await daemon.result('session/create', { language: 'python', strict: true })).runtime).to.equal('whole');
    }, { id: 'part', isolation: { score: 9, layers: [{ name: 'disk', state: 'degraded' }] }, others: [{ id: 'whole', isolation: { score: 1, layers: [{ name: 'disk', state: 'enforced' }] } }] }));
});

describe('runtime/changed', () => {
  const gone = (daemon: TestDaemon, reason: string | undefined) => {
    daemon.runtime.reason = reason;
    daemon.catalog.suspect('fake');
    return daemon.settle();
  };
  const told = (daemon: TestDaemon) => daemon.received('runtime/changed').map(({ runtimes }) => runtimes[0].available);

  it('is sent when a runtime becomes unavailable and available again, as runtime/list says', () =>
    ready(async (daemon) => {
      await gone(daemon, 'no engine');
      const [params] = daemon.received('runtime/changed');
      expect(parse(RuntimeChangedParams, params)).to.deep.equal(params);
      expect(params).to.deep.equal(await daemon.result('runtime/list'));
      expect(params.runtimes[0]).to.include({ id: 'fake', available: false, reason: 'no engine' });
      await gone(daemon, undefined);
      expect(told(daemon)).to.deep.equal([false, true]);
      expect((await daemon.result('session/create', { language: 'python' })).runtime).to.equal('fake');
    }, {}));

  it('is not sent if nothing has changed', () =>
    ready(async (daemon) => {
      await gone(daemon, undefined);
      expect(told(daemon)).to.deep.equal([]);
    }, {}));

  it('is never sent before the answer to initialize', () =>
    withDaemon({}, async (daemon) => {
      const initialized = daemon.initialize();
      // Changes before the answer has been written are reported in one notification.
      for (let count = 0; count < 5; count += 1) await gone(daemon, `${count}`);
      const { capabilities } = await initialized;
      await daemon.settle();
      const order = daemon.wire.received.map(({ id, method }) => method ?? id);
      expect(order.slice(0, 1)).to.deep.equal(['init']);
      expect([...(capabilities.runtimes[0].available ? [true] : [false]), ...told(daemon)].at(-1)).to.equal(false);
    }));

  it('is not sent after shutdown', () =>
    ready(async (daemon) => {
      await daemon.result('shutdown');
      await gone(daemon, 'no engine');
      expect(told(daemon)).to.deep.equal([]);
    }, {}));

  it('does not affect the sessions of other runtimes', () =>
    ready(async (daemon) => {
      const [mine, other] = [await daemon.session({ runtime: 'fake' }), await daemon.session({ runtime: 'other' })];
      daemon.runtime.made[0]?.destroy();
      await gone(daemon, 'no engine');
      expect((await daemon.fault('command/executeShell', { sessionId: mine, command: 'pwd' })).data.reason).to.equal('sandboxLost');
      expect((await daemon.result('command/executeShell', { sessionId: other, command: 'pwd' })).exitCode).to.equal(0);
    }, { others: [{ id: 'other' }] }));
});

describe('the start of sessions', () => {
  it('is measured, and the runtime shows the measurements', () =>
    withDaemon({}, async (daemon) => {
      const { clock } = daemon.server;
      await daemon.initialize();
      const sessionId = await daemon.session();
      await daemon.result('command/executeShell', { sessionId, command: 'echo 1' });
      const { runtimes: [info] } = await daemon.result('runtime/list');
      expect([info.startup.measured, info.measuredAt]).to.deep.equal([true, new Date(clock.now()).toISOString()]);
    }));
});
