/** What is dialled is an address that was checked (F-E4, F-E6). */
import { expect } from 'chai';
import { deferred } from '../../server/src/base/promises.ts';
import { dial, DIAL_MS } from '../../server/src/network/dial.ts';
import { Refusal } from '../../server/src/network/refusal.ts';
import { FakeClock } from '../fakes/clock.ts';
import { type DialOptions, egress, FakeWays, place } from './place.ts';

const clock = new FakeClock();

async function reach(text: string, { egress, ways, clock, signal = new AbortController().signal }: DialOptions) {
  const target = place(text);
  const permit = await egress.admit(target, signal);
  return dial({ target, purpose: 'bytes', permit, resolve: (name) => ways.resolve(name), ways, clock, signal });
}

async function refusal(promise: Promise<unknown>): Promise<Refusal> {
  try {
    await promise;
  } catch (fault) {
    expect(fault).to.be.instanceOf(Refusal);
    return fault as Refusal;
  }
  throw new Error('it was not refused');
}

describe('dialling', () => {
  it('resolves a name once and connects to an address of it', async () => {
    const ways = new FakeWays({ names: { 'example.com': ['93.184.216.34'] } });
    await reach('example.com', { egress: egress({ hosts: ['example.com'] }), ways, clock });
    expect([ways.resolved, ways.dialled]).to.deep.equal([['example.com'], ['93.184.216.34 443']]);
  });

  it('never connects to a private address of a name that has a public one as well (F-E4, F-E6)', async () => {
    const ways = new FakeWays({ names: { 'example.com': ['10.0.0.1', '127.0.0.1', '::ffff:169.254.169.254', 'fe80::1%eth0', '93.184.216.34', '64:ff9b::a00:1'] }, answer: () => Promise.reject(new Error('no')) });
    await refusal(reach('example.com', { egress: egress({ mode: 'full' }), ways, clock }));
    expect(ways.dialled).to.deep.equal(['93.184.216.34 443']);
  });

  it('checks the address again each time, so that a name which changes its mind is refused (F-E4)', async () => {
    const answers = [['93.184.216.34'], ['127.0.0.1'], ['::1'], ['169.254.169.254']];
    const ways = new FakeWays({ names: { 'rebind.example': () => answers.shift() ?? [] } });
    const options = { egress: egress({ mode: 'full' }), ways, clock };
    await reach('rebind.example', options);
    for (const kind of [/an address of this machine/, /an address of this machine/, /the metadata service/]) {
      const { status, message } = await refusal(reach('rebind.example', options));
      expect(status).to.equal(403);
      expect(message).to.match(kind);
    }
    expect(ways.dialled).to.deep.equal(['93.184.216.34 443']);
  });

  it('resolves nothing that is not allowed, so that no name leaves (F-E4)', async () => {
    const ways = new FakeWays();
    for (const name of ['secret.canary.example', 'canary.example:53', 'localhost', 'metadata.google.internal']) await refusal(reach(name, { egress: egress({ hosts: ['example.com', '10.0.0.0/8'] }), ways, clock }));
    expect(ways.resolved).to.deep.equal([]);
  });

  it('reaches an address that is not public only where the hosts name it', async () => {
    const names = { 'db.corp.example': ['10.1.2.3'], 'localhost': ['127.0.0.1'] };
    const tries = async (text: string, hosts: readonly string[], mode: 'full' | 'allowlist', ceilings: readonly (readonly string[])[] = []) => {
      const ways = new FakeWays({ names, own: ['93.184.216.34'] });
      await reach(text, { egress: egress({ mode, hosts, ceilings, own: () => ways.own() }), ways, clock }).catch(() => undefined);
      return ways.dialled.length === 1;
    };
    expect(await tries('db.corp.example', ['db.corp.example'], 'allowlist'), 'its exact name').to.equal(true);
    expect(await tries('db.corp.example', ['*.corp.example'], 'allowlist'), 'a wildcard').to.equal(false);
    expect(await tries('db.corp.example', ['db.corp.example:5432'], 'full'), 'another port').to.equal(false);
    expect(await tries('db.corp.example', [], 'full'), 'full').to.equal(false);
    expect(await tries('db.corp.example', ['10.0.0.0/8'], 'full'), 'full and a block').to.equal(true);
    expect(await tries('db.corp.example', ['10.0.0.0/8'], 'allowlist'), 'a block does not cover names').to.equal(false);
    expect(await tries('10.1.2.3', ['10.0.0.0/8:443'], 'allowlist'), 'a block with the port').to.equal(true);
    expect(await tries('10.1.2.3', ['10.0.0.0/8:80'], 'full'), 'a block with another port').to.equal(false);
    expect(await tries('127.0.0.1', ['127.0.0.1'], 'allowlist'), 'loopback that is named').to.equal(true);
    expect(await tries('127.0.0.1', [], 'full'), 'loopback').to.equal(false);
    expect(await tries('localhost', [], 'full'), 'localhost').to.equal(false);
    expect(await tries('93.184.216.34', [], 'full'), 'an address of this machine').to.equal(false);
    expect(await tries('[::ffff:10.1.2.3]:443', ['10.1.2.3'], 'allowlist'), 'the mapped form').to.equal(true);
    expect(await tries('db.corp.example', ['db.corp.example'], 'allowlist', [['*.corp.example']]), 'a ceiling with a wildcard').to.equal(false);
    expect(await tries('db.corp.example', ['db.corp.example'], 'allowlist', [['db.corp.example']]), 'a ceiling that names it').to.equal(true);
    expect(await tries('db.corp.example', ['db.corp.example'], 'allowlist', [['db.corp.example'], ['other.example']]), 'two ceilings').to.equal(false);
  });

  it('tries the next address when one fails, and beside one that does not answer', async () => {
    const clock = new FakeClock();
    const names = { 'example.com': ['2606:4700::1', '1.1.1.1', '1.0.0.1'] };
    const silent = deferred();
    const ways = new FakeWays({ names, answer: (_far, address) => (address.includes(':') ? silent.promise : address === '1.1.1.1' ? Promise.reject(Object.assign(new Error(), { code: 'ECONNREFUSED' })) : undefined) });
    const reached = reach('example.com', { egress: egress({ mode: 'full' }), ways, clock });
    await clock.advance(250);
    const { connection } = await reached;
    expect(ways.dialled).to.deep.equal(['2606:4700::1 443', '1.1.1.1 443', '1.0.0.1 443']);
    expect(connection).to.equal(ways.connections[2]);
    silent.resolve();
    await clock.advance(0);
    expect(ways.connections[0]?.destroyed, 'the one that came late').to.equal(true);
    expect([connection.destroyed, clock.pending]).to.deep.equal([false, 0]);
  });

  it('says in words why a place is not reached', async () => {
    const failing = (code: string) => new FakeWays({ names: { 'example.com': ['1.1.1.1'] }, answer: () => Promise.reject(Object.assign(new Error('secret'), { code })) });
    const of = async (ways: FakeWays, text = 'example.com') => {
      const { status, message } = await refusal(reach(text, { egress: egress({ mode: 'full' }), ways, clock }));
      return `${status} ${message}`;
    };
    expect(await of(failing('ECONNREFUSED'))).to.equal("502 example.com:443 can't be reached: it refused the connection");
    expect(await of(failing('EWHATEVER'))).to.equal("502 example.com:443 can't be reached: the connection failed");
    expect(await of(new FakeWays(), 'nowhere.example')).to.equal('502 the name nowhere.example has no address');
    expect(await of(new FakeWays({ names: { 'odd.example': ['fe80::1%eth0', 'rubbish'] } }), 'odd.example')).to.equal('502 the name odd.example has no address');
    expect(await of(new FakeWays(), '10.0.0.1:22')).to.equal('403 CodeBeaker does not allow this session to reach 10.0.0.1:22: it is a private address, and such addresses are reached only where the hosts of the session name them');
  });

  it('ends after 30 s, and when the program goes away', async () => {
    const clock = new FakeClock();
    const stuck = () => new FakeWays({ names: { 'slow.example': () => new Promise<string[]>(() => undefined), 'silent.example': ['1.1.1.1'] }, answer: (_far, _address, _port, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))) });
    for (const name of ['slow.example', 'silent.example']) {
      const late = refusal(reach(name, { egress: egress({ mode: 'full' }), ways: stuck(), clock }));
      await clock.advance(DIAL_MS);
      expect((await late).message).to.equal(`${name}:443 did not answer within 30 s`);
      const gone = new AbortController();
      const left = refusal(reach(name, { egress: egress({ mode: 'full' }), ways: stuck(), clock, signal: gone.signal }));
      await clock.advance(0);
      gone.abort(new Refusal('unreachable', 'gone'));
      expect((await left).message).to.equal('gone');
    }
    expect(clock.pending).to.equal(0);
  });
});
