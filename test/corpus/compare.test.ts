/** The plan and the comparison of the corpus: which modes are run where, and which differences are allowed. */
import { expect } from 'chai';
import { expected, type Known } from './compare.ts';
import { known } from './differences.ts';
import { type Mode, modes, modesOf, planFor, type PlanPlace } from './modes.ts';
import { entryOf, filesOf, type Sample } from './sample.ts';
import { corpusOf } from './programs.ts';
import { seen } from './seen.ts';
import { languageIds, languages } from '../../server/src/protocol/index.ts';

const places: readonly PlanPlace[] = [{ name: 'a', waits: ['python'] }, { name: 'b', waits: ['python'] }, { name: 'c', waits: [] }];
const sample: Sample = { name: 'hello', code: 'print("hello")' };

describe('the plan of the corpus', () => {
  it('has each program in each mode somewhere, and everywhere in some mode', () => {
    for (let number = 0; number < 10; number++) {
      const plans = places.map((place) => planFor('python', sample, number, place, places));
      expect(plans.flat()).to.have.members(modes.filter((mode) => plans.flat().includes(mode)));
      expect(new Set(plans.flat()).size).to.equal(modes.length);
      for (const plan of plans) expect(plan).not.to.deep.equal([]);
    }
  });

  it('has one program in four in a slow place, in one mode', () => {
    const slow = { ...places[2] as PlanPlace, slow: true };
    const plans = Array.from({ length: 8 }, (_, number) => planFor('python', sample, number, slow, [...places.slice(0, 2), slow]));
    expect(plans.map(({ length }) => length)).to.deep.equal([1, 0, 0, 0, 1, 0, 0, 0]);
  });

  it('has no mode in which a program can not be run', () => {
    const primed = ({ primed: is }: Mode) => is;
    const [first, , last] = places as [PlanPlace, PlanPlace, PlanPlace];
    expect(modesOf('python', sample, last).some(primed)).to.equal(false);
    expect(modesOf('python', { ...sample, env: { PYTHONPATH: 'x' } }, first).some(primed)).to.equal(false);
    expect(modesOf('python', { ...sample, entry: 'a name.py' }, first).some(({ text }) => text)).to.equal(false);
    expect(modesOf('javascript', { ...sample, entry: 'main.tsx' }, { name: 'a', waits: ['javascript'] }).some(primed)).to.equal(false);
  });
});

describe('the comparison of the corpus', () => {
  const mode = modes[0] as Mode;
  const run = { place: 'a', language: 'python', program: 'hello', mode } as const;
  const plain = { stdout: 'one two', stderr: 'one', end: '0' };
  const difference: Known = { reason: 'Why.', language: 'python', programs: ['hello'], plain: 'one', session: 'three' };

  it('expects what is seen plainly, but for the differences of this program, place and mode', () => {
    expect(expected(plain, run, [])).to.deep.equal(plain);
    expect(expected(plain, run, [difference])).to.deep.equal({ stdout: 'three two', stderr: 'three', end: '0' });
    for (const other of [{ places: ['b'] }, { programs: ['other'] }, { language: 'ruby' as const }, { only: { primed: true } }]) {
      expect(expected(plain, run, [{ ...difference, ...other }])).to.deep.equal(plain);
    }
  });

  it('does not allow a difference that is none', () => {
    expect(() => expected(plain, run, [{ ...difference, plain: 'four' }])).to.throw('not there');
  });

  it('leaves out only what differs from one run to the next', () => {
    const text = (of: string) => seen(Buffer.from(of), Buffer.alloc(0), '0', [['/host/folder', '/workspace']]).stdout;
    expect(text('/workspace/p12/main-0123abcd.py (node:7) at 0x7f0a')).to.equal(text('/host/folder/p3/main.py (node:19) at 0x11'));
    expect(text('/workspace/p12 x')).not.to.equal(text('/workspace/p12 y'));
    expect(text('main-01.py')).not.to.equal(text('main.py'));
  });
});

describe('the corpus of programs', () => {
  const all = [false, true].flatMap((inDeno) => languageIds.flatMap((language) => corpusOf(language, inDeno).map((program) => ({ language, program }))));

  it('has at least 150 programs, each with a name of its own', () => {
    for (const language of languageIds) {
      const names = corpusOf(language, false).map(({ name }) => name);
      expect(new Set(names).size, language).to.equal(names.length);
    }
    expect(new Set(all.map(({ language, program }) => `${language} ${program.name}`)).size).to.be.greaterThan(150);
  });

  it('has the file that is run among the files of each program', () => {
    for (const { language, program } of all) {
      const [extension] = languages[language].extensions;
      expect(filesOf(program, extension), program.name).to.include.keys(entryOf(program, extension));
    }
  });

  it('says what each program in TypeScript prints or says, for there is no plain run of it', () => {
    for (const { prints, says, name } of corpusOf('typescript', false)) expect([prints, says].filter((each) => each !== undefined), name).to.have.length(1);
  });

  it('gives each difference a reason, and programs that there are', () => {
    for (const { reason, language, programs } of known) {
      expect(reason).to.match(/^[A-Z].{20,}\.$/s);
      const names = [false, true].flatMap((inDeno) => corpusOf(language, inDeno).map(({ name }) => name));
      expect(names).to.include.members([...programs]);
    }
  });
});
