/** Which runtime is chosen, and what is said about the others. */
import { expect } from 'chai';
import fc from 'fast-check';
import { parse } from 'zod/mini';
import { Candidate, type LanguageId, languageIds, type Preference, Preference as Preferences, ProtocolError } from '../../../server/src/protocol/index.ts';
import { choose, selectRuntime, type Wish } from '../../../server/src/runtime/choice/select.ts';
import { type Offer, offers } from './offers.ts';

const preferences: readonly Preference[] = ['speed', 'security', 'memory', 'balanced'];

const wish = (language: LanguageId | undefined, preference: Preference, more: Partial<Wish> = {}): Wish => ({ language, preference, required: {}, image: 'python:3', ...more });

const hole = (state: 'open' | 'unknown' | 'unreached') => ({ id: 'CVE-1', component: 'runc', version: '1.1.11', allows: 'x', fixedIn: ['1.1.12', '1.2.0'], url: 'https://example.com/', state });

type Change = Readonly<Record<string, Partial<Offer> | undefined>>;

describe('the choice of a runtime', () => {
  /** For each preference in this order: speed, security, memory, balanced. */
  const choices: Record<string, [language: LanguageId, expected: string, more?: Partial<Wish>, change?: Change]> = {
    'a language that all run': ['javascript', 'native gvisor deno native'],
    'one that some run': ['python', 'native gvisor docker native'],
    'one that images run': ['ruby', 'docker gvisor docker docker'],
    'what is not available': ['javascript', 'deno docker deno docker', {}, { native: { reason: 'no bubblewrap' }, gvisor: { reason: 'no runsc' } }],
    'an image that must be fetched': ['javascript', 'native native deno native', {}, { docker: { prepared: false }, gvisor: { prepared: false } }],
    'an image that must be fetched, where nothing else will do': ['go', 'docker gvisor docker docker', {}, { docker: { prepared: false }, gvisor: { prepared: false } }],
    'an image that only one has': ['go', 'gvisor gvisor gvisor gvisor', { image: 'other' }, { gvisor: { prepared: (image) => image === 'other' }, docker: { prepared: (image) => image !== 'other' } }],
    'one runtime': ['javascript', 'deno deno deno deno', { required: { runtimes: ['deno'] } }],
    'one of two runtimes': ['javascript', 'deno docker deno docker', { required: { runtimes: ['docker', 'deno'] } }],
    'a least isolation': ['javascript', 'docker gvisor docker docker', { required: { isolation: 6.5 } }],
    'a least isolation that is just met': ['javascript', 'gvisor gvisor gvisor gvisor', { required: { isolation: 9 } }],
    'an image by its name': ['javascript', 'docker gvisor docker docker', { required: { image: 'python:3' } }],
    'a layer': ['javascript', 'native gvisor docker native', { required: { enforced: ['filesystem'] } }],
    'versions that are known to be good': ['javascript', 'docker gvisor docker docker', { required: { enforced: ['versions', 'network'] } }, { docker: { version: '29', weaknesses: [hole('unreached')] }, gvisor: { version: '1' }, native: { version: '0.1', weaknesses: [hole('open')] } }],
    'two layers': ['javascript', 'docker docker docker docker', { required: { enforced: ['filesystem', 'seccomp'] } }],
    'a network': ['python', 'gvisor gvisor gvisor gvisor', { required: { network: 'allowlist' } }, { gvisor: { networks: ['none', 'allowlist'] } }],
    'no network where one can not hold it back': ['javascript', 'deno docker deno docker', {}, { native: { layers: { network: 'off' } }, gvisor: { layers: { network: 'off' } } }],
    'every layer enforced': ['javascript', 'docker docker docker docker', { strict: true }],
    'a debugger, which one has': ['javascript', 'deno deno deno deno', { debuggers: new Set(['deno']) }],
    'a debugger, which one has that must fetch its image': ['go', 'docker docker docker docker', { debuggers: new Set(['docker']) }, { docker: { prepared: false } }],
    'a debugger, in spite of what the program is written for': ['javascript', 'native native native native', { debuggers: new Set(['native']), hint: { engine: 'deno', why: 'it says so' } }],
    'a debugger, which two have, and what the program is written for': ['javascript', 'deno deno deno deno', { debuggers: new Set(['native', 'deno']), hint: { engine: 'deno', why: 'it says so' } }],
    'a debugger that none has': ['javascript', 'native gvisor deno native', { debuggers: new Set() }],
    'every layer enforced, and a debugger where not every one is': ['javascript', 'docker docker docker docker', { strict: true, debuggers: new Set(['native']) }],
    'every layer enforced, where none has it': ['javascript', 'native gvisor deno native', { strict: true }, { docker: undefined }],
  };
  for (const [name, [language, expected, more, change]] of Object.entries(choices)) {
    it(`by ${name}`, () => {
      const found = preferences.map((preference) => selectRuntime(offers(change), wish(language, preference, more)).chosen.id);
      expect(found.join(' ')).to.equal(expected);
    });
  }

  it('takes the first of equals', () => {
    const same: Offer = { score: 5, startMs: 10, memoryMiB: 10 };
    const change = { docker: undefined, gvisor: undefined, native: undefined, deno: undefined, b: same, a: same };
    expect(selectRuntime(offers(change), wish('go', 'balanced')).chosen.id).to.equal('b');
  });

  it('follows what was measured', () => {
    const slow = { native: { startMs: 900 } };
    expect(selectRuntime(offers(slow), wish('javascript', 'speed')).chosen.id).to.equal('deno');
  });
});

describe('what is said about a candidate', () => {
  const said: Record<string, [id: string, reasons: string[], more?: Partial<Wish>, change?: Change, language?: LanguageId]> = {
    'that will do': ['docker', ['isolation 7 of 10', "150 ms from nothing to a program's first word, measured", '2 MiB for an idle sandbox', 'everything is at hand']],
    'that was not measured': ['deno', ['isolation 3 of 10', "50 ms from nothing to a program's first word, estimated", '1 MiB for an idle sandbox', 'everything is at hand'], {}, { deno: { measured: false } }],
    'that must fetch something': ['docker', ['isolation 7 of 10', "150 ms from nothing to a program's first word, measured", '2 MiB for an idle sandbox', 'its image must be fetched first'], {}, { docker: { prepared: false } }],
    'that is not there': ['docker', ['no engine'], {}, { docker: { reason: 'no engine' } }],
    'that does not run the language': ['native', ['does not run ruby'], {}, {}, 'ruby'],
    'that nobody asked for': ['docker', ['not among the runtimes asked for'], { required: { runtimes: ['deno'] } }],
    'that nobody knows': ['vmware', ['there is no runtime of this name'], { required: { runtimes: ['deno', 'vmware'] } }],
    'without images': ['deno', ['has no images'], { required: { image: 'x' } }],
    'that is too weak': ['deno', ['isolation 3 of 10 is less than 5'], { required: { isolation: 5 } }],
    'with a layer that is less than asked for': ['deno', ['filesystem is degraded, not enforced', 'seccomp is off, not enforced'], { required: { enforced: ['filesystem', 'seccomp'] } }],
    'without a layer': ['native', ['has no layer moat'], { required: { enforced: ['moat'] } }],
    'whose version is not known': ['docker', ['its version is not known, so neither are its holes'], { required: { enforced: ['versions'] } }],
    'with versions that have holes': ['docker', ['runc 1.1.11 has CVE-1, which 1.1.12, 1.2.0 has no more', 'runc 1.1.11 may have CVE-1, because nobody knows what its distribution has mended'], { required: { enforced: ['versions'] } }, { docker: { version: '29', weaknesses: [hole('open'), hole('unknown'), hole('unreached')] } }],
    'that can debug': ['native', ['programs can be debugged in it', 'isolation 6 of 10', "45 ms from nothing to a program's first word, measured", '3 MiB for an idle sandbox', 'everything is at hand'], { debuggers: new Set(['native']) }],
    'that can not debug': ['gvisor', ['programs in go cannot be debugged in it', 'isolation 9 of 10', "600 ms from nothing to a program's first word, measured", '40 MiB for an idle sandbox', 'everything is at hand'], { debuggers: new Set(['docker']) }, {}, 'go'],
    'that can not confine': ['deno', ["its sandboxes can't have the network mode full"], { required: { network: 'full' } }],
    'that does not confine': ['native', ['does not hold programs back from the network'], {}, { native: { layers: { network: 'off' } } }],
    'with everything against it': [
      'deno',
      ['not among the runtimes asked for', 'does not run ruby', 'gone', 'has no images', "its sandboxes can't have the network mode full", 'isolation 3 of 10 is less than 9', 'has no layer x'],
      { required: { runtimes: [], image: 'x', network: 'full', isolation: 9, enforced: ['x'] } }, { deno: { reason: 'gone' } }, 'ruby',
    ],
  };
  for (const [name, [id, reasons, more, change, language = 'javascript']] of Object.entries(said)) {
    it(name, () => {
      const { candidates } = choose(offers(change), wish(language, 'balanced', more));
      expect(candidates.find(({ runtime }) => runtime === id)?.reasons).to.deep.equal(reasons);
    });
  }
});

describe('a choice without a result', () => {
  const faults: Record<string, [kind: string, message: string, more?: Partial<Wish>, change?: Change, language?: LanguageId]> = {
    'names the unknown runtime': ['RuntimeUnavailable', 'vmware: there is no runtime of this name; known: docker, gvisor, native, deno', { required: { runtimes: ['vmware'] } }],
    'says that no runtime was allowed': ['RuntimeUnavailable', ': no runtime is allowed; known: docker, gvisor, native, deno', { required: { runtimes: [] } }],
    'names the language that one does not run': ['LanguageUnsupported', 'deno: it runs only javascript, typescript; codebeaker doctor says what to do', { required: { runtimes: ['deno'] } }, {}, 'go'],
    'names the language that none runs, and what each lacks, the nearest first (L9)': ['LanguageUnsupported', 'no runtime can run go here: native: it needs go on the PATH of this machine; deno: it runs only javascript, typescript; codebeaker doctor says what to do', {}, { docker: undefined, gvisor: undefined }, 'go'],
    'names why each one is unavailable, the nearest first (L9)': ['RuntimeUnavailable', 'no runtime can run go here: native: it needs go on the PATH of this machine; docker: no engine; gvisor: no runsc; deno: it runs only javascript, typescript; codebeaker doctor says what to do', {}, { docker: { reason: 'no engine' }, gvisor: { reason: 'no runsc' } }, 'go'],
    'names what the nearest lacks': ['RuntimeUnavailable', 'gvisor: isolation 9 of 10 is less than 10; ask for less; runtime/list shows what each runtime offers', { required: { isolation: 10 } }, { docker: { reason: 'no engine' } }, 'go'],
  };
  for (const [name, [kind, message, more, change, language = 'javascript']] of Object.entries(faults)) {
    it(`${name}, and lists all candidates`, () => {
      const all = offers(change);
      try {
        selectRuntime(all, wish(language, 'balanced', more));
        expect.fail('it chose');
      } catch (fault) {
        expect(fault).to.be.instanceOf(ProtocolError);
        const { message: words, data } = fault as ProtocolError;
        expect([data.kind, words]).to.deep.equal([kind, message]);
        const candidates = (data.candidates as unknown[]).map((each) => parse(Candidate, each));
        expect(candidates.map(({ eligible }) => eligible)).not.to.include(true);
        expect(candidates.map(({ runtime }) => runtime)).to.include.members(all.map(({ id }) => id));
      }
    });
  }

  it('is reported if there are no runtimes at all', () => {
    expect(() => selectRuntime([], wish('go', 'speed'))).to.throw(ProtocolError, 'no runtime');
  });
});

describe('every choice', () => {
  const offer = fc.record({
    score: fc.integer({ min: 0, max: 10 }), startMs: fc.double({ min: 0, max: 1e5, noNaN: true }), memoryMiB: fc.double({ min: 0, max: 1e5, noNaN: true }),
    prepared: fc.boolean(), languages: fc.subarray([...languageIds]), layers: fc.dictionary(fc.constantFrom('network', 'a', 'b'), fc.constantFrom('enforced', 'degraded', 'off')),
  }, { requiredKeys: ['score', 'startMs', 'memoryMiB'] });
  const wishes = fc.record({
    language: fc.constantFrom(...languageIds), preference: fc.constantFrom(...preferences), image: fc.constant('x'), strict: fc.boolean(),
    required: fc.record({ isolation: fc.integer({ min: 0, max: 10 }), network: fc.constantFrom('none', 'allowlist', 'full'), enforced: fc.subarray(['a', 'b']), runtimes: fc.subarray(['docker', 'r1', 'x']) }, { requiredKeys: [] }),
  }) as fc.Arbitrary<Wish>;

  it('is the eligible runtime with the highest score, and every candidate has its place and its reasons', () => {
    fc.assert(fc.property(fc.array(offer, { maxLength: 6 }), wishes, (made, wanted) => {
      const all = offers({ gvisor: undefined, native: undefined, ...Object.fromEntries(made.map((each, index) => [`r${index}`, each as Offer])) });
      const { chosen, candidates } = choose(all, wanted);
      const eligible = candidates.filter((each) => each.eligible);
      expect(chosen === undefined).to.equal(eligible.length === 0);
      if (chosen) expect([eligible[0]?.runtime, Math.max(...eligible.map(({ score }) => score))]).to.deep.equal([chosen.id, eligible[0]?.score]);
      for (const { reasons, score } of candidates) expect([reasons.length > 0, Number.isFinite(score), score >= 0]).to.deep.equal([true, true, true]);
      const order = candidates.map((each) => (each.eligible ? 1e6 : 0) + each.score);
      expect(order).to.deep.equal([...order].sort((a, b) => b - a));
    }));
  });

  it('is tested with all preferences that exist', () => {
    expect(preferences).to.have.members(Preferences.options);
  });
});
