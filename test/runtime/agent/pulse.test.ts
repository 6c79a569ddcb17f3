/** An agent that has stopped is noticed by whoever waits for its answer, and one that is slow is waited for. */
import { expect } from 'chai';
import { ConnectionLost } from '../../../server/src/runtime/agent/connection.ts';
import { Type } from '../../../server/src/runtime/agent/frames.ts';
import { started } from './programs.ts';
import { connected, settled } from './scripted.ts';

const HALF_A_MINUTE_MS = 33_000;
const HOUR_MS = 3_600_000;

/** A request for the facts, and how it ends. */
function waiting() {
  const all = connected();
  const ends: string[] = [];
  const asked = all.connection.ask((channel) => all.connection.send(Type.facts, channel))
    .then(() => ends.push('answered'), (fault: unknown) => ends.push(fault instanceof ConnectionLost ? 'lost' : String(fault)));
  return { ...all, ends, asked };
}

describe('an agent whose answer is waited for', () => {
  it('is asked whether it is there, and costs the connection where nothing comes (F-C7)', async () => {
    const { agent, connection, clock, ends } = waiting();
    await clock.advance(HALF_A_MINUTE_MS - 1);
    expect([ends, agent.of('find').length]).to.deep.equal([[], 10]);
    await clock.advance(1);
    expect([ends, agent.destroyed, clock.pending]).to.deep.equal([['lost'], true, 0]);
    expect(connection.reason).to.equal('its agent has stopped: nothing comes from it');
  });

  it('may take as long as it likes, while it says that it is there', async () => {
    const { agent, clock, ends, asked } = waiting();
    agent.answer('find');
    await clock.advance(HOUR_MS);
    expect(ends).to.deep.equal([]);
    agent.done(agent.of('facts')[0]?.channel as number);
    await asked;
    expect([ends, agent.destroyed, clock.pending]).to.deep.equal([['answered'], false, 0]);
  });

  it('may take as long as it likes, while it tells of something else', async () => {
    const { agent, clock, ends } = waiting();
    for (let minutes = 0; minutes < 60; minutes += 0.5) {
      await clock.advance(29_999);
      agent.output(77, 'stdout', 'x');
    }
    expect([ends, agent.destroyed]).to.deep.equal([[], false]);
  });

  it('is looked after until the last answer has come', async () => {
    const { agent, connection, clock, ends } = waiting();
    void connection.ask((channel) => connection.send(Type.find, channel, Buffer.from('sh\0'))).catch(() => ends.push('other lost'));
    await settled();
    agent.done(agent.of('facts')[0]?.channel as number);
    await clock.advance(HALF_A_MINUTE_MS);
    expect([ends, agent.destroyed]).to.deep.equal([['answered', 'other lost'], true]);
  });

  it('is noticed to have stopped by who sends a signal', async () => {
    const { agent, clock, process } = await started({});
    const reached = process.signal('SIGUSR1');
    await clock.advance(HALF_A_MINUTE_MS);
    expect([await reached, agent.destroyed]).to.deep.equal([false, true]);
  });
});

describe('an agent from which nothing is waited for', () => {
  it('is left alone, while programs run', async () => {
    const { agent, clock } = await started({});
    await clock.advance(HOUR_MS);
    expect([agent.of('find').length, agent.destroyed, clock.pending]).to.deep.equal([0, false, 0]);
  });
});
