/** The bounds of a session's proxy, and what it makes of hostile programs. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { Duplex } from 'node:stream';
import { deferred } from '../../server/src/base/promises.ts';
import { PER_TURN, PIECE_BYTES } from '../../server/src/network/pace.ts';
import { ASK_MS } from '../../server/src/network/proxy.ts';
import { defaultNetworkBounds as bounds } from '../../server/src/policy/defaults.ts';
import { Egress } from '../../server/src/network/egress.ts';
import { egress, rule } from './place.ts';
import { echo, httpHost, Stage } from './proxy.ts';

const CONNECT = 'CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n';

describe('the proxy of a session', () => {
  it('gives a program 30 s to say what it wants', async () => {
    for (const beginning of ['', '\x05', '\x05\x01\x00', '\x05\x01\x00\x05\x01\x00\x03\x0bexample', 'CONN', 'GET http://example.com/ HTTP/1.1\r\nHost: ']) {
      const stage = new Stage({ answer: echo });
      const client = stage.connect();
      client.send(Buffer.from(beginning, 'latin1'));
      await stage.clock.advance(ASK_MS - 1);
      expect(client.over, beginning).to.equal(false);
      client.send('x');
      await stage.clock.advance(1);
      await stage.clock.advance(0);
      expect([client.over, stage.clock.pending], beginning).to.deep.equal([true, 0]);
    }
  });

  it('closes a connection on which nothing moves for 5 minutes, and no other', async () => {
    const stage = new Stage({ answer: echo });
    const [idle, busy] = [stage.connect(), stage.connect()];
    for (const client of [idle, busy]) {
      client.send(CONNECT);
      await client.hears(/established/);
    }
    for (let minute = 0; minute < 5; minute++) {
      await stage.clock.advance(60_000);
      busy.send('.');
      await busy.hears(new RegExp(`\\.{${minute + 1}}$`));
    }
    await stage.clock.advance(0);
    expect([idle.over, busy.over]).to.deep.equal([true, false]);
    await stage.clock.advance(bounds.idleTimeoutMs);
    await stage.clock.advance(0);
    expect([busy.over, stage.clock.pending]).to.deep.equal([true, 0]);
  });

  it('has room for so many connections at once, and again when some have ended', async () => {
    const stage = new Stage({ answer: echo, bounds: { connections: 3 } });
    const clients = [1, 2, 3].map(() => stage.connect());
    expect(stage.connect().far.destroyed, 'one more').to.equal(true);
    clients[0]?.stream.destroy();
    await stage.clock.advance(0);
    await stage.clock.advance(0);
    const again = stage.connect();
    again.send(CONNECT);
    await again.hears(/established/);
  });

  it('moves no more bytes than a session may', async () => {
    const stage = new Stage({ answer: echo, bounds: { bytes: 1000 } });
    const client = stage.connect();
    client.send(CONNECT);
    await client.hears(/established/);
    client.send(Buffer.alloc(2000));
    await client.all().catch(() => undefined);
    expect(client.over).to.equal(true);
    const next = stage.connect();
    next.send(CONNECT);
    expect(await next.all()).to.match(/^HTTP\/1\.1 503 this session has moved 1000 bytes, .*network\.bytes/);
  });

  for (const [what, begin] of [['on a tunnel', CONNECT], ['in an answer of plain HTTP', 'GET http://example.com/ HTTP/1.1\r\nHost: x\r\n\r\n']] as const) {
    it(`hands on exactly what may still move ${what}, of a piece that is longer`, async () => {
      const text = 'x'.repeat(2000);
      const answer = begin === CONNECT ? (far: Duplex) => void far.write(text) : httpHost((_asked, reply) => reply.end(text));
      const stage = new Stage({ answer, bounds: { bytes: 1000 } });
      const client = stage.connect();
      client.send(begin);
      await client.all().catch(() => undefined);
      expect(client.heard.split('\r\n\r\n')[1]?.length).to.equal(1000);
    });
  }

  it('hands on exactly what may still move of what a program sends with its request, and of what it sends later', async () => {
    for (const [first, later] of [[2000, 0], [400, 2000]] as const) {
      let got = 0;
      const stage = new Stage({ answer: (far) => void far.on('data', (chunk: Buffer) => (got += chunk.length)), bounds: { bytes: 1000 } });
      const client = stage.connect();
      client.send(CONNECT + 'x'.repeat(first));
      await client.hears(/established/);
      client.send(Buffer.alloc(later));
      await client.all().catch(() => undefined);
      expect(got, `${first} and ${later}`).to.equal(1000);
    }
  });

  it('does little for one session in each turn of the event loop, however much its programs send at once', async () => {
    const head = 'POST http://example.com/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
    for (const [what, connections, text, end] of [
      ['many requests on many connections', 200, 'GET http://none.example/ HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(400), undefined],
      ['a body in small chunks', 1, `${head}${'1\r\na\r\n'.repeat(10_000)}0\r\n\r\n`, /done/],
      ['connections that ask for nothing that makes sense', 200, 'no\r\n\r\n', undefined],
      ['CONNECT', 200, 'CONNECT none.example:443 HTTP/1.1\r\nHost: x\r\n\r\n', undefined],
    ] as const) {
      const stage = new Stage({ egress: egress({ hosts: ['example.com'] }), answer: httpHost((asked, answer) => asked.on('end', () => answer.end('done')).resume()) });
      const clients = Array.from({ length: connections }, () => stage.connect());
      for (const client of clients) client.send(text);
      // In each turn of the loop work is done twice: when something has come, and when the turn is over.
      const pieces = Math.max(connections, text.length * (end ? 1 : 0) / PIECE_BYTES);
      let turns = 0;
      while (!clients.every((client) => client.over || end?.test(client.heard))) {
        await new Promise(setImmediate);
        turns++;
      }
      expect(turns, what).to.be.at.least(Math.floor(pieces / (2 * PER_TURN)));
      stage.proxy.close();
    }
  });

  it('reads what comes in pieces as it would read the whole', async () => {
    const heard: string[] = [];
    const stage = new Stage({ answer: httpHost((asked, answer) => {
      let body = '';
      asked.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => {
        heard.push(body);
        answer.end(body);
      });
    }) });
    const client = stage.connect();
    const bodies = ['a', 'b'.repeat(5 * PIECE_BYTES), '', 'c'.repeat(PIECE_BYTES)];
    client.send(bodies.map((body) => `POST http://example.com/ HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`).join(''));
    await client.hears(/c{1024}/);
    expect(heard.map((body, at) => body === bodies[at])).to.deep.equal(bodies.map(() => true));
    client.stream.end();
    await client.all();
    await stage.clock.advance(0);
    expect([client.heard.match(/200 OK/g)?.length, stage.clock.pending]).to.deep.equal([bodies.length, 0]);
    for (const part of ['C', 'CONN', 'CONNECT example.com:4']) {
      const other = stage.connect();
      other.send(part);
      await stage.clock.advance(0);
      other.send(CONNECT.slice(part.length));
      await other.hears(/established/);
    }
  });

  it('gives up what it was about to do when the program goes away, and everything when it is closed', async () => {
    const stopped: string[] = [];
    const stage = new Stage({ answer: (_far, address, _port, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => (stopped.push(address), reject(signal.reason as Error)))) });
    const [one, two] = [stage.connect(), stage.connect()];
    for (const client of [one, two]) client.send(CONNECT);
    await stage.clock.advance(0);
    expect(stage.ways.dialled.length).to.equal(2);
    one.stream.destroy();
    await stage.clock.advance(0);
    await stage.clock.advance(0);
    expect(stopped.length).to.equal(1);
    stage.proxy.close();
    await stage.clock.advance(0);
    expect([stopped.length, two.far.destroyed, stage.clock.pending]).to.deep.equal([2, true, 0]);
  });

  for (const end of ['the host has ended its direction', 'the program is idle'] as const) {
    it(`counts and bounds what leads to a host that reads nothing, also when ${end} and the program is gone`, async () => {
      const stage = new Stage({ answer: (far) => void (end.startsWith('the host') && far.end()), bounds: { connections: 2 } });
      const client = stage.connect();
      client.send(CONNECT);
      await client.hears(/established/);
      client.stream.end(Buffer.alloc(100_000));
      for (let turn = 0; turn < 5; turn++) await stage.clock.advance(0);
      const [outward] = stage.ways.connections;
      expect([outward?.writableFinished, outward?.destroyed], 'still under way').to.deep.equal([false, false]);
      stage.connect();
      expect(stage.connect().far.destroyed, 'one more than may be').to.equal(true);
      await stage.clock.advance(bounds.idleTimeoutMs);
      for (let turn = 0; turn < 5; turn++) await stage.clock.advance(0);
      expect([client.far.destroyed, outward?.destroyed, stage.clock.pending]).to.deep.equal([true, true, 0]);
    });
  }

  it('leaves nothing behind that leads to a host that reads nothing, when the session is over', async () => {
    const stage = new Stage({ answer: () => undefined });
    const client = stage.connect();
    client.send(CONNECT);
    await client.hears(/established/);
    client.stream.end(Buffer.alloc(100_000));
    for (let turn = 0; turn < 5; turn++) await stage.clock.advance(0);
    stage.proxy.close();
    for (let turn = 0; turn < 5; turn++) await stage.clock.advance(0);
    expect([stage.ways.connections[0]?.destroyed, stage.clock.pending]).to.deep.equal([true, 0]);
  });

  it('resolves one name at a time, and each once for all who wait', async () => {
    const silent = deferred<readonly string[]>();
    const stage = new Stage({ answer: echo, names: { 'silent.example': () => silent.promise, 'example.com': ['93.184.216.34'] } });
    const clients = ['silent.example', 'silent.example', 'example.com', 'example.com'].map((name) => {
      const client = stage.connect();
      client.send(`CONNECT ${name}:443 HTTP/1.1\r\nHost: x\r\n\r\n`);
      return client;
    });
    await stage.clock.advance(0);
    expect(stage.ways.resolved).to.deep.equal(['silent.example']);
    silent.resolve([]);
    expect(await clients[0]?.all()).to.match(/ 502 the name silent\.example has no address/);
    expect(await clients[1]?.all()).to.match(/ 502 /);
    for (const client of clients.slice(2)) await client.hears(/ 200 /);
    expect(stage.ways.resolved).to.deep.equal(['silent.example', 'example.com']);
  });

  it('asks a person while the program waits', async () => {
    const stage = new Stage({ answer: echo, egress: egress({ ask: async ({ host }) => (host === 'example.com' ? 'once' : 'deny') }) });
    const [yes, no] = [stage.connect(), stage.connect()];
    yes.send(CONNECT);
    await yes.hears(/ 200 /);
    no.send('CONNECT other.example:443 HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await no.all()).to.match(/ 403 /);
  });

  it('never throws and never dials what is not allowed, whatever a program sends', async () => {
    const word = fc.constantFrom(
      'CONNECT ', 'GET ', 'POST ', 'http://', 'https://', 'example.com', '127.0.0.1', 'inner.example', 'other.example', '[::1]', '[::ffff:127.0.0.1]', '169.254.169.254', '0x7f.1', 'localhost', ':80', ':443', ':22', '/', '@', '\\', '#', '?', '%00', ' ',
      ' HTTP/1.1\r\n', 'Host: example.com\r\n', 'Host: 127.0.0.1\r\n', 'Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n', 'Connection: close, Host\r\n', 'Upgrade: websocket\r\nConnection: upgrade\r\n', 'Expect: 100-continue\r\n', '\r\n', '\r\n\r\n', '0\r\n\r\n', 'hello',
      '\x05\x01\x00', '\x05\x01\x00\x03\x0bexample.com\x01\xbb', '\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x16', '\x05\x01\x00\x03\x0dinner.example\x00\x50', '\x05\x01\x00\x04', '\x05\x02\x00\x01', '\x00', '\xff\xff\xff',
    );
    const raw = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
    const soup = fc.array(fc.oneof({ weight: 6, arbitrary: word }, { weight: 1, arbitrary: raw }), { maxLength: 14 });
    const host = fc.constantFrom('example.com', 'EXAMPLE.COM.', 'other.example', 'inner.example', 'inner.example@example.com', 'example.com@inner.example', '127.0.0.1', '[::ffff:7f00:1]', '0x7f.1', '127.1');
    const place = fc.tuple(host, fc.constantFrom('', ':80', ':443', ':22', ':0443')).map(([name, port]) => name + port);
    const header = fc.oneof(word, place.map((text) => `Host: ${text}\r\n`));
    const http = fc.tuple(fc.constantFrom('CONNECT ', 'GET http://', 'POST http://', 'DELETE https://'), place, fc.constantFrom('', '', '/', '/a?b', '@inner.example'), fc.array(header, { maxLength: 3 }), fc.array(word, { maxLength: 3 }))
      .map(([begin, where, path, headers, rest]) => [begin, where, path, ' HTTP/1.1\r\nHost: x\r\n'.slice(0, headers.length > 2 ? 11 : undefined), ...headers, '\r\n', ...rest]);
    const socks = fc.tuple(host, fc.constantFrom(22, 80, 443), fc.array(word, { maxLength: 3 }))
      .map(([name, port, rest]) => ['\x05\x01\x00', `\x05\x01\x00\x03${String.fromCharCode(name.length)}`, name, String.fromCharCode(port >> 8, port & 255), ...rest]);
    const text = fc.oneof(soup, http, socks, fc.tuple(http, http).map((both) => both.flat()));
    let dials = 0;
    await fc.assert(fc.asyncProperty(text, fc.boolean(), fc.boolean(), fc.boolean(), async (pieces, whole, full, ends) => {
      const stage = new Stage({ answer: echo, egress: egress(full ? { mode: 'full' } : { hosts: ['example.com:443', 'example.com:80'] }) });
      const client = stage.connect();
      for (const piece of whole ? [pieces.join('')] : pieces) client.send(Buffer.from(piece, 'latin1'));
      if (ends) client.stream.end();
      await stage.clock.advance(bounds.idleTimeoutMs + 60_000);
      await stage.clock.advance(0);
      expect(stage.clock.pending, 'timers').to.equal(0);
      expect(client.far.destroyed, 'it is over').to.equal(true);
      const allowed = full ? /^(?:93\.184\.216\.3[45]) \d+$/ : /^93\.184\.216\.34 (?:80|443)$/;
      for (const dialled of stage.ways.dialled) expect(dialled).to.match(allowed);
      dials += stage.ways.dialled.length;
    }), { seed: 13, numRuns: 1500 });
    expect(dials, 'places that were allowed').to.be.greaterThan(50);
  });
});

describe('the proxy of a session whose configuration is read again', () => {
  const lists = [['example.com', 'other.example']];
  const stage = () => {
    const rules = lists.map((list) => list.map(rule));
    const made = new Stage({ egress: new Egress({ mode: 'full', hosts: [], ceilings: rules, ask: undefined, own: () => [] }), answer: echo });
    return { stage: made, forbid: (...allowed: string[]) => void rules.push(allowed.map(rule)) };
  };
  const tunnel = async (on: Stage, host: string) => {
    const client = on.connect();
    client.send(`CONNECT ${host}:443 HTTP/1.1\r\nHost: x\r\n\r\n`);
    await client.hears(/established/);
    return client;
  };

  it('cuts a connection to a host that is no longer allowed, and no other', async () => {
    const { stage: on, forbid } = stage();
    const [gone, stays] = [await tunnel(on, 'example.com'), await tunnel(on, 'other.example')];
    on.proxy.recheck();
    await on.clock.advance(0);
    expect([gone.over, stays.over]).to.deep.equal([false, false]);
    forbid('other.example');
    on.proxy.recheck();
    await on.clock.advance(0);
    await on.clock.advance(0);
    expect([gone.over, stays.over]).to.deep.equal([true, false]);
    stays.send('still here');
    await stays.hears(/still here/);
    const next = on.connect();
    next.send(CONNECT);
    expect(await next.all()).to.match(/^HTTP\/1\.1 403 /);
  });

  it('gives no connection to a host that was forbidden while it was dialled', async () => {
    const dialled = deferred();
    const rules = lists.map((list) => list.map(rule));
    const on = new Stage({ egress: new Egress({ mode: 'full', hosts: [], ceilings: rules, ask: undefined, own: () => [] }), answer: () => dialled.promise });
    const client = on.connect();
    client.send(CONNECT);
    await on.clock.advance(0);
    rules.push([]);
    on.proxy.recheck();
    dialled.resolve();
    expect(await client.all()).to.match(/^HTTP\/1\.1 403 /);
  });
});
