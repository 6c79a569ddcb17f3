/** What is said of sessions that are not with a connection any more. */
import { expect } from 'chai';
import { GoneSessions } from '../../server/src/session/closed.ts';

describe('asking for a session that is not there', () => {
  it('fails with 1001 if the id is unknown, and repeats only the beginning of a long id', () => {
    const fault = new GoneSessions().fault('x'.repeat(1000));
    expect([fault.code, String(fault.data.sessionId).length, fault.message.length < 200]).to.deep.equal([1001, 100, true]);
  });

  it('fails with 1002 and the reason if it is closed, for the last thousand sessions', () => {
    const gone = new GoneSessions();
    gone.remember('first', 'client');
    expect(gone.fault('first')).to.deep.include({ code: 1002, data: { kind: 'SessionClosed', sessionId: 'first', reason: 'client' } });
    for (let at = 0; at < 1000; at += 1) gone.remember(`${at}`, 'idle');
    expect([gone.fault('first').code, gone.fault('0').code]).to.deep.equal([1001, 1002]);
  });

  it('says of one whose client has changed how it comes back, until it has', () => {
    const gone = new GoneSessions();
    gone.remember('here', 'moved');
    expect(gone.fault('here')).to.have.property('message').that.contains('session/attach takes it over');
    gone.forget('here');
    expect(gone.fault('here').message).to.contain('there is no session here');
  });
});
