/** What the held shell reports of a program's end, and what is made of it. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { Exit } from '../../../server/src/runtime/ports.ts';
import { parseReport } from '../../../server/src/runtime/shell/trailer.ts';

const TICKS = '150;25';
const usage = { cpuMs: 1750, peakMemoryBytes: 4096 };

function report({ status = '0', peak = '4096', oom = '', held = '0', ticks = TICKS, job = '', before = 0 }) {
  return parseReport(`${status};${peak};${oom};${held};${ticks};${job}`, before);
}

const exits: Record<string, [report: Parameters<typeof report>[0], exit: Exit]> = {
  'an exit': [{}, { kind: 'exited', code: 0, usage }],
  'an exit with a code': [{ status: '7' }, { kind: 'exited', code: 7, usage }],
  'the highest code': [{ status: '255' }, { kind: 'exited', code: 255, usage }],
  'dash: a signal': [{ status: '137', job: '[1] + Killed                     \n' }, { kind: 'signaled', signal: 'SIGKILL', usage }],
  'dash: an exit with the same number': [{ status: '137', job: '[1] + Done(137)                  \n' }, { kind: 'exited', code: 137, usage }],
  'busybox: a signal': [{ status: '143', job: '[1]+  Terminated                 \n' }, { kind: 'signaled', signal: 'SIGTERM', usage }],
  'busybox: an exit with the same number': [{ status: '143', job: '[1]+  Done(143)                  \n' }, { kind: 'exited', code: 143, usage }],
  'bash: a signal': [{ status: '139', job: '[1]+  Segmentation fault      sh -c x\n' }, { kind: 'signaled', signal: 'SIGSEGV', usage }],
  'bash: an exit with the same number': [{ status: '139', job: '[1]+  Exit 139                sh -c x\n' }, { kind: 'exited', code: 139, usage }],
  'a command that speaks of Done and Exit': [{ status: '137', job: '[1]+  Killed                  sh -c "echo Done; Exit"\n' }, { kind: 'signaled', signal: 'SIGKILL', usage }],
  'no word about the job': [{ status: '130' }, { kind: 'signaled', signal: 'SIGINT', usage }],
  'a number that is no signal': [{ status: '200', job: '' }, { kind: 'exited', code: 200, usage }],
  'no peak and no times': [{ peak: '', ticks: ';' }, { kind: 'exited', code: 0, usage: { cpuMs: 0, peakMemoryBytes: 0 } }],
  'out of memory, by a signal': [{ status: '137', oom: '1', job: '[1] + Killed' }, { kind: 'memoryLimit', signal: 'SIGKILL', code: null, usage }],
  'out of memory, by a code': [{ status: '1', oom: '3', before: 2 }, { kind: 'memoryLimit', signal: null, code: 1, usage }],
  'out of memory before': [{ status: '1', oom: '2', before: 2 }, { kind: 'exited', code: 1, usage }],
  'out of memory that a program survived': [{ status: '0', oom: '1' }, { kind: 'exited', code: 0, usage }],
};

describe('the report of a program', () => {
  for (const [name, [given, exit]] of Object.entries(exits)) {
    it(`tells ${name}`, () => expect(report(given)?.exit).to.deep.equal(exit));
  }

  it('counts out-of-memory kills and tells of held streams', () => {
    expect(report({ oom: '5', held: '1' })).to.include({ oomKills: 5, held: true });
    expect(report({})).to.include({ oomKills: 0, held: false });
  });

  it('is none where it makes no sense', () => {
    for (const text of ['', 'cd', '1', 'x;;;0;;', '1.5;;;0;;', ';;;', '0;1;2']) expect(parseReport(text, 0), text).to.equal(undefined);
  });

  it('is read without a throw, whatever stands there', () => {
    const property = fc.property(fc.string({ unit: 'binary' }), fc.nat(), (text, before) => {
      const exit = parseReport(text, before)?.exit;
      if (exit?.kind === 'exited') expect(exit.code).to.satisfy(Number.isInteger);
    });
    fc.assert(property, { seed: 83, numRuns: 1000 });
  });
});
