/** The HTTP side of the proxy (F-E3). */
import { expect } from 'chai';
import type { Duplex } from 'node:stream';
import { MAX_UNANSWERED } from '../../server/src/network/http.ts';
import { echo, httpHost, Stage } from './proxy.ts';
import { egress } from './place.ts';

/** Answers with what arrived, as JSON. */
const mirror = httpHost((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (text: string) => (body += text)).on('end', () => {
    response.setHeader('X-Host', 'yes');
    response.end(JSON.stringify({ line: `${request.method} ${request.url}`, headers: request.headers, body }));
  });
});

const seen = (text: string) => JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as { line: string; headers: Record<string, string>; body: string };

describe('CONNECT', () => {
  it('carries bytes in both directions, each with its own end', async () => {
    const stage = new Stage({ answer: echo });
    const client = stage.connect();
    client.send('CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\nfirst ');
    await client.hears(/^HTTP\/1\.1 200 Connection established\r\n\r\nfirst $/);
    client.send('second');
    client.stream.end();
    expect(await client.all()).to.match(/first second$/);
    expect(stage.ways.dialled).to.deep.equal(['93.184.216.34 443']);
    await stage.clock.advance(0);
    expect(stage.clock.pending, 'timers').to.equal(0);
  });

  it('goes where its request line says, whatever Host says', async () => {
    const stage = new Stage({ answer: echo, egress: egress({ hosts: ['example.com:443'] }) });
    const client = stage.connect();
    client.send('CONNECT other.example:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n');
    expect(await client.all()).to.match(/^HTTP\/1\.1 403 CodeBeaker does not allow this session to reach other\.example:443: add other\.example:443 to the hosts of its network \(codebeaker run --allow other\.example:443\)\r\n/);
    expect([stage.ways.resolved, stage.ways.dialled, stage.refused]).to.deep.equal([[], [], ['other.example:443']]);
  });

  const refused: readonly (readonly [string, RegExp])[] = [
    ['127.0.0.1:22', /403 .* an address of this machine/], ['localhost:22', /502 the name localhost has no address/], ['[::1]:22', /403/], ['[::ffff:127.0.0.1]:22', /403/], ['0.0.0.0:22', /403/], ['169.254.169.254:80', /403 .* the metadata service/],
    ['inner.example:443', /403 .* inner\.example has the address 10\.0\.0\.1; it is a private address/], ['0x7f.1:80', /400/], ['2130706433:80', /400/], ['example.com', /400 .* a host and a port/], ['example.com:0', /400/], ['http://example.com:443/', /400/], ['user@example.com:443', /400/], ['example.com:443/', /400/],
  ];
  for (const [authority, expected] of refused) {
    it(`refuses ${authority}`, async () => {
      const stage = new Stage();
      const client = stage.connect();
      client.send(`CONNECT ${authority} HTTP/1.1\r\nHost: x\r\n\r\n`);
      expect(await client.all()).to.match(expected);
      expect(stage.ways.dialled).to.deep.equal([]);
    });
  }

  it('cuts the host off when the program cuts off, and the other way round', async () => {
    const fars: Duplex[] = [];
    const stage = new Stage({ answer: (far) => void fars.push(far.resume()) });
    const [one, two] = [stage.connect(), stage.connect()];
    for (const client of [one, two]) {
      client.send('CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n');
      await client.hears(/established/);
    }
    one.stream.destroy();
    fars[1]?.destroy();
    await stage.clock.advance(0);
    await stage.clock.advance(0);
    expect([fars[0]?.destroyed, two.stream.destroyed]).to.deep.equal([true, true]);
    expect(stage.clock.pending).to.equal(0);
  });
});

describe('a request of plain HTTP', () => {
  it('is sent to the host of its URL, with that host as Host and without what is about the connection', async () => {
    const stage = new Stage({ answer: mirror });
    const client = stage.connect();
    client.send('GET http://user:pass@example.com/a?b=c#d HTTP/1.1\r\nHost: other.example\r\nProxy-Authorization: Basic c2VjcmV0\r\nProxy-Connection: keep-alive\r\nConnection: X-Mine\r\nX-Mine: 1\r\nTE: trailers\r\nCookie: kept\r\n\r\n');
    const { line, headers } = seen(await client.hears(/\}\r\n0\r\n\r\n$|\}$/));
    expect(line).to.equal('GET /a?b=c');
    expect(headers).to.deep.equal({ host: 'example.com', cookie: 'kept', connection: 'close' });
    expect(client.heard).to.match(/^HTTP\/1\.1 200 OK\r\nX-Host: yes\r\n/);
    expect(stage.ways.dialled).to.deep.equal(['93.184.216.34 80']);
  });

  it('is checked each time on a connection that is kept (F-E3)', async () => {
    const stage = new Stage({ answer: mirror, egress: egress({ hosts: ['example.com:80'] }) });
    const client = stage.connect();
    client.send('GET http://example.com/1 HTTP/1.1\r\nHost: example.com\r\n\r\n');
    await client.hears(/GET \/1/);
    client.forget();
    client.send('GET http://EXAMPLE.com./2 HTTP/1.1\r\nHost: example.com\r\n\r\n');
    await client.hears(/GET \/2/);
    client.forget();
    client.send('GET http://other.example/3 HTTP/1.1\r\nHost: example.com\r\n\r\n');
    expect(await client.all()).to.match(/^HTTP\/1\.1 403 CodeBeaker does not allow this session to reach other\.example:80/);
    expect(stage.ways.resolved).to.deep.equal(['example.com', 'example.com']);
  });

  it('keeps its body in one piece, with a length and in chunks', async () => {
    for (const [framing, body] of [['Content-Length: 5', 'hello'], ['Transfer-Encoding: chunked', '2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n']] as const) {
      for (const method of ['POST', 'GET', 'DELETE']) {
        const stage = new Stage({ answer: mirror });
        const client = stage.connect();
        client.send(`${method} http://example.com:8080/ HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n${body}`);
        const { body: arrived, headers } = seen(await client.hears(/"body":"[^"]*"\}/));
        expect([arrived, headers.host]).to.deep.equal(['hello', 'example.com:8080']);
      }
    }
  });

  it('gets the answer as the host gave it, also without a body and with several cookies', async () => {
    const stage = new Stage({ answer: httpHost((_request, response) => void response.writeHead(302, 'Look There', ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Location', 'http://169.254.169.254/', 'Content-Length', '0']).end()) });
    const client = stage.connect();
    client.send('HEAD http://example.com/ HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await client.hears(/\r\n\r\n$/)).to.match(/^HTTP\/1\.1 302 Look There\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nLocation: http:\/\/169\.254\.169\.254\/\r\n/);
    client.forget();
    client.send('GET http://169.254.169.254/latest/meta-data/ HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n');
    expect(await client.all()).to.match(/^HTTP\/1\.1 403 .*metadata service/);
    expect(stage.ways.dialled.length).to.equal(1);
  });

  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['a path alone', 'GET / HTTP/1.1\r\nHost: example.com\r\n\r\n', /400 this is CodeBeaker's proxy/],
    ['https', 'GET https://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n', /400 a URL with https/],
    ['another scheme', 'GET ftp://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n', /400/],
    ['an address in another spelling', 'GET http://0x7f.1/ HTTP/1.1\r\nHost: example.com\r\n\r\n', /400 the URL has no valid host/],
    ['a host with an @ in it', 'GET http://example.com@127.0.0.1/ HTTP/1.1\r\nHost: example.com\r\n\r\n', /403/],
    ['a host with a backslash', 'GET http://127.0.0.1\\@example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n', /400|502|200/],
    ['two lengths', 'POST http://example.com/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', /400/],
    ['a length and chunks', 'POST http://example.com/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', /400/],
    ['an encoding that hides chunks', 'POST http://example.com/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n', /400/],
    ['a space before a colon', 'POST http://example.com/ HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nhello', /400/],
    ['a folded line', 'GET http://example.com/ HTTP/1.1\r\nHost: x\r\n Content-Length: 5\r\n\r\n', /400/],
    ['a lone line feed', 'GET http://example.com/ HTTP/1.1\nHost: x\n\n', /400/],
    ['a huge head', `GET http://example.com/ HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`, /400 the head of the request is longer than 16384 bytes/],
    ['garbage', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', /400 this is no valid HTTP request/],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /400/],
  ];
  for (const [what, text, expected] of refused) {
    it(`with ${what} is refused`, async () => {
      const stage = new Stage();
      const client = stage.connect();
      client.send(Buffer.from(text, 'latin1'));
      expect(await client.all()).to.match(expected);
      expect(stage.ways.dialled.filter((text) => !text.startsWith('93.'))).to.deep.equal([]);
      expect(stage.ways.dialled.length).to.be.at.most(what.includes('backslash') ? 1 : 0);
    });
  }

  it('begins when the one before it is answered, where a program sends several at once', async () => {
    const waiting: (() => void)[] = [];
    const stage = new Stage({ answer: httpHost((request, response) => void waiting.push(() => response.end(`[${request.url}]`))) });
    const client = stage.connect();
    client.send([1, 2, 3].map((at) => `GET http://example.com/${at} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
    for (const at of [1, 2, 3]) {
      while (waiting.length < at) await stage.clock.advance(0);
      for (let turn = 0; turn < 5; turn++) await stage.clock.advance(0);
      expect(stage.ways.dialled.length, 'connections').to.equal(at);
      waiting[at - 1]?.();
      await client.hears(new RegExp(`\\[/${at}\\]`));
    }
    expect(client.heard.match(/\[\/\d\]/g)).to.deep.equal(['[/1]', '[/2]', '[/3]']);
  });

  it('is broken off with its connection where a program sends very many at once', async () => {
    const stage = new Stage({ answer: () => undefined });
    const client = stage.connect();
    const request = 'GET http://example.com/ HTTP/1.1\r\nHost: x\r\n\r\n';
    client.send(request);
    while (stage.ways.dialled.length === 0) await stage.clock.advance(0);
    client.send(request.repeat(MAX_UNANSWERED));
    await client.all();
    await stage.clock.advance(0);
    expect([client.far.destroyed, stage.ways.dialled.length, stage.ways.connections.every((each) => each.destroyed), stage.clock.pending]).to.deep.equal([true, 1, true, 0]);
  });

  it('after one that is refused is not sent on', async () => {
    const stage = new Stage({ answer: mirror });
    const client = stage.connect();
    client.send(['inner.example', 'example.com'].map((host) => `GET http://${host}/ HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
    expect(await client.all()).to.match(/^HTTP\/1\.1 403 [^{]*$/);
    expect(stage.ways.dialled).to.deep.equal([]);
  });

  it('ends with 502 where the host changes to another protocol', async () => {
    const stage = new Stage({ answer: (far) => void far.once('data', () => far.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n')) });
    const client = stage.connect();
    client.send('GET http://example.com/ HTTP/1.1\r\nHost: x\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n');
    expect(await client.all()).to.match(/^HTTP\/1\.1 502 the host answered with another protocol/);
  });

  it('ends with 502 where the host says nothing that is HTTP, and is cut off where the host stops in the middle', async () => {
    const odd = new Stage({ answer: (far) => void far.once('data', () => far.end('SSH-2.0-OpenSSH\r\n')) });
    const one = odd.connect();
    one.send('GET http://example.com/ HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await one.all()).to.match(/^HTTP\/1\.1 502 the host ended the connection/);
    const half = new Stage({ answer: (far) => void far.once('data', () => far.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')) });
    const two = half.connect();
    two.send('GET http://example.com/ HTTP/1.1\r\nHost: x\r\n\r\n');
    await two.all();
    expect(two.stream.destroyed).to.equal(true);
  });
});
