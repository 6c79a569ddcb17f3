/**
 * Random processes of random trees are killed by random signals, supervisors too: no success is ever told of a command that
 * did not succeed, and no output of another command. CODEBEAKER_RANDOM_KILLS is the number of kills, by default 40.
 */
import { expect } from 'chai';
import type { Exit, Sandbox } from '../../../../server/src/runtime/ports.ts';
import { create, type Ran, run } from '../../contract/harness.ts';
import { everySandbox, onHostKernel, python, stillWorks, useSandbox } from './sandboxes.ts';

const kills = Number(process.env.CODEBEAKER_RANDOM_KILLS ?? 40);
const KILLS_A_ROUND = 10;
const signals = [1, 2, 3, 6, 9, 9, 9, 11, 15, 15, 19, 18];

/** Numbers that look random, and are the same in each run. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** A tree whose first process prints its mark and exits with 3, if it is not killed before. */
function tree(roll: (below: number) => number, mark: string): string {
  const leaf = () => ['sleep 0.0$$ &', '(sleep 0.05; exit 0) &', 'setsid sleep 0.2 &', '(setsid sh -c "sleep 0.1 & exit 0" &);', 'sh -c "sh -c \\"sleep 0.03\\"; exit 0" &'][roll(5)];
  return `${Array.from({ length: 1 + roll(4) }, leaf).join(' ')} echo ${mark}; sleep 0.0${roll(9)}; exit 3`;
}

/** Kills some processes that it finds, each after a moment. */
const killer = (roll: (below: number) => number) => python(`
import random
random.seed(${roll(1_000_000)})
for signal_number in ${JSON.stringify(Array.from({ length: KILLS_A_ROUND }, () => signals[roll(signals.length)]))}:
    pids = [int(n) for n in os.listdir('/proc') if n.isdigit() and int(n) not in (1, os.getpid(), os.getppid())]
    if pids: libc.kill(random.choice(pids), signal_number)
    time.sleep(0.004)`);

async function round(sandbox: Sandbox, roll: (below: number) => number): Promise<void> {
  const marks = Array.from({ length: 4 }, () => `mark-${roll(1_000_000)}`);
  const guarded = (work: Promise<Ran>): Promise<Ran | undefined> => work.catch(() => undefined);
  const programs = marks.map((mark) => guarded(run(sandbox, tree(roll, mark))));
  const killing = run(sandbox, killer(roll)).catch(() => undefined);
  await killing;
  // What was stopped may have to be continued.
  await guarded(run(sandbox, python('libc.kill(-1, 18)')));
  const ran = await Promise.all(programs);
  for (const [at, result] of ran.entries()) {
    if (!result) continue;
    expect(isTruth(result.exit), JSON.stringify(result.exit)).to.equal(true);
    expect([`${marks[at]}\n`, '']).to.include(result.stdout.toString());
  }
}

function isTruth(exit: Exit): boolean {
  return exit.kind === 'exited' ? exit.code === 3 : exit.kind !== 'memoryLimit';
}

everySandbox(`${kills} random kills`, onHostKernel, (parts) => {
  const held = useSandbox(parts);

  it('are never told as a success, nor change what is told of others', async () => {
    let sandbox = await create(held.subject);
    let lost = 0;
    for (let done = 0; done < kills; done += KILLS_A_ROUND) {
      let gone = false;
      void sandbox.lost.then(() => (gone = true));
      await round(sandbox, dice(done + 1));
      if (!gone) await stillWorks(sandbox).catch((fault: unknown) => {
        if (!gone) throw fault;
      });
      if (!gone) continue;
      lost++;
      await sandbox.close();
      sandbox = await create(held.subject);
    }
    await sandbox.close();
    expect(lost).to.be.below(kills / KILLS_A_ROUND + 1);
  }).timeout(60_000 + kills * 500);
});
