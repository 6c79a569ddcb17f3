/** This machine's own proxy. */
import { expect } from 'chai';
import type { Duplex } from 'node:stream';
import { deferred } from '../../server/src/base/promises.ts';
import { MAX_WAITING } from '../../server/src/network/lookups.ts';
import { type ProxyAddress, upstreams } from '../../server/src/network/upstream.ts';
import { duplexPair } from '../fakes/duplex.ts';
import { egress, place } from './place.ts';
import { Stage } from './proxy.ts';

function machine(env: Record<string, string>, answer: (far: Duplex, head: string) => void) {
  const heads: string[] = [];
  const reached: ProxyAddress[] = [];
  const upstream = upstreams(env, async (proxy) => {
    reached.push(proxy);
    const [near, far] = duplexPair();
    let head = '';
    const listen = (chunk: Buffer) => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      far.off('data', listen);
      heads.push(head);
      answer(far, head);
    };
    far.on('data', listen).on('error', () => undefined);
    return near;
  });
  return { upstream, heads, reached };
}

const env = { HTTPS_PROXY: 'http://me:p%40ss@proxy.corp.example:3128', http_proxy: 'https://plain.corp.example', NO_PROXY: 'direct.example, .below.example,10.0.0.0/8,host.example:8443,[2606:4700::1]' };

describe("this machine's own proxy", () => {
  it('is used for every place but those in NO_PROXY', () => {
    const { upstream } = machine(env, () => undefined);
    const uses = (text: string) => upstream(place(text), 'bytes') !== undefined;
    for (const text of ['example.com', 'notdirect.example', 'host.example:443', '11.0.0.1', '[2606:4700::2]:443']) expect(uses(text), text).to.equal(true);
    for (const text of ['direct.example', 'a.direct.example', 'a.below.example', 'below.example', '10.1.1.1', 'host.example:8443', '[2606:4700::1]:443']) expect(uses(text), text).to.equal(false);
    expect(machine({}, () => undefined).upstream(place('example.com'), 'bytes')).to.equal(undefined);
    expect(machine({ ...env, NO_PROXY: '*' }, () => undefined).upstream(place('example.com'), 'bytes')).to.equal(undefined);
    expect(machine({ ALL_PROXY: 'socks5://proxy.example:1080' }, () => undefined).upstream(place('example.com'), 'bytes')).to.equal(undefined);
    expect(machine({ ALL_PROXY: 'proxy.example:8080' }, () => undefined).upstream(place('example.com'), 'http')).not.to.equal(undefined);
  });

  it('is asked for a tunnel, with its password, by name', async () => {
    const { upstream, heads, reached } = machine(env, (far) => {
      far.write('HTTP/1.1 200 OK\r\nVia: it\r\n\r\nhello ');
      far.pipe(far);
    });
    const stage = new Stage({ upstream });
    const client = stage.connect();
    client.send('CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\nthere');
    expect(await client.hears(/hello there$/)).to.match(/^HTTP\/1\.1 200 Connection established\r\n\r\nhello there$/);
    expect(heads).to.deep.equal([`CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\nProxy-Authorization: Basic ${Buffer.from('me:p@ss').toString('base64')}\r\n\r\n`]);
    expect(reached).to.deep.equal([{ host: 'proxy.corp.example', port: 3128, secure: false }]);
    expect(stage.ways.dialled).to.deep.equal([]);
  });

  it('is sent requests of plain HTTP with their whole URL', async () => {
    const { upstream, heads, reached } = machine(env, (far) => far.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
    const client = new Stage({ upstream }).connect();
    client.send('GET http://example.com:8080/a HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.hears(/ok$/);
    expect(heads).to.deep.equal(['GET http://example.com:8080/a HTTP/1.1\r\nHost: example.com:8080\r\nConnection: close\r\n\r\n']);
    expect(reached).to.deep.equal([{ host: 'plain.corp.example', port: 443, secure: true }]);
  });

  it('gets no name that is not allowed, or that this machine knows as private', async () => {
    const { upstream, reached } = machine({ ALL_PROXY: 'http://proxy.example:3128' }, (far) => far.end('HTTP/1.1 200 OK\r\n\r\n'));
    const client = new Stage({ upstream }).connect();
    client.send('CONNECT inner.example:443 HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await client.all()).to.match(/ 403 /);
    const other = new Stage({ upstream, egress: egress({ hosts: ['example.com'] }) }).connect();
    other.send('CONNECT unknown.example:443 HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await other.all()).to.match(/ 403 /);
    expect(reached).to.deep.equal([]);
    const unknown = new Stage({ upstream }).connect();
    unknown.send('CONNECT unknown.example:443 HTTP/1.1\r\nHost: x\r\n\r\n');
    await unknown.hears(/ 200 /);
  });

  it('gets no name of which one address is private, since it may take that one, and none that could not be looked up', async () => {
    const { upstream, reached } = machine({ ALL_PROXY: 'http://proxy.example:3128' }, (far) => far.end('HTTP/1.1 200 OK\r\n\r\n'));
    const silent = deferred<readonly string[]>();
    const asks = async (stage: Stage, name: string) => {
      const client = stage.connect();
      client.send(`CONNECT ${name}:443 HTTP/1.1\r\nHost: x\r\n\r\n`);
      return client.all();
    };
    const publicOnes = Array.from({ length: 20 }, (_, at) => `93.184.216.${at}`);
    const names = { 'mixed.example': [...publicOnes, '10.0.0.1'], 'inner.example': ['10.0.0.1'], ...Object.fromEntries(Array.from({ length: MAX_WAITING }, (_, at) => [`n${at}.example`, () => silent.promise])) };
    const stage = new Stage({ upstream, names });
    expect(await asks(stage, 'mixed.example')).to.match(/ 403 .*10\.0\.0\.1; it is a private address/);
    for (let at = 0; at < MAX_WAITING; at++) stage.connect().send(`CONNECT n${at}.example:443 HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(await asks(stage, 'inner.example')).to.match(/ 503 too many names wait/);
    expect(reached).to.deep.equal([]);
  });

  it('may have a password with a % that stands for itself', async () => {
    const { upstream, heads } = machine({ ALL_PROXY: 'http://me:50%@proxy.example' }, (far) => far.end('HTTP/1.1 200 OK\r\n\r\n'));
    const client = new Stage({ upstream }).connect();
    client.send('CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.hears(/ 200 /);
    expect(heads[0]).to.include(Buffer.from('me:50%').toString('base64'));
  });

  it('may refuse, say nothing, or talk nonsense', async () => {
    const answers: [(far: Duplex) => void, RegExp][] = [
      [(far) => far.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'), /502 this machine's own proxy refused example\.com:443: it answered 407/],
      [(far) => far.end('SSH-2.0\r\n\r\n'), /502 this machine's own proxy refused example\.com:443\r/],
      [(far) => far.end(), /502 this machine's own proxy ended the connection/],
      [(far) => far.write(Buffer.alloc(20_000, 'x')), /502 this machine's own proxy ended the connection/],
    ];
    for (const [answer, expected] of answers) {
      const { upstream } = machine(env, answer);
      const client = new Stage({ upstream }).connect();
      client.send('CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n');
      expect(await client.all()).to.match(expected);
    }
  });
});
