/** Opening a sandbox: an agent that says hello, one that says nothing, and one that goes away. */
import { expect } from 'chai';
import { createLog } from '../../../server/src/base/log.ts';
import { deferred } from '../../../server/src/base/promises.ts';
import { ProtocolError } from '../../../server/src/protocol/index.ts';
import { openSandbox } from '../../../server/src/runtime/agent/open.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { limits } from '../contract/harness.ts';
import { ScriptedAgent, settled } from './scripted.ts';

const writable = 'writable /tmp\nwritable /workspace\n';

function opening({ tellsEnd = true } = {}) {
  const agent = new ScriptedAgent();
  const clock = new FakeClock();
  const abort = new AbortController();
  const ended = deferred<never>();
  const sandbox = openSandbox({
    carrier: agent.carrier, limits, image: undefined, clock, log: createLog('error', () => undefined), signal: abort.signal, writable: ['/workspace', '/tmp'], ended: tellsEnd ? ended.promise : undefined,
    refusal: (why) => new ProtocolError('SandboxFailed', `refused: ${why}`),
    surroundings: { isolation: (facts) => ({ score: facts.pid, layers: [] }), destroy: () => Promise.resolve(), copyIn: () => Promise.resolve() },
  });
  return { agent, clock, abort, ended, sandbox, fault: sandbox.then(() => 'opened', (reason: Error) => reason.message) };
}

describe('a sandbox is opened', () => {
  it('when its agent has said what is in force', async () => {
    const { agent, sandbox, clock } = opening();
    agent.hello(`pid 5\n${writable}`);
    expect((await sandbox).isolation.score).to.equal(5);
    expect([clock.pending, agent.destroyed]).to.deep.equal([0, false]);
  });

  it('not by an agent of another version', async () => {
    const { agent, fault, clock } = opening();
    agent.hello(`pid 5\n${writable}`, 7);
    expect(await fault).to.equal('refused: the agent speaks another version of the protocol');
    expect(clock.pending).to.equal(0);
  });

  it('not where its programs can not write in a directory in which they must', async () => {
    const { agent, fault, clock } = opening();
    agent.hello('pid 5\nwritable /tmp\nwritable /other\n');
    expect([await fault, clock.pending]).to.deep.equal(["refused: its programs can't write in /workspace", 0]);
  });

  it('not by an agent that ends at once, with its reason if it gave one', async () => {
    const [silent, told] = [opening({ tellsEnd: false }), opening()];
    silent.agent.end();
    told.agent.say('lost', 0, Buffer.from('no memory is left for the agent'));
    told.agent.end();
    expect(await Promise.all([silent.fault, told.fault])).to.deep.equal(['refused: its agent ended at once', 'refused: no memory is left for the agent']);
  });

  it('not by an agent that ends at once, with the reason of what was started, also if that comes later', async () => {
    const { agent, ended, fault, clock } = opening();
    agent.end();
    await settled();
    ended.reject(new Error('bwrap: no such option'));
    expect([await fault, clock.pending]).to.deep.equal(['bwrap: no such option', 0]);
  });

  it('not by an agent that says nothing for a while', async () => {
    const { clock, fault } = opening();
    let over = false;
    void fault.then(() => (over = true));
    await clock.advance(19_999);
    expect(over).to.equal(false);
    await clock.advance(1);
    expect([await fault, clock.pending]).to.deep.equal(['refused: its agent says nothing', 0]);
  });

  it('not where what was started has ended, with the reason of that', async () => {
    const { ended, fault, clock } = opening();
    ended.reject(new Error('bwrap: no such option'));
    expect([await fault, clock.pending]).to.deep.equal(['bwrap: no such option', 0]);
  });

  it('not when it is no longer wanted, and nothing waits when the caller has closed the carrier and ended what it had started', async () => {
    const { abort, ended, fault, clock, agent } = opening();
    abort.abort(new Error('enough'));
    expect(await fault).to.equal('enough');
    agent.carrier.destroy();
    ended.reject(new Error('killed'));
    await settled();
    expect(clock.pending).to.equal(0);
  });
});
