/** Sessions with a network: what they are told, what their programs see, and whom the daemon asks. */
import { expect } from 'chai';
import { FakeWays } from '../network/place.ts';
import { Client, echo } from '../network/proxy.ts';
import { denied } from '../../server/src/policy/policy.ts';
import { duplexPair } from '../fakes/duplex.ts';
import { fakePackages } from '../fakes/packages.ts';
import { type DaemonOptions, type TestDaemon, withDaemon } from './daemon.ts';

const isolation = { score: 7, layers: [{ name: 'network', state: 'enforced' as const, detail: 'no interface but loopback' }, { name: 'user', state: 'enforced' as const }] };
const names = { 'example.com': ['93.184.216.34'], 'other.example': ['93.184.216.35'] };

/** A daemon whose sandboxes have connections, and whose configuration allows every mode. */
function withNetwork(test: (daemon: TestDaemon, ways: FakeWays) => Promise<void>, { config, ...options }: DaemonOptions = {}, asks = false): Promise<void> {
  const ways = new FakeWays({ names, answer: echo });
  return withDaemon({ connections: true, isolation, ways, config: { network: { modes: ['allowlist', 'full'] }, ...config }, ...options }, async (daemon) => {
    await daemon.initialize({ capabilities: { network: { requestAccess: asks } } });
    await test(daemon, ways);
  });
}

/** A program of the last session connects to its proxy. */
function connect(daemon: TestDaemon): Client {
  const [program, stream] = duplexPair();
  expect(daemon.sandbox.accept, 'the port').not.to.equal(undefined);
  daemon.sandbox.accept?.(stream);
  return new Client(program, stream);
}

async function tunnel(daemon: TestDaemon, place: string): Promise<Client> {
  const client = connect(daemon);
  client.send(`CONNECT ${place} HTTP/1.1\r\nHost: ${place}\r\n\r\n`);
  await client.hears(/ \d{3} /);
  return client;
}

const shows = async (daemon: TestDaemon, sessionId: string) => (await daemon.result('session/list')).sessions.find((each: { sessionId: string }) => each.sessionId === sessionId);

describe('a session with a network', () => {
  it('says what it reaches, and how', () =>
    withNetwork(async (daemon) => {
      const session = await daemon.result('session/create', { language: 'python', network: { mode: 'allowlist', hosts: ['Example.COM:443', '*.pypi.example'] } });
      expect(session.network).to.deep.equal({ mode: 'allowlist', hosts: ['example.com:443', '*.pypi.example'] });
      expect(session.isolation).to.deep.equal({ score: 7, layers: [{ ...isolation.layers[0], detail: "no interface but loopback; through CodeBeaker's proxy to: example.com:443, *.pypi.example" }, isolation.layers[1]] });
      const full = await daemon.result('session/create', { language: 'python', network: { mode: 'full', hosts: ['10.0.0.0/8'] } });
      expect([full.network, full.isolation.layers[0].detail]).to.deep.equal([{ mode: 'full', hosts: ['10.0.0.0/8'] }, "no interface but loopback; through CodeBeaker's proxy to everything public and to: 10.0.0.0/8"]);
    }));

  it('sets the variables of every program, which a program or a session may set otherwise', () =>
    withNetwork(async (daemon) => {
      const sessionId = await daemon.session({ network: { mode: 'full' }, env: { HTTPS_PROXY: 'mine' } });
      const code = ['HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY', 'no_proxy', 'NODE_USE_ENV_PROXY'].map((name) => `env ${name}\necho`).join('\n');
      const { stdout } = await daemon.result('command/runCode', { sessionId, code, env: { no_proxy: '*' } });
      expect(stdout).to.equal('http://127.0.0.1:4000\nhttp://127.0.0.1:4000\nmine\nhttp://127.0.0.1:4000\nlocalhost,127.0.0.1,::1\n*\n1\n');
    }));

  it('shows its programs the certificates that this machine trusts, and names them in variables which a program or a session may set otherwise', async () => {
    const names = ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'GIT_SSL_CAINFO', 'DENO_CERT'];
    const code = names.map((name) => `env ${name}\necho`).join('\n');
    const packages = fakePackages();
    const wanted: unknown[] = [];
    const certificates: DaemonOptions['certificates'] = async (each) => (wanted.push(each), ['one', 'two']);
    const see = (mode: string, options: DaemonOptions) => {
      const seen: { said?: string; shown?: object } = {};
      return withNetwork(async (daemon) => {
        const sessionId = await daemon.session({ network: { mode }, env: { CURL_CA_BUNDLE: 'mine' } });
        const { stdout } = await daemon.result('command/runCode', { sessionId, code, env: { DENO_CERT: 'own' } });
        Object.assign(seen, { said: stdout.replaceAll('\n', ' ').trim(), shown: Object.fromEntries(daemon.sandbox.shown) });
      }, { certificates, ...options }).then(() => seen);
    };
    try {
      const file = '/shown/certificates.pem';
      expect(await see('full', { packages })).to.deep.equal({ said: `${file} ${file} ${file} mine ${file} own`, shown: { 'certificates.pem': 'one\ntwo\n' } });
      expect(wanted.splice(0)).to.deep.equal(['host']);
      const nothing = { said: 'mine  own', shown: {} };
      expect(await see('none', { packages }), 'without a network').to.deep.equal(nothing);
      expect(wanted.splice(0), 'nothing is read').to.deep.equal([]);
      expect(await see('full', { packages, certificates: async () => [] }), 'of the image').to.deep.equal(nothing);
      expect(await see('full', {}), 'in a sandbox that can be shown nothing').to.deep.equal(nothing);
    } finally {
      packages.dispose();
    }
  });

  it('is not made where the certificates of the configuration can not be read, and leaves nothing', () =>
    withNetwork(async (daemon) => {
      const fault = await daemon.fault('session/create', { network: { mode: 'full' } });
      expect(fault.data).to.deep.include({ kind: 'PolicyDenied', rule: 'network.certificates' });
      expect([daemon.sandbox.closes, daemon.sandbox.accept]).to.deep.equal([1, undefined]);
    }, { certificates: async () => { throw denied('network', 'no', { rule: 'network.certificates' }); } }));

  it('lets its programs reach what is allowed, and tells a person once what was not', () =>
    withNetwork(async (daemon, ways) => {
      await daemon.session({ network: { mode: 'allowlist', hosts: ['example.com:443'] } });
      const good = await tunnel(daemon, 'example.com:443');
      good.send('hello');
      await good.hears(/hello$/);
      for (let time = 0; time < 2; time++) expect((await tunnel(daemon, 'other.example:443')).heard).to.match(/^HTTP\/1\.1 403 /);
      await daemon.settle();
      expect(ways.resolved).to.deep.equal(['example.com']);
      expect(daemon.received('window/logMessage')).to.deep.equal([{ type: 2, message: 'CodeBeaker does not allow this session to reach other.example:443: add other.example:443 to the hosts of its network (codebeaker run --allow other.example:443)' }]);
    }));

  it('has no port, no variable and no connection where its mode is none, or its list is empty (F-E1)', () =>
    withNetwork(async (daemon) => {
      for (const network of [undefined, { mode: 'none' }, { mode: 'none', hosts: ['example.com'] }, { mode: 'allowlist' }, { mode: 'allowlist', hosts: [] }]) {
        const session = await daemon.result('session/create', { language: 'python', network });
        expect([session.network, session.isolation, daemon.sandbox.accept]).to.deep.equal([{ mode: 'none' }, isolation, undefined]);
        const { stdout } = await daemon.result('command/runCode', { sessionId: session.sessionId, code: 'env HTTP_PROXY\nenv NO_PROXY' });
        expect(stdout).to.equal('');
      }
    }));

  it('is cut off where a quota ends, and its programs are told why from then on', () =>
    withNetwork(async (daemon) => {
      const sessionId = await daemon.session({ network: { mode: 'full' } });
      const other = await daemon.session({ network: { mode: 'full' } });
      const first = await tunnel(daemon, 'example.com:443');
      first.send('x'.repeat(1000));
      await first.hears(/x{1000}$/);
      expect(await daemon.result('usage/get', { sessionId: other })).to.include({ networkBytes: 2000 });
      expect(await daemon.result('usage/get', { sessionId })).to.include({ networkBytes: 0 });
      first.send('y'.repeat(2000));
      await first.all().catch(() => undefined);
      expect([first.over, first.heard.includes('y')]).to.deep.equal([true, false]);
      expect((await tunnel(daemon, 'example.com:443')).heard).to.match(/^HTTP\/1\.1 503 the quota perDay\.networkBytes is used up \(3000 of 3000\): wait until /);
      expect((await daemon.fault('session/create', { language: 'python', network: { mode: 'full' } })).data).to.include({ kind: 'QuotaExceeded', quota: 'perDay.networkBytes', used: 3000 });
      expect((await daemon.result('command/executeShell', { sessionId, command: 'echo 1' })).outcome).to.equal('exited');
      await daemon.session();
    }, { config: { network: { modes: ['full'] }, quotas: { perDay: { networkBytes: 3000 } } } }));

  it('loses its connections and its port when it is closed', () =>
    withNetwork(async (daemon) => {
      const sessionId = await daemon.session({ network: { mode: 'full' } });
      const client = await tunnel(daemon, 'example.com:443');
      await daemon.result('session/close', { sessionId });
      await daemon.settle();
      expect([client.far.destroyed, daemon.sandbox.accept]).to.deep.equal([true, undefined]);
    }));

  it('is made from a sandbox that waited for any session, and from no runtime that has no connections', () =>
    withNetwork(async (daemon) => {
      await daemon.session();
      await daemon.server.clock.advance(60_000);
      const waiting = daemon.runtime.made.length;
      const session = await daemon.result('session/create', { language: 'python', network: { mode: 'full' } });
      expect([session.warm, session.runtime, daemon.runtime.made.length]).to.deep.equal([true, 'fake', waiting]);
      const { stdout } = await daemon.result('command/runCode', { sessionId: session.sessionId, code: 'env HTTP_PROXY' });
      expect(stdout).to.equal('http://127.0.0.1:4000');
      const refused = await daemon.fault('session/create', { language: 'python', runtime: 'without', network: { mode: 'full' } });
      expect(refused.data.candidates[0].reasons).to.include("its sandboxes can't have the network mode full");
    }, { config: { network: { modes: ['full'] }, pool: { fake: { python: 1 } } }, others: [{ id: 'without', connections: false }] }));

  it('is refused with hosts that are none, or that the configuration does not allow', () =>
    withNetwork(async (daemon) => {
      const wrong = await daemon.fault('session/create', { network: { mode: 'allowlist', hosts: ['example.com', '*'] } });
      expect(wrong.data).to.deep.include({ kind: 'InvalidParams', issues: [{ path: 'network.hosts.1', message: '"*" allows everything; ask for the network mode full instead' }] });
      const denied = await daemon.fault('session/create', { network: { mode: 'allowlist', hosts: ['other.example'] } });
      expect(denied.data).to.deep.include({ kind: 'PolicyDenied', policy: 'network', rule: 'network.hosts' });
      await daemon.session({ network: { mode: 'full' } });
      expect((await tunnel(daemon, 'other.example:443')).heard, 'full is within the hosts of the configuration').to.match(/403 CodeBeaker does not allow this session to reach other\.example:443: the configuration does not allow that host/);
    }, { config: { network: { modes: ['allowlist', 'full'], hosts: ['*.example.com', 'example.com'] } } }));

  it('uses no more than the configuration and the client allow', () =>
    withDaemon({ connections: true, isolation, ways: new FakeWays({ names, answer: echo }), config: { network: { modes: ['full'], connections: 2, bytes: 1000, idleTimeoutMs: 5000 } } }, async (daemon) => {
      await daemon.initialize({ initializationOptions: { network: { modes: ['full'], connections: 1, bytes: 2000 } } });
      await daemon.session({ network: { mode: 'full' } });
      const first = await tunnel(daemon, 'example.com:443');
      expect(connect(daemon).far.destroyed, 'a second connection').to.equal(true);
      await daemon.server.clock.advance(5000);
      await daemon.settle();
      expect(first.over, 'a connection on which nothing moves').to.equal(true);
      const second = await tunnel(daemon, 'example.com:443');
      second.send('x'.repeat(1001));
      await second.all().catch(() => undefined);
      expect((await tunnel(daemon, 'example.com:443')).heard).to.match(/503 this session has moved 1000 bytes/);
    }));

  it('is served beside others: a request of another session is answered while its programs flood the proxy', () =>
    withNetwork(async (daemon) => {
      await daemon.session({ network: { mode: 'allowlist', hosts: ['example.com'] } });
      const clients = Array.from({ length: 200 }, () => connect(daemon));
      for (const client of clients) client.send('GET http://other.example/ HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(400));
      await daemon.result('session/list');
      expect(clients.filter(({ over }) => over).length).to.be.below(100);
      while (!clients.every(({ over }) => over)) await new Promise(setImmediate);
    }));

  it('is told of in the capabilities', async () => {
    const modes = async (options: DaemonOptions) => {
      let network: unknown;
      await withDaemon(options, async (daemon) => {
        ({ capabilities: { network } } = await daemon.initialize());
      });
      return network;
    };
    const config = { network: { modes: ['allowlist', 'full', 'none'] as const } };
    expect(await modes({ connections: true, config: { network: { modes: [...config.network.modes] } } })).to.deep.equal({ modes: ['none', 'allowlist', 'full'] });
    expect(await modes({ connections: false, config: { network: { modes: [...config.network.modes] } } })).to.deep.equal({ modes: ['none'] });
  });
});

describe('network/requestAccess', () => {
  const question = (daemon: TestDaemon, host: string) => daemon.wire.find((message) => message.method === 'network/requestAccess' && message.params.host === host);

  it('asks a person, who opens a host for once or for the session', () =>
    withNetwork(async (daemon) => {
      const sessionId = await daemon.session({ network: { mode: 'allowlist', hosts: [] } });
      const waiting = tunnel(daemon, 'example.com:443');
      const { id, params } = await question(daemon, 'example.com');
      expect(params).to.deep.equal({ sessionId, host: 'example.com', port: 443 });
      expect((await shows(daemon, sessionId)).network).to.deep.equal({ mode: 'allowlist', hosts: [] });
      daemon.wire.send({ jsonrpc: '2.0', id, result: { allow: 'session' } });
      expect((await waiting).heard).to.match(/ 200 /);
      expect((await tunnel(daemon, 'example.com:443')).heard).to.match(/ 200 /);
      const view = await shows(daemon, sessionId);
      expect([view.network.hosts, view.isolation.layers[0].detail]).to.deep.equal([['example.com:443'], "no interface but loopback; through CodeBeaker's proxy to: example.com:443"]);
      expect(daemon.received('network/requestAccess').length).to.equal(1);
    }, {}, true));

  it('is a no when the person says so, when the client fails or talks nonsense, and when nobody answers', () =>
    withNetwork(async (daemon) => {
      await daemon.session({ network: { mode: 'allowlist', hosts: ['example.com'] } });
      const answers: [string, object][] = [['a.example', { result: { allow: 'deny' } }], ['b.example', { error: { code: -32_601, message: 'no such method' } }], ['c.example', { result: { allow: 'always' } }]];
      for (const [host, answer] of answers) {
        const waiting = tunnel(daemon, `${host}:443`);
        daemon.wire.send({ jsonrpc: '2.0', id: (await question(daemon, host)).id, ...answer });
        expect((await waiting).heard).to.match(/ 403 /);
      }
      const waiting = tunnel(daemon, 'd.example:443');
      const { id } = await question(daemon, 'd.example');
      await daemon.server.clock.advance(30_000);
      expect((await waiting).heard).to.match(/ 403 /);
      await daemon.wire.find((message) => message.method === '$/cancelRequest' && message.params.id === id);
    }, {}, true));

  it('ends with its session, and is never sent to a client that can ask nobody', async () => {
    await withNetwork(async (daemon) => {
      const sessionId = await daemon.session({ network: { mode: 'allowlist', hosts: [] } });
      const client = connect(daemon);
      client.send('CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n');
      await question(daemon, 'example.com');
      await daemon.result('session/close', { sessionId });
      await daemon.settle();
      expect(client.far.destroyed).to.equal(true);
    }, {}, true);
    await withNetwork(async (daemon) => {
      await daemon.session({ network: { mode: 'allowlist', hosts: ['example.com'] } });
      expect((await tunnel(daemon, 'other.example:443')).heard).to.match(/ 403 /);
      expect(daemon.received('network/requestAccess')).to.deep.equal([]);
    });
  });

  it('is cut from a host that the configuration no longer allows when that is read again, and reaches no more than before', () =>
    withNetwork(async (daemon) => {
      const sessionId = await daemon.session({ network: { mode: 'allowlist', hosts: ['example.com', 'other.example'] } });
      const [gone, stays] = [await tunnel(daemon, 'example.com:443'), await tunnel(daemon, 'other.example:443')];
      await daemon.reload({ network: { modes: ['allowlist'], hosts: ['other.example', 'more.example'] } });
      await daemon.settle();
      await daemon.settle();
      expect([gone.over, stays.over]).to.deep.equal([true, false]);
      expect((await shows(daemon, sessionId)).network).to.deep.equal({ mode: 'allowlist', hosts: ['other.example'] });
      expect((await daemon.fault('session/create', { language: 'python', network: { mode: 'full' } })).data.kind).to.equal('PolicyDenied');
      await daemon.reload({ network: { modes: ['none'] } });
      await daemon.settle();
      await daemon.settle();
      expect([stays.over, (await shows(daemon, sessionId)).network]).to.deep.equal([true, { mode: 'none' }]);
    }));
});
