/**
 * Programs behave in a session as they do without one (T2, T4, T5, T6, T8, T9, T10, T14): each program of the corpus is run
 * plainly, and in sessions of every runtime, with and without an interpreter that waits, from a file and as text, in pipes
 * and on terminals. With CODEBEAKER_CORPUS=whole, every program runs in every mode everywhere.
 */
import { expect } from 'chai';
import type { LanguageId } from '../../server/src/protocol/index.ts';
import { deferred } from '../../server/src/base/promises.ts';
import type { Sandbox } from '../../server/src/runtime/ports.ts';
import { need } from '../require.ts';
import { create, limits } from '../runtime/contract/harness.ts';
import type { Subject } from '../runtime/contract/contract.ts';
import { RealSession } from '../warm/real-session.ts';
import { expected } from './compare.ts';
import { known } from './differences.ts';
import { NotUsed, runInSession } from './in-session.ts';
import { type Mode, modesOf, planFor } from './modes.ts';
import { type Place, places } from './places.ts';
import type { Plain } from './plain.ts';
import { corpusOf } from './programs.ts';
import type { Sample } from './sample.ts';
import type { Roots, Seen } from './seen.ts';

const whole = process.env.CODEBEAKER_CORPUS === 'whole';
const MIB = 1024 * 1024;
/** Wide: some programs run at once. */
const wide = { ...limits, memoryBytes: 1536 * MIB, diskBytes: 768 * MIB, cpus: 2, pids: 512 };

interface Job {
  readonly language: LanguageId;
  readonly sample: Sample;
  readonly number: number;
  readonly modes: readonly Mode[];
  readonly result: ReturnType<typeof deferred<void>>;
}

/** What is seen of a program that is run plainly. */
type Plainly = (job: Job) => Promise<Seen>;

for (const place of places) {
  describe(`the corpus of programs, ${place.name}`, function () {
    this.timeout(whole ? 1_800_000 : 300_000);
    for (const [part, probe] of Object.entries(place.needs)) before(need(part, probe));
    const jobs = jobsOf(place);
    let subject: Subject | undefined;
    let plain: Plain | undefined;
    let all: Promise<unknown> | undefined;

    before(async () => {
      subject = await place.make();
      const sandbox = await create(subject, { limits: wide });
      const { env, roots } = await surroundings(sandbox, place);
      plain = await place.plainly?.(env, ofEachProcess(sandbox));
      const can = await possible(jobs, place);
      const plainly = await askAll(can, sandbox, plain);
      all = work(can, place.atOnce, (job) => attempt(job, place, sandbox, plainly, roots));
    });
    after(async () => {
      await all;
      plain?.close();
      await subject?.dispose();
    });

    for (const language of new Set(jobs.map((job) => job.language))) {
      describe(language, () => {
        const tool = place.tools?.[language];
        if (tool) before(need(`${language} on this machine`, tool));
        for (const { sample, modes, result } of jobs.filter((job) => job.language === language)) {
          it(`${sample.name} (${modes.map(({ name }) => name).join('; ')})`, () => result.promise);
        }
      });
    }
  });
}

/** The languages whose programs are run in a place. */
function languagesOf({ languages, elsewhere = [] }: Place): LanguageId[] {
  return languages.filter((language) => whole || !elsewhere.includes(language));
}

function jobsOf(place: Place): Job[] {
  return languagesOf(place).flatMap((language) =>
    corpusOf(language, place.deno).flatMap((sample, number) => {
      if (sample.lacks?.[place.name] !== undefined || (sample.terminal && !place.terminals)) return [];
      const alike = places.filter((other) => languagesOf(other).includes(language) && other.deno === place.deno && sample.lacks?.[other.name] === undefined && (other.terminals || !sample.terminal));
      const modes = whole ? modesOf(language, sample, place) : planFor(language, sample, number, place, alike);
      if (modes.length === 0) return [];
      const result = deferred<void>();
      // It may fail before its test waits for it.
      result.promise.catch(() => undefined);
      return [{ language, sample, number, modes, result }];
    }),
  ).map((job, number) => ({ ...job, number }));
}

/** Those whose languages this machine has, if it is this machine's that are used. */
async function possible(jobs: readonly Job[], { tools = {} }: Place): Promise<Job[]> {
  const probes = Object.entries(tools).map(async ([language, probe]) => ((await probe()) === undefined ? undefined : language));
  const missing = await Promise.all(probes);
  return jobs.filter(({ language }) => !missing.includes(language));
}

const needsReference = ({ sample: { prints, says } }: Job): boolean => prints === undefined && says === undefined;

/** Has all programs run plainly, one after the other, while sessions run them. */
async function askAll(jobs: readonly Job[], sandbox: Sandbox, plain: Plain | undefined): Promise<Plainly> {
  const answers = new Map<Job, Promise<Seen>>();
  for (const job of plain ? jobs.filter(needsReference) : []) {
    const { extension = '' } = (await sandbox.toolchain(job.language)) ?? {};
    const answer = (plain as Plain).run(job.language, job.sample, extension, job.number);
    // Its job may fail before it wants to know.
    answer.catch(() => undefined);
    answers.set(job, answer);
  }
  return async (job) => {
    const answer = answers.get(job);
    if (!answer) throw new Error('it is not run plainly, and does not say what it prints');
    return answer;
  };
}

/** Does all jobs, some of them at once. */
async function work(jobs: readonly Job[], atOnce: number, attempt: (job: Job) => Promise<void>): Promise<void> {
  const left = [...jobs];
  const worker = async () => {
    for (let job = left.shift(); job; job = left.shift()) await attempt(job).then(job.result.resolve, job.result.reject);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Runs a program in all of its modes, and compares each time. */
async function attempt(job: Job, place: Place, sandbox: Sandbox, plainly: Plainly, roots: Roots): Promise<void> {
  const { language, sample, number, modes } = job;
  const { prints, says } = sample;
  for (const [at, mode] of modes.entries()) {
    const run = (again: number) => runInSession(sandbox, language, sample, mode, `/workspace/p${(number * 10 + at) * 10 + again}`, roots);
    const found = await run(0).catch((fault: unknown) => (fault instanceof NotUsed ? run(1) : Promise.reject(fault)));
    if (says) {
      expect(found.end, found.stdout).to.equal('1');
      for (const part of says) expect(found.stderr, mode.name).to.match(part);
    } else if (prints !== undefined) {
      expect({ stdout: found.stdout, end: found.end }, `${mode.name}: ${found.stderr}`).to.deep.equal({ stdout: prints, end: '0' });
    } else {
      expect(found, mode.name).to.deep.equal(expected(await plainly(job), { place: place.name, language, program: sample.name, mode }, known));
    }
  }
}

/** The options of prlimit for what limits each process of a session, where no control group limits them together. */
function ofEachProcess({ isolation }: Sandbox): string[] {
  const each = (layer: string) => isolation.layers.some(({ name, state }) => name === layer && state === 'degraded');
  return [...(each('memory') ? [`--data=${wide.memoryBytes}`] : []), ...(each('pids') ? [`--nproc=${wide.pids}`] : [])];
}

/** The variables of a session, and the folders of the host that programs see, if they see any. */
async function surroundings(sandbox: Sandbox, { languages, deno }: Place): Promise<{ env: Record<string, string>; roots: Roots }> {
  if (deno) {
    const { stdout = '' } = await new RealSession(sandbox, 'javascript').code({ code: 'console.log(JSON.stringify([Deno.cwd(), Deno.env.get("HOME"), (await import("node:process")).execPath]))' });
    const [workspace = '', tmp = '', program = ''] = JSON.parse(stdout) as string[];
    return { env: {}, roots: [[workspace, '/workspace'], [tmp, '/tmp'], [program, '/opt/deno/deno']] };
  }
  const { stdout = '' } = await new RealSession(sandbox, languages[0] ?? 'shellscript').shell(['env', '-0']);
  const pairs = stdout.split('\0').filter(Boolean).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
  return { env: Object.fromEntries(pairs) as Record<string, string>, roots: [] };
}
