/** Requests to hosts to which a secret is bound: the header is put in outside of the sandbox, and goes nowhere else. */
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { systemClock } from '../../server/src/base/clock.ts';
import { createAuthority } from '../../server/src/network/authority.ts';
import { BoundHosts } from '../../server/src/network/bound.ts';
import { temporaryFolder } from '../policy/folder.ts';
import { need, program } from '../require.ts';
import { authorityFor } from './authority.ts';
import { egress } from './place.ts';
import { Client, echo, Stage } from './proxy.ts';

const SECRET = 'hunter2-of-the-host';

describe('a host to which a secret is bound', () => {
  before(need('openssl', program('openssl')));
  const folder = temporaryFolder();

  let real: ReturnType<typeof authorityFor>;
  before(() => (real = authorityFor('api.example')));

  interface Options {
    readonly trusted?: readonly string[];
    readonly port?: number;
    readonly issued?: typeof real.issued;
    readonly mode?: 'allowlist' | 'full';
    readonly header?: string;
  }

  /** A host that answers over TLS, and a session that has the secret. */
  function stage(answer: RequestListener, { trusted = [real.certificate], port = 443, issued = real.issued, mode = 'allowlist', header = 'Authorization' }: Options = {}) {
    const authority = createAuthority(['api.example'], Date.now());
    const server = createServer(issued, answer);
    const headers = new Map([[`api.example:${port}`, { [header]: `Bearer ${SECRET}` }]]);
    const bound = new BoundHosts({ authority, trusted, headers, clock: systemClock, redact: (text) => text.replaceAll(SECRET, '***') });
    const made = new Stage({
      egress: egress({ mode, hosts: mode === 'full' ? [] : ['api.example', 'other.example'] }), bound,
      names: { 'api.example': ['93.184.216.34'], 'other.example': ['93.184.216.35'] },
      answer: (far, address) => (address.endsWith('35') ? echo(far) : void server.emit('connection', far)),
    });
    stages.push(made);
    return { made, authority };
  }
  const stages: Stage[] = [];
  afterEach(() => {
    for (const { proxy } of stages.splice(0)) proxy.close();
  });

  async function tunnel(made: Stage, place = 'api.example:443'): Promise<Duplex> {
    const client = made.connect();
    client.send(`CONNECT ${place} HTTP/1.1\r\nHost: ${place}\r\n\r\n`);
    await client.hears(/^HTTP\/1\.1 200 [^]*\r\n\r\n/);
    client.stream.removeAllListeners('data');
    client.stream.pause();
    return client.stream;
  }

  function secured(stream: Duplex, ca: string, options: ConnectionOptions = {}): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const tls = connect({ socket: stream, servername: 'api.example', ca, ALPNProtocols: ['h2', 'http/1.1'], ...options }, () => resolve(tls));
      tls.on('error', reject).on('close', () => reject(new Error('closed')));
    });
  }

  const open = async ({ made, authority }: ReturnType<typeof stage>) => secured(await tunnel(made), authority.certificate);

  const spoken = (stream: Duplex) => {
    const client = new Client(stream, stream);
    stream.resume();
    return client;
  };

  async function ask(stream: Duplex, headers: OutgoingHttpHeaders = {}, body = ''): Promise<{ response: IncomingMessage; text: string }> {
    const agent = new Agent({ keepAlive: true });
    agent.createConnection = () => stream;
    return new Promise((resolve, reject) => {
      const asking = request({ agent, method: 'POST', path: '/a?b', headers: { Host: 'api.example', ...headers } }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk)).on('end', () => resolve({ response, text }));
      });
      asking.on('error', reject).end(body);
    });
  }

  it('gets the header in place of what the program sends, for every request on a connection, and its answer comes back', async () => {
    const seen: object[] = [];
    const ports = new Set<unknown>();
    const scene = stage((asked, answer) => {
      let body = '';
      ports.add(asked.socket);
      asked.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => {
        const { host, authorization, 'x-own': own } = asked.headers;
        const named = asked.rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'authorization').length;
        seen.push({ url: asked.url, host, authorization, named, own, body });
        answer.setHeader('X-Echo', `${authorization}`).setHeader('Location', 'https://other.example/').writeHead(302).end('moved');
      });
    });
    const stream = await open(scene);
    const sent: OutgoingHttpHeaders[] = [{ authorization: 'Bearer none' }, { AUTHORIZATION: ['one', 'two'], Connection: 'keep-alive, Authorization' }];
    for (const each of sent) {
      const { response, text } = await ask(stream, { ...each, 'X-Own': 'mine' }, 'x'.repeat(100_000));
      expect([response.statusCode, text, response.headers['location'], response.headers['x-echo']]).to.deep.equal([302, 'moved', 'https://other.example/', 'Bearer ***']);
    }
    expect(seen).to.deep.equal(Array(2).fill({ url: '/a?b', host: 'api.example', authorization: `Bearer ${SECRET}`, named: 1, own: 'mine', body: 'x'.repeat(100_000) }));
    expect([ports.size, scene.made.ways.dialled], 'on one connection').to.deep.equal([1, ['93.184.216.34 443']]);
  });

  it('is reached by SOCKS, too, and by its name in any spelling', async () => {
    const { made, authority } = stage((asked, answer) => void answer.end(asked.headers.authorization === `Bearer ${SECRET}` ? 'yes' : 'no'));
    const client = made.connect();
    client.send(Buffer.from([5, 1, 0, 5, 1, 0, 3, 11, ...Buffer.from('api.example'), 1, 187]));
    await client.hears(/^.{12}$/s);
    client.stream.removeAllListeners('data');
    client.stream.pause();
    expect((await ask(await secured(client.stream, authority.certificate))).text).to.equal('yes');
    expect((await ask(await secured(await tunnel(made, 'API.Example.:443'), authority.certificate), { Host: 'API.example:443' })).text).to.equal('yes');
  });

  it('sends and gets bodies piece by piece', async () => {
    const scene = stage((asked, answer) => asked.pipe(answer));
    const stream = spoken(await open(scene));
    stream.send('POST / HTTP/1.1\r\nHost: api.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n');
    await stream.hears(/one\r\n$/);
    stream.send('3\r\ntwo\r\n');
    await stream.hears(/two\r\n$/);
    stream.send('0\r\n\r\n');
    await stream.hears(/0\r\n\r\n$/);
  });

  it('ends its connection, and the program hears it: after an answer, within one, and while nothing is asked', async () => {
    const scene = stage((asked, answer) => {
      if (asked.url === '/last') return void answer.setHeader('Connection', 'close').end('done');
      if (asked.url === '/half') return void answer.writeHead(200, { 'Content-Length': 10 }).write('half', () => asked.socket.destroy());
      answer.end('first', () => setImmediate(() => asked.socket.end()));
    });
    const says = async (path: string) => {
      const client = spoken(await open(scene));
      client.send(`GET ${path} HTTP/1.1\r\nHost: api.example\r\n\r\n`);
      return client.all();
    };
    expect(await says('/last')).to.match(/Connection: close\r\n[^]*done/);
    expect(await says('/half')).to.match(/half$/);
    expect(await says('/idle')).to.match(/first/);
  });

  it('is not sent the secret where its certificate is not trusted, or is for another name', async () => {
    let asked = 0;
    const answer: RequestListener = (_, response) => {
      asked++;
      response.end();
    };
    const other = authorityFor('other.example');
    for (const [options, words] of [
      [{ trusted: [other.certificate] }, 'its certificate is signed by nobody whom this machine trusts (UNABLE_TO_VERIFY_LEAF_SIGNATURE)'],
      [{ trusted: [other.certificate], issued: other.issued }, 'its certificate is for another name'],
    ] as const) {
      const { response, text } = await ask(await open(stage(answer, options)));
      expect([response.statusCode, text]).to.deep.equal([502, `api.example:443 can't be reached safely: ${words}\n`]);
    }
    expect(asked).to.equal(0);
  });

  const strange: Record<string, [request: string, answer: RegExp]> = {
    'a whole URL': ['GET https://api.example/ HTTP/1.1\r\nHost: api.example\r\n\r\n', /^HTTP\/1.1 400 .* needs a path that begins with a slash/],
    'a whole URL of another host': ['GET https://other.example/ HTTP/1.1\r\nHost: other.example\r\n\r\n', /^HTTP\/1.1 400 .* needs a path that begins with a slash/],
    'another name': ['GET / HTTP/1.1\r\nHost: other.example\r\n\r\n', /^HTTP\/1.1 400 .* needs one header Host, which says the same/],
    'another port': ['GET / HTTP/1.1\r\nHost: api.example:444\r\n\r\n', /^HTTP\/1.1 400 .* needs one header Host, which says the same/],
    'two names': ['GET / HTTP/1.1\r\nHost: api.example\r\nHost: other.example\r\n\r\n', /^HTTP\/1.1 400 /],
    'no name': ['GET / HTTP/1.1\r\n\r\n', /^HTTP\/1.1 400 /],
    'no name, in HTTP/1.0': ['GET / HTTP/1.0\r\n\r\n', /^HTTP\/1.1 400 /],
    'a length and chunks': ['POST / HTTP/1.1\r\nHost: api.example\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG', /^HTTP\/1.1 400 /],
    'two lengths': ['POST / HTTP/1.1\r\nHost: api.example\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx', /^HTTP\/1.1 400 /],
    'a header that is none': ['GET / HTTP/1.1\r\nHost: api.example\r\nAuthorization : mine\r\n\r\n', /^HTTP\/1.1 400 /],
    'a line that is folded': ['GET / HTTP/1.1\r\nHost: api.example\r\nX: a\r\n Authorization: mine\r\n\r\n', /^HTTP\/1.1 400 /],
    'a head without end': [`GET / HTTP/1.1\r\nHost: api.example\r\nX: ${'x'.repeat(20_000)}`, /^HTTP\/1.1 400 the head of the request is longer than 16384 bytes/],
    'another protocol': ['GET / HTTP/1.1\r\nHost: api.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', /^HTTP\/1.1 400 .* only HTTP\/1.1 can be spoken there, and no websocket/],
    'a tunnel': ['CONNECT other.example:443 HTTP/1.1\r\nHost: other.example:443\r\n\r\n', /^HTTP\/1.1 400 this connection leads to a host already/],
  };
  for (const [what, [text, expected]] of Object.entries(strange)) {
    it(`is not asked for ${what}`, async () => {
      let asked = 0;
      const scene = stage((_, answer) => {
        asked++;
        answer.end();
      });
      const client = spoken(await open(scene));
      client.send(text);
      await client.hears(expected);
      await client.all();
      expect([asked, scene.made.ways.dialled.filter((place) => !place.startsWith('93.184.216.34 '))]).to.deep.equal([0, []]);
    });
  }

  it('is no other name, and speaks no other version of HTTP', async () => {
    const { made, authority } = stage((_, answer) => void answer.end());
    const fails = async (options: ConnectionOptions) => secured(await tunnel(made), authority.certificate, options).then(() => 'connected', () => 'refused');
    expect(await fails({ servername: 'other.example', checkServerIdentity: () => undefined })).to.equal('refused');
    expect(await fails({ ALPNProtocols: ['h2'] })).to.equal('refused');
    const plain = spoken(await tunnel(made));
    plain.send('GET / HTTP/1.1\r\nHost: api.example\r\n\r\n');
    expect(await plain.all()).not.to.contain('HTTP');
  });

  it('is not reached over plain HTTP, and other hosts, ports and its address are not looked into', async () => {
    const headers: unknown[] = [];
    const { made } = stage((asked, answer) => {
      headers.push(asked.headers.authorization);
      answer.end();
    }, { port: 8443, mode: 'full' });
    const client = made.connect();
    client.send('GET http://api.example/ HTTP/1.1\r\nHost: api.example\r\n\r\n');
    expect(await client.hears(/ 403 [^]*https/)).to.contain('a secret of this session is bound to that host');
    const other = spoken(await tunnel(made, 'other.example:443'));
    other.send('anything');
    expect(await other.hears(/anything/)).to.equal('anything');
    for (const place of ['api.example:443', '93.184.216.34:8443']) await ask(await secured(await tunnel(made, place), real.certificate));
    expect(headers).to.deep.equal([undefined, undefined]);
  });

  it('is shown to programs with a certificate of this session, which is good for that name alone', () => {
    const authority = createAuthority(['api.example', 'second.example'], Date.now());
    const own = new X509Certificate(authority.certificate);
    const identity = authority.identity('api.example');
    const leaf = new X509Certificate(identity.cert);
    expect([own.ca, leaf.ca, leaf.checkHost('api.example'), leaf.checkHost('second.example'), leaf.verify(own.publicKey), own.verify(own.publicKey), leaf.checkIssued(own)]).to.deep.equal([true, false, 'api.example', undefined, true, true, true]);
    const file = (name: string, text: string) => {
      writeFileSync(join(folder(), name), text);
      return join(folder(), name);
    };
    const verify = (cert: string, ca: string) => {
      try {
        return execFileSync('openssl', ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', file('ca', ca), file('leaf', cert)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
      } catch (fault) {
        return String((fault as { stderr: string }).stderr);
      }
    };
    expect(verify(identity.cert, authority.certificate)).to.match(/leaf: OK/);
    expect(verify(authority.identity('third.example').cert, authority.certificate), 'a name that it may not sign').to.match(/permitted subtree violation/);
    expect(verify(identity.cert, createAuthority(['api.example'], Date.now()).certificate), 'the authority of another session').to.match(/verification failed/);
    const many = createAuthority(Array.from({ length: 2_000 }, (_, at) => `host-${at}.a-name-that-is-rather-long.example`), Date.now());
    expect(verify(many.identity('host-7.a-name-that-is-rather-long.example').cert, many.certificate), 'a long list of names').to.match(/leaf: OK/);
  });
});
