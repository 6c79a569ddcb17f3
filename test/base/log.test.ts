/** The log: its levels, its two formats, and what a line is about. */
import { expect } from 'chai';
import { createLog, Threshold } from '../../server/src/base/log.ts';

describe('the log', () => {
  it('is one JSON object a line, with what the line is about, in the format json', () => {
    const lines: string[] = [];
    const log = createLog('info', (line) => void lines.push(line), { format: 'json' });
    log.child('gate', { visit: 'visit-1' }).child('inner', { session: 's' }).warn('two\nlines', new Error('of a test'), { request: 7 });
    log.debug('not written');
    const [{ time, fault, ...rest }, ...more] = lines.map((line) => JSON.parse(line));
    expect(rest).to.deep.equal({ level: 'warn', part: 'codebeaker.gate.inner', message: 'two\nlines', visit: 'visit-1', session: 's', request: 7 });
    expect(new Date(time).toISOString()).to.equal(time);
    expect(fault).to.match(/^Error: of a test\n/);
    expect([lines[0]?.includes('\n'), more]).to.deep.equal([false, []]);
  });

  it('is for people in the format text', () => {
    const lines: string[] = [];
    const log = createLog('info', (line) => void lines.push(line));
    log.info('plain');
    log.child('gate', { visit: 'visit-1' }).info('told', undefined, { request: 7, session: undefined });
    expect(lines.map((line) => line.replace(/^\S+ /, ''))).to.deep.equal(['info [codebeaker] plain', 'info [codebeaker.gate] told (visit=visit-1 request=7)']);
  });

  it('tells every fault of several, and of those that these have led to', () => {
    for (const format of ['text', 'json'] as const) {
      const lines: string[] = [];
      const sessions = new AggregateError([new Error('the first fault'), new AggregateError([new Error('the second fault')], 'a session')], 'the sessions');
      createLog('info', (line) => void lines.push(line), { format }).error('not all is closed', new AggregateError([sessions], 'all'));
      for (const each of ['the first fault', 'the second fault']) expect(lines.join('\n'), format).to.contain(each);
    }
  });

  it('goes further down while somebody wants that, also of children that were there before', () => {
    const lines: string[] = [];
    const threshold = new Threshold('warn');
    const log = createLog(threshold, (line) => void lines.push(line.replace(/^.*\] /, ''))).child('part');
    const say = (word: string) => (log.debug(`debug ${word}`), log.info(`info ${word}`));
    say('one');
    const [first, second] = [threshold.lower('info'), threshold.lower('debug')];
    say('two');
    second();
    second();
    say('three');
    first();
    say('four');
    expect(lines).to.deep.equal(['debug two', 'info two', 'info three']);
  });
});
