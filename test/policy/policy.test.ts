/** A policy can only be narrowed (F-B1, F-B2, F-B10, F-E1). */
import { expect } from 'chai';
import fc from 'fast-check';
import { resolveNetwork } from '../../server/src/policy/network.ts';
import { defaultImages, defaultLimits, defaultMaxLimits } from '../../server/src/policy/defaults.ts';
import { quotaNames } from '../../server/src/policy/quotas.ts';
import { checkImage, createPolicy, narrow, type Policy, resolveLimits, shorter } from '../../server/src/policy/policy.ts';
import { blocked, judge } from '../../server/src/policy/scan.ts';
import { type Config, languageIds, type Limits, type Network, ProtocolError, scanCategories, scanModes, scanSeverities } from '../../server/src/protocol/index.ts';

const property = { seed: 20_260_118, numRuns: 2000 };

const networks: readonly Network['mode'][] = ['none', 'allowlist', 'full'];
const host = fc.constantFrom('example.com', 'example.com:443', '*.example.com', 'a.example.com:443', 'b.a.example.com', '10.0.0.0/8', '10.1.2.3', '10.1.2.3:80', '2606:4700::/32');
const image = fc.constantFrom('a', 'b', 'c', 'd', ...Object.values(defaultImages));
const duration = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 100 }));

/** As in parsed JSON, keys may be absent. */
const record = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { requiredKeys: [] });

const partialLimits = record({
  memoryBytes: fc.integer({ min: 1, max: 100 }),
  cpus: fc.integer({ min: 1, max: 100 }),
  pids: fc.integer({ min: 1, max: 100 }),
  diskBytes: fc.integer({ min: 1, max: 100 }),
  outputBytes: fc.integer({ min: 1, max: 100 }),
  timeoutMs: duration,
});

const quota = record({
  commands: fc.integer({ min: 0, max: 100 }),
  cpuSeconds: fc.integer({ min: 0, max: 100 }),
  gibSeconds: fc.integer({ min: 0, max: 100 }),
  outputBytes: fc.integer({ min: 0, max: 100 }),
  networkBytes: fc.integer({ min: 0, max: 100 }),
});

const rate = fc.record({ perMinute: fc.integer({ min: 1, max: 100 }), burst: fc.integer({ min: 1, max: 100 }) }, { requiredKeys: ['perMinute'] });

const severity = fc.constantFrom(...scanSeverities);
const scanRule = fc.constantFrom('python/a', 'python/b');
const scanConfig = record({
  mode: fc.constantFrom(...scanModes),
  block: record({ severity, categories: fc.subarray([...scanCategories].slice(0, 3)) }),
  rules: fc.dictionary(scanRule, fc.oneof(severity, fc.constant('off' as const))),
  maxBytes: fc.integer({ min: 1, max: 1000 }),
});

const config: fc.Arbitrary<Config> = record({
  preference: fc.constantFrom('speed' as const, 'security' as const),
  images: record({ python: image, go: image }),
  allowedImages: fc.array(image, { maxLength: 3 }),
  limits: partialLimits,
  maxLimits: partialLimits,
  sessions: record({ max: fc.integer({ min: 1, max: 20 }), idleTimeoutMs: duration, maxLifetimeMs: duration, graceMs: duration, maxGraceMs: duration }),
  scan: scanConfig,
  sizes: record({ codeBytes: fc.integer({ min: 1024, max: 4096 }), pathBytes: fc.integer({ min: 64, max: 4096 }) }),
  network: record({ modes: fc.subarray([...networks]), hosts: fc.array(host, { maxLength: 3 }), connections: fc.integer({ min: 1, max: 9 }), bytes: fc.integer({ min: 1, max: 9 }), idleTimeoutMs: fc.integer({ min: 1, max: 9 }) }),
  rates: record({ 'session/create': rate, 'session/list': rate }),
  quotas: record({ sessions: fc.integer({ min: 0, max: 5 }), perDay: quota, perSession: quota }),
});

const certificates = fc.constantFrom('host' as const, 'image' as const, '/ca.pem');
const policy: fc.Arbitrary<Policy> = fc.tuple(config, certificates).map(([wish, trusted]) => createPolicy({ ...wish, network: { ...wish.network, certificates: trusted } }));
const narrower = config;

/** Returns undefined if the policy denies it. */
function allowed<T>(decide: () => T): T | undefined {
  try {
    return decide();
  } catch (fault) {
    expect(fault).to.be.instanceOf(ProtocolError).with.property('kind', 'PolicyDenied');
    return undefined;
  }
}

/** 0 means no bound. */
const within = (duration: number, bound: number) => bound === 0 || (duration > 0 && duration <= bound);

function expectWithin(limits: Limits, most: Limits): void {
  for (const name of ['memoryBytes', 'cpus', 'pids', 'diskBytes', 'outputBytes'] as const) {
    expect(limits[name], name).to.be.at.most(most[name]);
  }
  expect(within(limits.timeoutMs, most.timeoutMs), `timeoutMs ${limits.timeoutMs} of ${most.timeoutMs}`).to.equal(true);
}

const unbounded = { commands: Infinity, cpuSeconds: Infinity, gibSeconds: Infinity, outputBytes: Infinity, networkBytes: Infinity };

describe('a policy', () => {
  it('consists of the defaults if nothing is configured', () => {
    expect(createPolicy({})).to.deep.equal({
      preference: 'balanced',
      pool: undefined,
      images: defaultImages,
      allowedImages: new Set(Object.values(defaultImages)),
      limits: defaultLimits,
      maxLimits: defaultMaxLimits,
      sessions: { max: 16, idleTimeoutMs: 1_800_000, maxLifetimeMs: 7_200_000, graceMs: 60_000, maxGraceMs: 600_000 },
      networkModes: ['none'],
      hostLists: [],
      rates: {
        'session/create': { perMinute: 6_000, burst: 1_000 },
        'session/attach': { perMinute: 6_000, burst: 1_000 },
        'command/executeShell': { perMinute: 60_000, burst: 60_000 },
        'command/runCode': { perMinute: 60_000, burst: 60_000 },
        'command/installPackages': { perMinute: 600, burst: 600 },
      },
      quotas: { sessions: Infinity, perDay: unbounded, perSession: unbounded },
      prices: undefined,
      scan: { mode: 'advise', block: { severity: 'error', categories: [] }, rules: {}, raised: {}, maxBytes: 262_144 },
      networkBounds: { connections: 256, bytes: 64 * 2 ** 30, idleTimeoutMs: 300_000 },
      certificates: 'host',
      sizes: { codeBytes: 2 ** 20, messageBytes: 64 * 2 ** 20, pathBytes: 4096 },
      secrets: {},
    });
  });

  it('has an image for every language', () => {
    expect(Object.keys(defaultImages)).to.have.members([...languageIds]);
  });

  it('can have maximums above the defaults, which the configuration file sets', () => {
    const memoryBytes = defaultMaxLimits.memoryBytes * 4;
    const { maxLimits, limits } = createPolicy({ maxLimits: { memoryBytes }, limits: { memoryBytes } });
    expect([maxLimits.memoryBytes, limits.memoryBytes]).to.deep.equal([memoryBytes, memoryBytes]);
  });

  it('never has default limits above its maximums', () => {
    fc.assert(fc.property(config, (wish) => {
      const { limits, maxLimits } = createPolicy(wish);
      expectWithin(limits, maxLimits);
    }), property);
  });

  it('allows the images of the languages and those in allowedImages', () => {
    const { allowedImages } = createPolicy({ images: { python: 'mine' }, allowedImages: ['more'] });
    expect([...allowedImages]).to.include.members(['mine', 'more', defaultImages.go]);
    expect([...allowedImages]).not.to.include(defaultImages.python);
  });
});

describe('narrowing a policy', () => {
  it('by an empty configuration changes nothing', () => {
    fc.assert(fc.property(policy, (base) => {
      expect(narrow(base, {})).to.deep.equal(base);
    }), property);
  });

  it('never raises a bound or adds an image or a network mode, however often it is done (F-B2)', () => {
    fc.assert(fc.property(policy, fc.array(narrower, { minLength: 1, maxLength: 3 }), (base, steps) => {
      const result = allowed(() => steps.reduce((before, step) => narrow(before, step), base));
      if (!result) return;
      expectWithin(result.maxLimits, base.maxLimits);
      expectWithin(result.limits, result.maxLimits);
      expect(result.sizes.codeBytes).to.be.at.most(base.sizes.codeBytes);
      expect(result.sizes.pathBytes).to.be.at.most(base.sizes.pathBytes);
      expect(result.sessions.max).to.be.at.most(base.sessions.max);
      expect(within(result.sessions.idleTimeoutMs, base.sessions.idleTimeoutMs), 'idleTimeoutMs').to.equal(true);
      expect(within(result.sessions.maxLifetimeMs, base.sessions.maxLifetimeMs), 'maxLifetimeMs').to.equal(true);
      for (const name of ['graceMs', 'maxGraceMs'] as const) expect(result.sessions[name], name).to.be.at.most(base.sessions[name]);
      for (const [name, { perMinute, burst }] of Object.entries(base.rates)) {
        expect(result.rates[name]?.perMinute, name).to.be.at.most(perMinute);
        expect(result.rates[name]?.burst, name).to.be.at.most(burst);
      }
      expect(result.quotas.sessions).to.be.at.most(base.quotas.sessions);
      for (const span of ['perDay', 'perSession'] as const) {
        for (const name of quotaNames) expect(result.quotas[span][name], `${span}.${name}`).to.be.at.most(base.quotas[span][name]);
      }
      expect([...base.allowedImages]).to.include.members([...result.allowedImages]);
      expect([...base.allowedImages]).to.include.members(Object.values(result.images));
      expect([...base.networkModes]).to.include.members([...result.networkModes]);
      for (const name of ['connections', 'bytes', 'idleTimeoutMs'] as const) expect(result.networkBounds[name], name).to.be.at.most(base.networkBounds[name]);
      expect(result.certificates).to.equal(base.certificates);
    }), property);
  });

  it('lowers the bounds of the network that it names, and no other', () => {
    const base = createPolicy({ network: { connections: 10, bytes: 2 ** 40 } });
    expect(base.networkBounds).to.deep.equal({ connections: 10, bytes: 2 ** 40, idleTimeoutMs: 300_000 });
    expect(narrow(base, { network: { connections: 11, idleTimeoutMs: 1000 } }).networkBounds).to.deep.equal({ connections: 10, bytes: 2 ** 40, idleTimeoutMs: 1000 });
  });

  it('allows nothing that was not allowed before', () => {
    const network = fc.record({ mode: fc.constantFrom(...networks), hosts: fc.array(host, { maxLength: 2 }) });
    fc.assert(fc.property(policy, narrower, partialLimits, image, network, (base, wish, limits, named, net) => {
      const result = allowed(() => narrow(base, wish));
      if (!result) return;
      const given = allowed(() => resolveLimits(result, limits));
      if (given) expectWithin(given, base.maxLimits);
      if (given) expect(allowed(() => resolveLimits(base, limits)), 'limits').not.to.equal(undefined);
      if (allowed(() => (checkImage(result, named), true))) expect(() => checkImage(base, named)).not.to.throw();
      const reached = allowed(() => resolveNetwork(result, net));
      if (reached) expect(resolveNetwork(base, net)).to.deep.equal(reached);
    }), property);
  });

  it('lets no code run that would have been refused, and hides no finding', () => {
    const finding = fc.record({ rule: scanRule, category: fc.constantFrom(...scanCategories.slice(0, 3)), severity });
    fc.assert(fc.property(policy, narrower, finding, ({ scan: base, ...rest }, { scan: wish }, found) => {
      const { scan } = narrow({ scan: base, ...rest }, { scan: wish });
      expect(scanModes.indexOf(scan.mode)).to.be.at.least(scanModes.indexOf(base.mode));
      expect(scan.maxBytes).to.be.at.least(base.maxBytes);
      if (base.mode === 'block') expect(scan.maxBytes, 'larger texts are refused').to.equal(base.maxBytes);
      const [before, after] = [judge(base, [found]), judge(scan, [found])];
      expect(after.length).to.be.at.least(before.length);
      expect(blocked(scan, after).length).to.be.at.least(blocked(base, before).length);
    }), property);
  });

  it('raises rules of scanning, and turns blocking on with what it names itself', () => {
    const { scan } = narrow(createPolicy({ scan: { rules: { 'python/a': 'off', 'python/b': 'hint' } } }), { scan: { mode: 'block', block: { categories: ['sql'] }, rules: { 'python/a': 'warning', 'python/b': 'off' } } });
    const findings = judge(scan, ['a', 'b', 'c'].map((name) => ({ rule: `python/${name}`, category: 'sql' as const, severity: 'error' as const })));
    expect(findings.map(({ severity }) => severity)).to.deep.equal(['warning', 'hint', 'error']);
    expect(blocked(scan, [...findings, { rule: 'python/d', category: 'tls', severity: 'error' }]).map(({ rule }) => rule)).to.deep.equal(['python/a', 'python/b', 'python/c']);
  });

  it('by an empty list leaves nothing allowed (F-B1, F-E1)', () => {
    const base: Policy = { ...createPolicy({ allowedImages: ['a'] }), networkModes: networks };
    const result = narrow(base, { allowedImages: [], network: { modes: [] } });
    expect([result.allowedImages.size, result.networkModes.length]).to.deep.equal([0, 0]);
    expect(allowed(() => resolveNetwork(narrow(base, { network: { hosts: [] } }), { mode: 'allowlist', hosts: ['example.com'] }))).to.equal(undefined);
    expect(allowed(() => (checkImage(result, 'a'), true))).to.equal(undefined);
    expect(allowed(() => resolveNetwork(result, { mode: 'full' }))).to.equal(undefined);
  });

  const base = createPolicy({ maxLimits: { memoryBytes: 100, timeoutMs: 50 }, limits: { memoryBytes: 100, timeoutMs: 50 } });

  const refused: Record<string, [wish: Config, message: string]> = {
    'more memory': [{ limits: { memoryBytes: 101 } }, 'memoryBytes may be at most 100'],
    'more time': [{ limits: { timeoutMs: 51 } }, 'timeoutMs may be at most 50'],
    'no time limit': [{ limits: { timeoutMs: 0 } }, 'timeoutMs may be at most 50'],
    'more than its own maximum': [{ maxLimits: { memoryBytes: 10 }, limits: { memoryBytes: 11 } }, 'memoryBytes may be at most 10'],
    'another image': [{ images: { python: 'evil' } }, 'the image evil is not allowed'],
    'another engine': [{ docker: { host: 'tcp://evil' } }, 'docker can only be set in the configuration file'],
    'another OCI runtime': [{ docker: { ociRuntime: 'weak' } }, 'docker can only be set in the configuration file'],
    'another registry of packages': [{ packages: { registries: { pip: { url: 'http://evil/' } } } }, 'packages can only be set in the configuration file'],
    'no audit log': [{ audit: { enabled: false } }, 'audit can only be set in the configuration file'],
    'another price': [{ prices: { currency: 'EUR' } }, 'prices can only be set in the configuration file'],
    'other certificates': [{ network: { certificates: 'image' } }, 'network.certificates can only be set in the configuration file'],
    'a secret': [{ secrets: { A: { command: ['evil'] } } }, 'secrets can only be set in the configuration file'],
    'another folder for what is kept': [{ stateDir: '/tmp' }, 'stateDir can only be set in the configuration file'],
    'another time for what runs at the end': [{ drain: {} }, 'drain can only be set in the configuration file'],
    'another place for what is measured': [{ telemetry: {} }, 'telemetry can only be set in the configuration file'],
    'no history': [{ history: { enabled: false } }, 'history can only be set in the configuration file'],
    'longer messages': [{ sizes: { messageBytes: 2 ** 27 } }, 'sizes.messageBytes can only be set in the configuration file'],
    'another log': [{ log: { file: '/etc/passwd' } }, 'log can only be set in the configuration file'],
  };
  for (const [name, [wish, message]] of Object.entries(refused)) {
    it(`refuses ${name} (F-B2)`, () => {
      expect(() => narrow(base, wish)).to.throw(ProtocolError, message).with.nested.property('data.kind', 'PolicyDenied');
    });
  }

  it('ignores a bound that is higher than the one in force', () => {
    const result = narrow(base, { maxLimits: { memoryBytes: 1e12, timeoutMs: 0 }, sessions: { max: 1000, idleTimeoutMs: 1e12, maxLifetimeMs: 0 }, allowedImages: ['evil'] });
    expect({ ...result, allowedImages: base.allowedImages }).to.deep.equal(base);
    expect(result.allowedImages.size).to.equal(0);
  });
});

describe('the network', () => {
  const base: Policy = { ...createPolicy({}), networkModes: networks };

  it('is none where nobody asks for more, and where an allowlist is empty and nobody can be asked (F-E1)', () => {
    expect(resolveNetwork(base, undefined)).to.deep.equal({ mode: 'none' });
    expect(resolveNetwork(base, { mode: 'allowlist' })).to.deep.equal({ mode: 'none' });
    expect(resolveNetwork(base, { mode: 'allowlist', hosts: [] })).to.deep.equal({ mode: 'none' });
    expect(resolveNetwork(createPolicy({}), { mode: 'allowlist', hosts: [] })).to.deep.equal({ mode: 'none' });
    expect(resolveNetwork(base, { mode: 'allowlist', hosts: [] }, true)).to.deep.equal({ mode: 'allowlist', hosts: [] });
  });

  it('has hosts in their one form', () => {
    expect(resolveNetwork(base, { mode: 'allowlist', hosts: ['Example.COM.', '[2606:4700:0::1]:443'] })).to.deep.equal({ mode: 'allowlist', hosts: ['example.com', '[2606:4700::1]:443'] });
    expect(resolveNetwork(base, { mode: 'full' })).to.deep.equal({ mode: 'full' });
    expect(resolveNetwork(base, { mode: 'full', hosts: ['10.0.0.1/8'] })).to.deep.equal({ mode: 'full', hosts: ['10.0.0.0/8'] });
    expect(() => resolveNetwork(base, { mode: 'allowlist', hosts: ['ok.example', 'https://example.com'] })).to.throw(ProtocolError, 'network.hosts.1: "https://example.com" must be a host alone');
  });

  it('that is denied says what to write', () => {
    expect(() => resolveNetwork(createPolicy({}), { mode: 'full' })).to.throw(ProtocolError, 'the network mode full is not allowed here; allowed: none. To allow it, write {"network": {"modes": ["full"]}} into the configuration file');
    const narrowed = narrow(base, { network: { hosts: ['*.example.com:443'] } });
    expect(() => resolveNetwork(narrowed, { mode: 'allowlist', hosts: ['a.example.com'] })).to.throw(ProtocolError, 'a.example.com is not allowed here; allowed: *.example.com:443. To allow it, add it to network.hosts in the configuration file');
    expect(resolveNetwork(narrowed, { mode: 'allowlist', hosts: ['a.example.com:443'] })).to.deep.equal({ mode: 'allowlist', hosts: ['a.example.com:443'] });
  });
});

describe('limits', () => {
  it('are what is asked for, else the default, and never over the maximum', () => {
    fc.assert(fc.property(policy, partialLimits, (base, asked) => {
      const given = allowed(() => resolveLimits(base, asked));
      if (!given) return;
      expectWithin(given, base.maxLimits);
      const wanted = { ...base.limits, ...asked };
      expect(given).to.deep.equal({ ...wanted, diskBytes: Math.min(wanted.diskBytes, Math.ceil(wanted.memoryBytes / 2)) });
    }), property);
  });

  it('leave half of the memory to programs when the disk, which is memory, is full', () => {
    const MiB = 1024 * 1024;
    expect(resolveLimits(createPolicy({}), { memoryBytes: 300 * MiB })).to.include({ memoryBytes: 300 * MiB, diskBytes: 150 * MiB });
    expect(createPolicy({ limits: { diskBytes: 1024 * MiB } }).limits.diskBytes).to.equal(256 * MiB);
    expect(resolveLimits(createPolicy({}), { memoryBytes: 4096 * MiB, diskBytes: 2048 * MiB }).diskBytes).to.equal(2048 * MiB);
  });

  it('that are denied name the maximum', () => {
    const base = createPolicy({ maxLimits: { pids: 5 } });
    try {
      resolveLimits(base, { pids: 6 });
      expect.fail('allowed');
    } catch (fault) {
      expect((fault as ProtocolError).data).to.deep.equal({ kind: 'PolicyDenied', policy: 'limits', rule: 'maxLimits.pids', maximum: 5 });
    }
  });

  const bounds: [bound: number, asked: number | undefined, result: number][] = [
    [0, undefined, 0], [0, 0, 0], [0, 5, 5],
    [9, undefined, 9], [9, 0, 9], [9, 5, 5], [9, 9, 9], [9, 10, 9],
  ];
  for (const [bound, asked, result] of bounds) {
    it(`of ${bound} ms and ${asked} ms the shorter is ${result} ms`, () => {
      expect(shorter(bound, asked)).to.equal(result);
    });
  }
});

describe('the network', () => {
  const cases: [modes: readonly Network['mode'][], asked: Network | undefined, given: Network['mode'] | 'denied'][] = [
    [['none'], undefined, 'none'],
    [[], undefined, 'none'],
    [[], { mode: 'none' }, 'none'],
    [networks, undefined, 'none'],
    [networks, { mode: 'allowlist' }, 'none'],
    [networks, { mode: 'allowlist', hosts: [] }, 'none'],
    [['none'], { mode: 'allowlist', hosts: [] }, 'none'],
    [networks, { mode: 'allowlist', hosts: ['h'] }, 'allowlist'],
    [networks, { mode: 'full' }, 'full'],
    [['none'], { mode: 'full' }, 'denied'],
    [['none'], { mode: 'allowlist', hosts: ['h'] }, 'denied'],
    [['allowlist'], { mode: 'full' }, 'denied'],
    [[], { mode: 'full' }, 'denied'],
  ];
  for (const [networkModes, asked, given] of cases) {
    it(`${JSON.stringify(asked)} of [${networkModes.join(', ')}] is ${given}`, () => {
      const base: Policy = { ...createPolicy({}), networkModes };
      expect(allowed(() => resolveNetwork(base, asked))?.mode ?? 'denied').to.equal(given);
    });
  }
});
