/** The stream of events: who is called, in which order, and what happens if a listener throws. */
import { expect } from 'chai';
import { EventStream, type HouseEvent } from '../../server/src/events/events.ts';
import { type Line, recordingLog } from '../wire/server.ts';

const refused = (method: string): HouseEvent => ({ kind: 'turnedAway', method, error: 'SessionNotFound' });

describe('the event stream', () => {
  it('calls every listener with every event, in order, before emit returns', () => {
    const events = new EventStream(recordingLog([]));
    const heard: string[] = [];
    events.listen((event) => void heard.push(`first ${event.kind}`));
    events.listen((event) => void heard.push(`second ${event.kind}`));
    events.emit(refused('a'));
    events.emit({ kind: 'runtimesChanged', runtimes: [] });
    expect(heard).to.deep.equal(['first turnedAway', 'second turnedAway', 'first runtimesChanged', 'second runtimesChanged']);
  });

  it('does not call a listener that was removed', () => {
    const events = new EventStream(recordingLog([]));
    const heard: unknown[] = [];
    events.listen((event) => void heard.push(event))();
    events.emit(refused('a'));
    expect(heard).to.deep.equal([]);
  });

  it('calls the other listeners and logs an error if one throws', () => {
    const lines: Line[] = [];
    const events = new EventStream(recordingLog(lines));
    const heard: unknown[] = [];
    events.listen(() => {
      throw new Error('of a listener');
    });
    events.listen((event) => void heard.push(event));
    events.emit(refused('a'));
    expect(heard).to.deep.equal([refused('a')]);
    expect(lines.map(({ level, message }) => [level, message])).to.deep.equal([['error', 'a listener of the event turnedAway failed']]);
  });
});
