/** Requests to hosts to which a secret is bound: the header is put in outside of the sandbox, and goes nowhere else. */
import { expect } from 'chai';
import { X509Certificate } from 'node:crypto';
import { type IncomingMessage, request, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import { createAuthority } from '../../server/src/network/authority.ts';
import { BoundHosts } from '../../server/src/network/bound.ts';
import { program, need } from '../require.ts';
import { authorityFor } from './authority.ts';
import { egress } from './place.ts';
import { type Client, echo, Stage } from './proxy.ts';

const SECRET = 'hunter2-of-the-host';

describe('a host to which a secret is bound', () => {
  before(need('openssl', program('openssl')));

  let real: ReturnType<typeof authorityFor>;
  before(() => (real = authorityFor('api.example')));

  /** A host that answers over TLS, and a session that has the secret. */
  function stage(answer: RequestListener, { trusted = [real.certificate], port = 443 } = {}) {
    const authority = createAuthority(['api.example'], Date.now());
    const server = createServer(real.issued, answer);
    const headers = new Map([[`api.example:${port}`, { header: 'Authorization', value: `Bearer ${SECRET}` }]]);
    const bound = new BoundHosts({ authority, trusted, headers, redact: (text) => text.replaceAll(SECRET, '***') });
    const made = new Stage({
      egress: egress({ hosts: ['api.example', 'other.example'] }), bound,
      names: { 'api.example': ['93.184.216.34'], 'other.example': ['93.184.216.35'] },
      answer: (far, address) => (address.endsWith('35') ? echo(far) : void server.emit('connection', far)),
    });
    return { made, authority };
  }

  async function tunnel(made: Stage, place: string): Promise<Client> {
    const client = made.connect();
    client.send(`CONNECT ${place} HTTP/1.1\r\nHost: ${place}\r\n\r\n`);
    await client.hears(/^HTTP\/1\.1 200 [^]*\r\n\r\n/);
    client.stream.removeAllListeners('data');
    client.stream.pause();
    return client;
  }

  function secured(stream: Duplex, ca: string): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const tls = connect({ socket: stream, servername: 'api.example', ca, ALPNProtocols: ['h2', 'http/1.1'] }, () => resolve(tls));
      tls.on('error', reject);
    });
  }

  async function ask(stream: Duplex, headers: Record<string, string> = {}, body = ''): Promise<{ response: IncomingMessage; text: string }> {
    return new Promise((resolve, reject) => {
      const asking = request({ createConnection: () => stream, method: 'POST', path: '/a?b', headers: { Host: 'api.example', Connection: 'keep-alive', ...headers } }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk)).on('end', () => resolve({ response, text }));
      });
      asking.on('error', reject).end(body);
    });
  }

  it('gets the header in place of what the program sends, for every request on a connection, and its answer comes back', async () => {
    const seen: object[] = [];
    const { made, authority } = stage((asked, answer) => {
      let body = '';
      asked.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => {
        const { host, authorization, 'x-own': own } = asked.headers;
        seen.push({ url: asked.url, host, authorization, own, body });
        answer.setHeader('X-Echo', `${authorization}`).setHeader('Location', 'https://other.example/').writeHead(302).end('moved');
      });
    });
    const stream = await secured((await tunnel(made, 'api.example:443')).stream, authority.certificate);
    for (let turn = 0; turn < 2; turn++) {
      const { response, text } = await ask(stream, { authorization: 'Bearer none', 'X-Own': 'mine' }, 'x'.repeat(100_000));
      expect([response.statusCode, text, response.headers['location'], response.headers['x-echo']]).to.deep.equal([302, 'moved', 'https://other.example/', 'Bearer ***']);
    }
    expect(seen).to.deep.equal(Array(2).fill({ url: '/a?b', host: 'api.example', authorization: `Bearer ${SECRET}`, own: 'mine', body: 'x'.repeat(100_000) }));
    made.proxy.close();
  });

  it('is reached by SOCKS, too', async () => {
    const { made, authority } = stage((asked, answer) => void answer.end(asked.headers.authorization === `Bearer ${SECRET}` ? 'yes' : 'no'));
    const client = made.connect();
    client.send(Buffer.from([5, 1, 0, 5, 1, 0, 3, 11, ...Buffer.from('api.example'), 1, 187]));
    await client.hears(/^.{12}$/s);
    client.stream.removeAllListeners('data');
    client.stream.pause();
    expect((await ask(await secured(client.stream, authority.certificate))).text).to.equal('yes');
    made.proxy.close();
  });

  it('is not sent the secret where its certificate is not trusted', async () => {
    let asked = 0;
    const { made, authority } = stage((_, answer) => {
      asked++;
      answer.end();
    }, { trusted: [authorityFor('api.example').certificate] });
    const { response, text } = await ask(await secured((await tunnel(made, 'api.example:443')).stream, authority.certificate));
    expect([response.statusCode, asked]).to.deep.equal([502, 0]);
    expect(text).to.contain("api.example:443 can't be reached safely: TLS failed");
    made.proxy.close();
  });

  it('is not reached over plain HTTP, and other hosts and ports are not looked into', async () => {
    const { made } = stage((_, answer) => void answer.end(), { port: 8443 });
    const client = made.connect();
    client.send('GET http://api.example/ HTTP/1.1\r\nHost: api.example\r\n\r\n');
    expect(await client.hears(/ 403 [^]*https/)).to.contain('a secret of this session is bound to that host');
    const other = await tunnel(made, 'other.example:443');
    other.stream.resume();
    const back = new Promise<string>((resolve) => void other.stream.once('data', (chunk: Buffer) => resolve(chunk.toString())));
    other.send('anything');
    expect(await back).to.equal('anything');
    const unbound = await secured((await tunnel(made, 'api.example:443')).stream, real.certificate);
    expect(unbound.destroyed).to.equal(false);
    made.proxy.close();
  });

  it('is shown to programs with a certificate of this session, which is good for that name alone', () => {
    const authority = createAuthority(['api.example'], Date.now());
    const own = new X509Certificate(authority.certificate);
    const leaf = new X509Certificate(authority.identity('api.example').cert);
    expect([own.ca, leaf.ca, leaf.checkHost('api.example'), leaf.checkHost('other.example'), leaf.verify(own.publicKey), own.verify(own.publicKey), leaf.checkIssued(own)]).to.deep.equal([true, false, 'api.example', undefined, true, true, true]);
    expect(authority.identity('api.example')).to.equal(authority.identity('api.example'));
  });
});
