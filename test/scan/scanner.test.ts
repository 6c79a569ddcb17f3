/** The scanner: one thread, one text at a time, each text once, and no thread that hangs. */
import { expect } from 'chai';
import { deferred, type Deferred } from '../../server/src/base/promises.ts';
import type { Finding, Text } from '../../server/src/scan/finding.ts';
import { ScanFault, Scanner } from '../../server/src/scan/scanner.ts';
import type { Answer } from '../../server/src/scan/thread.ts';
import { FakeClock } from '../fakes/clock.ts';
import { type Line, recordingLog } from '../wire/server.ts';

const finding: Finding = { rule: 'python/unsafe-yaml', category: 'deserialization', severity: 'warning', message: 'found', range: { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } } };

class FakeThread {
  readonly asked: string[] = [];
  readonly answers: Deferred<Answer>[] = [];
  ended = false;

  ask({ code }: Text): Promise<Answer> {
    this.asked.push(code);
    const answer = deferred<Answer>();
    this.answers.push(answer);
    return answer.promise;
  }

  async end(): Promise<void> {
    this.ended = true;
    this.answers.at(-1)?.reject(new Error('the thread ended'));
  }
}

describe('the scanner', () => {
  let clock: FakeClock;
  let lines: Line[];
  let threads: FakeThread[];
  let scanner: Scanner;
  beforeEach(() => {
    clock = new FakeClock();
    lines = [];
    threads = [];
    const start = () => {
      const thread = new FakeThread();
      threads.push(thread);
      return thread;
    };
    scanner = new Scanner({ start, clock, log: recordingLog(lines) });
  });

  const python = (code: string): Text => ({ language: 'python', code });
  const answer = async (answer: Answer = { findings: [finding] }) => {
    await clock.advance(0);
    threads.at(-1)?.answers.at(-1)?.resolve(answer);
  };
  const why = (scan: Promise<unknown>) => scan.then(() => expect.fail('it was scanned'), (fault: unknown) => {
    expect(fault).to.be.instanceOf(ScanFault);
    return (fault as Error).message;
  });

  it('starts its thread when the first text comes, and ends it after a minute without one', async () => {
    expect(threads).to.deep.equal([]);
    const first = scanner.scan(python('one'));
    await answer();
    expect(await first).to.deep.equal([finding]);
    await clock.advance(59_999);
    expect(threads.map(({ ended }) => ended)).to.deep.equal([false]);
    await clock.advance(1);
    expect(threads.map(({ ended }) => ended)).to.deep.equal([true]);
    const second = scanner.scan(python('two'));
    await answer();
    await second;
    expect(threads).to.have.length(2);
    await scanner.close();
    expect(clock.pending).to.equal(0);
  });

  it('scans one text after the other, and the same text once', async () => {
    const scans = ['one', 'two', 'one'].map((code) => scanner.scan(python(code)));
    await answer();
    await answer();
    expect(await Promise.all(scans)).to.deep.equal([[finding], [finding], [finding]]);
    expect(threads[0]?.asked).to.deep.equal(['one', 'two']);
    await scanner.close();
  });

  it('tells the same text in another language, or with another extension, apart', async () => {
    const texts: Text[] = [python('x'), { language: 'ruby', code: 'x' }, { language: 'typescript', path: 'x.ts', code: 'x' }, { language: 'typescript', path: 'x.tsx', code: 'x' }, { language: 'typescript', path: 'x.ts\none', code: 'two' }, { language: 'typescript', path: 'x.ts', code: 'one\ntwo' }];
    for (const text of texts) {
      const scan = scanner.scan(text);
      await answer();
      await scan;
    }
    expect(threads[0]?.asked).to.have.length(texts.length);
    await scanner.close();
  });

  it('gives up a text after 5 seconds, with its thread, and goes on with the next', async () => {
    const slow = why(scanner.scan(python('slow')));
    const next = scanner.scan(python('next'));
    await clock.advance(5_000);
    expect(await slow).to.equal('the text could not be scanned');
    await answer();
    expect(await next).to.deep.equal([finding]);
    expect(threads.map(({ ended }) => ended)).to.deep.equal([true, false]);
    expect(lines.map(({ level }) => level)).to.deep.equal(['warn']);
    await scanner.close();
  });

  it('says so where the thread can not read a text, and remembers nothing of it', async () => {
    const failing = why(scanner.scan(python('x')));
    await answer({ fault: 'no grammar' });
    expect(await failing).to.equal('the text could not be scanned');
    const again = scanner.scan(python('x'));
    await answer();
    expect(await again).to.deep.equal([finding]);
    await scanner.close();
  });

  it('lets at most 100 texts wait', async () => {
    const waiting = Array.from({ length: 100 }, (_, index) => why(scanner.scan(python(`${index}`))));
    expect(await why(scanner.scan(python('more')))).to.equal('too many texts are waiting to be scanned');
    await clock.advance(0);
    await scanner.close();
    expect(new Set(await Promise.all(waiting))).to.deep.equal(new Set(['the text could not be scanned', 'the daemon is ending']));
  });
});
