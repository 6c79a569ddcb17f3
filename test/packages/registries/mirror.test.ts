/** A mirror serves its registry and nothing else, whatever programs and registries send. */
import { request, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';
import { PER_TURN } from '../../../server/src/network/pace.ts';
import { defaultBounds, type MirrorBounds } from '../../../server/src/packages/registries/bounds.ts';
import { namedHosts, openMirrors } from '../../../server/src/packages/registries/mirrors.ts';
import type { RegistrySet } from '../../../server/src/packages/registries/registry.ts';
import { duplexPair } from '../../fakes/duplex.ts';
import { need, program } from '../../require.ts';
import { authorityFor } from '../../network/authority.ts';
import { certify } from '../indexes/certificate.ts';
import { dialling, type Listening, setOf, silent, through } from '../indexes/install.ts';
import { type Answerer, type Certified, serve, type Served } from '../indexes/serve.ts';

interface Place {
  readonly mirror: Listening;
  readonly registry: Served;
  readonly dialled: string[];
  /** How the sandbox calls the mirror, without a path. */
  readonly base: string;
}

interface Parts {
  readonly manager?: RegistrySet['manager'];
  readonly more?: Partial<RegistrySet>;
  readonly bounds?: Partial<MirrorBounds>;
  readonly places?: Readonly<Record<string, number>>;
  readonly secure?: Certified;
}

/** A registry at http://registry.example/path/, or with `secure` at https://registry.example/path/. */
async function mirrored<T>(answers: Answerer, use: (place: Place) => Promise<T>, { manager = 'pip', more, bounds, places, secure }: Parts = {}): Promise<T> {
  const registry = await serve(new Map(), { before: answers, ...(secure ? { secure } : {}) });
  const dialled: string[] = [];
  const dial = dialling({ [`registry.example:${secure ? 443 : 80}`]: registry.port, ...places }, dialled);
  try {
    return await through(setOf(manager, [`http${secure ? 's' : ''}://registry.example/path/`], more), dial, (mirror) =>
      use({ mirror, registry, dialled, base: mirror.reachable[0]?.url.replace(/\/path\/$/, '') ?? '' }), bounds);
  } finally {
    await registry.close();
  }
}

interface Reply {
  readonly status: number;
  readonly reason: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Rejects where the answer is cut off. */
function ask(url: string, { method = 'GET', headers = {}, body }: { method?: string; headers?: OutgoingHttpHeaders; body?: string } = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    request(url, { method, headers, agent: false }, (reply) => {
      const pieces: Buffer[] = [];
      reply.on('data', (piece: Buffer) => pieces.push(piece)).on('error', reject);
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, reason: reply.statusMessage ?? '', headers: reply.headers, body: Buffer.concat(pieces).toString() }));
    }).on('error', reject).end(body);
  });
}

/** Sends bytes and resolves with everything that comes back. */
function send(base: string, bytes: string | Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(Number(new URL(base).port), '127.0.0.1', () => socket.end(bytes));
    socket.setEncoding('latin1').on('data', (piece: string) => (text += piece)).on('error', () => undefined).on('close', () => resolve(text));
  });
}

const says = (text: string): Answerer => (_, response) => Boolean(response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(text));

describe('a mirror', () => {
  it('serves the paths of the registry’s origin, with queries, and nothing of the request but what it needs', async () => {
    await mirrored(says('there'), async ({ base, registry }) => {
      const reply = await ask(`${base}/other/%61?b=c`, { headers: { accept: 'x/y', 'x-secret': 'no', cookie: 'no', authorization: 'no', 'user-agent': 'pip' } });
      expect(reply).to.include({ status: 200, body: 'there' });
      const [{ url = '', headers = {} } = {}] = registry.asked;
      expect(url).to.equal('/other/%61?b=c');
      expect(headers).to.deep.equal({ host: 'registry.example', accept: 'x/y', 'user-agent': 'pip', 'accept-encoding': 'identity', connection: 'keep-alive' });
    });
  });

  it('passes ranges, tags, HEAD and what has not changed on', async () => {
    const answers: Answerer = ({ method, headers }, response) => {
      if (headers['if-none-match']) return Boolean(response.writeHead(304, { etag: '"1"' }).end());
      if (headers.range) return Boolean(response.writeHead(206, { 'content-range': 'bytes 1-2/4' }).end('bc'));
      return Boolean(response.writeHead(200, { etag: '"1"', 'content-length': '4', 'set-cookie': 'a=b', location: 'x' }).end(method === 'HEAD' ? undefined : 'abcd'));
    };
    await mirrored(answers, async ({ base }) => {
      const whole = await ask(`${base}/a`);
      expect(whole).to.include({ status: 200, body: 'abcd' });
      expect(whole.headers).to.include({ etag: '"1"', 'content-length': '4' }).and.not.have.any.keys('set-cookie', 'location');
      expect(await ask(`${base}/a`, { headers: { range: 'bytes=1-2' } })).to.include({ status: 206, body: 'bc' });
      expect(await ask(`${base}/a`, { headers: { 'if-none-match': '"1"' } })).to.include({ status: 304, body: '' });
      const head = await ask(`${base}/a`, { method: 'HEAD' });
      expect([head.status, head.headers['content-length'], head.body]).to.deep.equal([200, '4', '']);
    });
  });

  it('uses connections to the registry again', async () => {
    await mirrored(says('there'), async ({ base, dialled }) => {
      for (let round = 0; round < 5; round++) expect((await ask(`${base}/${round}`)).status).to.equal(200);
      expect(dialled).to.deep.equal(['registry.example:80']);
    });
  });

  describe('refuses, and dials nothing but its registry, where a program', () => {
    const raw: Record<string, string> = {
      'asks for another host in the request line': 'GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n',
      'asks for its own host in the request line': 'GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n',
      'names another host': 'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n',
      'names another host after its own': 'GET / HTTP/1.1\r\nHost: 127.0.0.1:1\r\nHost: evil.example\r\n\r\n',
      'names no host': 'GET / HTTP/1.0\r\n\r\n',
      'wants a tunnel': 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n',
      'asks for a path of an origin that no page leads to': 'GET /-/origin/http/evil.example/80/x HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n',
      'writes such an origin in a strange way': 'GET /-/origin/http/registry.example@evil.example/80/x HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n',
      'leaves the origin out': 'GET /-/origin/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n',
      'sends something': 'POST /path/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\nContent-Length: 6\r\n\r\nsecret',
      'puts something': 'PUT /path/a HTTP/1.1\r\nHost: 127.0.0.1:1\r\nContent-Length: 6\r\n\r\nsecret',
      'sends something with a question': 'GET /path/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\nContent-Length: 6\r\n\r\nsecret',
      'wants all of it': 'OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n',
      'sends garbage': 'garbage\r\n\r\n',
      'sends two lengths': 'POST /path/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'sends a header without end': `GET / HTTP/1.1\r\nHost: 127.0.0.1:1\r\nX: ${'x'.repeat(200_000)}`,
    };
    for (const [name, bytes] of Object.entries(raw)) {
      it(name, async () => {
        await mirrored(says('there'), async ({ base, dialled, registry }) => {
          const reply = await send(base, bytes);
          expect(reply === '' || /^HTTP\/1\.1 4\d\d /.test(reply), reply.slice(0, 200)).to.equal(true);
          expect(dialled).to.deep.equal([]);
          expect(registry.asked).to.deep.equal([]);
        });
      });
    }

    it('writes paths that lead elsewhere: they stay at the registry', async () => {
      await mirrored(says('there'), async ({ base, dialled }) => {
        for (const path of ['//evil.example/', '/\\evil.example', '/..//evil.example', '/@evil.example/', '/%2f%2fevil.example', '/a?http://evil.example', '/:80@evil.example/']) {
          await send(base, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:1\r\nConnection: close\r\n\r\n`);
        }
        expect(new Set(dialled)).to.deep.equal(new Set(['registry.example:80']));
      });
    });
  });

  it('never throws and dials nothing else, whatever bytes come', async () => {
    const word = fc.constantFrom('GET ', 'POST ', 'CONNECT ', 'HEAD ', '/', '//', '/-/origin/', 'http://evil.example', 'evil.example:80', ' HTTP/1.1\r\n', 'Host: 127.0.0.1:1\r\n', 'Host: evil.example\r\n', '\r\n', 'Content-Length: 3\r\n', 'Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n', '\0', ' ', '\n');
    const bytes = fc.oneof(fc.array(word, { maxLength: 20 }).map((words) => Buffer.from(words.join(''))), fc.uint8Array({ maxLength: 300 }));
    await mirrored(says('there'), async ({ base, dialled, mirror }) => {
      await fc.assert(fc.asyncProperty(bytes, async (sent) => {
        await send(base, sent);
        expect(dialled.every((place) => place === 'registry.example:80')).to.equal(true);
      }), { seed: 13, numRuns: 150 });
      expect((await ask(`${base}/`)).status).to.equal(200);
      expect(mirror.mirrors.all).to.have.length(1);
    });
  });

  it('gives the credentials of a place to no other place, and says them to nobody (F-E7)', async () => {
    const other = await serve(new Map(), { before: says('other') });
    const more = { authorization: ({ host }: URL) => (host === 'registry.example' ? 'Bearer hush' : undefined) };
    const answers: Answerer = ({ url }, response) => {
      if (url === '/out') return Boolean(response.writeHead(302, { location: 'http://other.example/x' }).end());
      if (url === '/back') return Boolean(response.writeHead(307, { location: '/in' }).end());
      return Boolean(response.writeHead(url === '/in' ? 200 : 401, { 'www-authenticate': 'Basic' }).end('in'));
    };
    await mirrored(answers, async ({ base, registry, mirror }) => {
      expect((await ask(`${base}/back`)).body).to.equal('in');
      expect((await ask(`${base}/out`)).body).to.equal('other');
      expect(registry.asked.map(({ headers }) => headers.authorization)).to.deep.equal(['Bearer hush', 'Bearer hush', 'Bearer hush']);
      expect(other.asked.map(({ headers }) => headers.authorization)).to.deep.equal([undefined]);
      expect((await ask(`${base}/none`)).headers).not.to.have.property('www-authenticate');
      expect(inspect(mirror.mirrors, { depth: 20, showHidden: true }) + String(mirror.mirrors.trouble())).not.to.contain('hush');
    }, { more, places: { 'other.example:80': other.port } });
    await other.close();
  });

  it('gives no credentials back to the registry after a detour', async () => {
    const other = await serve(new Map(), { before: (_, response) => Boolean(response.writeHead(302, { location: 'http://registry.example/in' }).end()) });
    await mirrored(({ url }, response) => Boolean(response.writeHead(url === '/out' ? 302 : 200, url === '/out' ? { location: 'http://other.example/' } : {}).end('in')), async ({ base, registry }) => {
      expect((await ask(`${base}/out`)).body).to.equal('in');
      expect(registry.asked.map(({ headers }) => headers.authorization)).to.deep.equal(['Bearer hush', undefined]);
    }, { more: { authorization: () => 'Bearer hush' }, places: { 'other.example:80': other.port } });
    await other.close();
  });

  describe('refuses in words where a registry', () => {
    before(need('openssl', program('openssl')));
    const failing = async (answers: Answerer, parts?: Parts) =>
      mirrored(answers, async ({ base, mirror }) => {
        const reply = await ask(`${base}/path/`, { headers: { 'accept-encoding': 'gzip' } }).catch((fault: Error) => ({ status: 0, reason: fault.message, body: '' }));
        return { ...reply, trouble: mirror.mirrors.trouble() };
      }, parts);

    it('leads to an address that is not public, by a redirect or a page (F-E6)', async () => {
      const reply = await failing((_, response) => Boolean(response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end()));
      expect(reply).to.include({ status: 403, reason: 'CodeBeaker does not allow this session to reach 169.254.169.254:80', trouble: 'CodeBeaker does not allow this session to reach 169.254.169.254:80' });
      const page: Answerer = (_, response) => Boolean(response.writeHead(200, { 'content-type': 'text/html' }).end('<a href="http://10.0.0.1/x.whl">x</a>'));
      await mirrored(page, async ({ base }) => {
        expect((await ask(`${base}/path/`)).body).to.equal('<a href="/-/origin/http/10.0.0.1/80/x.whl">x</a>');
        expect(await ask(`${base}/-/origin/http/10.0.0.1/80/x.whl`)).to.include({ status: 403, reason: 'CodeBeaker does not allow this session to reach 10.0.0.1:80' });
      });
    });

    it('redirects for ever, to something else, or away from encryption', async () => {
      expect((await failing((_, response) => Boolean(response.writeHead(302, { location: '/again' }).end()))).trouble).to.equal('registry.example redirects more than 10 times');
      expect((await failing((_, response) => Boolean(response.writeHead(302, { location: 'file:///etc/passwd' }).end()))).trouble).to.match(/no address of a web server/);
      const secure = certify('registry.example');
      const reply = await failing((_, response) => Boolean(response.writeHead(302, { location: 'http://registry.example/' }).end()), { secure, more: { certificates: async () => [secure.cert] } });
      expect(reply).to.include({ status: 403, trouble: 'registry.example redirects to registry.example without encryption' });
    });

    it('has a certificate that is not trusted, unless the manager is set up so', async () => {
      const secure = certify('registry.example');
      expect(await failing(says('there'), { secure })).to.include({ status: 502 }).and.have.property('trouble').that.matches(/^the certificate of registry\.example is not trusted on this machine \(/);
      const wrong = certify('other.example');
      expect((await failing(says('there'), { secure: wrong, more: { certificates: async () => [wrong.cert] } })).trouble).to.match(/not trusted/);
      expect(await failing(says('there'), { secure: wrong, more: { insecure: (origin) => origin === 'https://registry.example' } })).to.include({ status: 200, body: 'there' });
    });

    it('asks who this machine is, which it is told and nobody else', async () => {
      const { certificate, issued } = authorityFor('registry.example', 'other.example');
      const secure = { ...issued, ca: certificate };
      const certificates = async () => [certificate];
      const asked: string[] = [];
      const identity = async ({ host }: URL) => (asked.push(host), issued);
      expect(await failing(says('welcome'), { secure, more: { certificates, identity } })).to.include({ status: 200, body: 'welcome' });
      expect(asked).to.deep.equal(['registry.example']);
      const reply = await failing(says('welcome'), { secure, more: { certificates } });
      expect(reply.status).to.equal(502);
      expect(reply.trouble).to.match(/^registry\.example does not accept who this machine is: it asks for a client certificate/);
      const other = await serve(new Map(), { secure, before: says('secret') });
      const away: Answerer = (_, response) => Boolean(response.writeHead(302, { location: 'https://other.example/' }).end());
      const redirected = await failing(away, { secure: issued, more: { certificates, identity }, places: { 'other.example:443': other.port } });
      expect(redirected.trouble).to.match(/^other\.example does not accept who this machine is/);
      await other.close();
    });

    it('sends without end, too large headers, too large pages, or a page that swells', async () => {
      const endless: Answerer = (_, response) => {
        const more = () => void (response.destroyed || response.write(Buffer.alloc(64 * 1024), more));
        more();
        return true;
      };
      const many = await failing(endless, { bounds: { bytes: 1024 * 1024 } });
      expect(many).to.include({ status: 0, trouble: 'the installation fetches more than 1048576 bytes' });
      const headers: Answerer = (_, response) => {
        response.socket?.end(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(50_000)}\r\n`);
        return true;
      };
      expect((await failing(headers)).trouble).to.equal("registry.example can't be reached: the headers of its answer are too large");
      const page = (body: Buffer, more = {}): Answerer => (_, response) => Boolean(response.writeHead(200, { 'content-type': 'text/html', ...more }).end(body));
      expect(await failing(page(Buffer.alloc(300_000)), { bounds: { pageBytes: 100_000 } })).to.include({ status: 502, trouble: 'a page of registry.example is larger than 100000 bytes' });
      expect(await failing(page(gzipSync(Buffer.alloc(300_000)), { 'content-encoding': 'gzip' }), { bounds: { pageBytes: 100_000 } })).to.include({ status: 502, trouble: 'a page of registry.example is larger than 100000 bytes' });
      expect((await failing(page(gzipSync(Buffer.alloc(9_000_000)), { 'content-encoding': 'gzip' }), { bounds: { bytes: 1_000_000 } })).trouble).to.match(/fetches more than/);
      expect((await failing(page(Buffer.from('no gzip'), { 'content-encoding': 'gzip' }))).trouble).to.match(/ended its answer before it was whole/);
    });

    it('is not there, closes at once, answers with garbage, or with JSON that is none', async () => {
      await mirrored(says(''), async ({ base, mirror, registry }) => {
        await registry.close();
        expect(await ask(`${base}/`)).to.include({ status: 502, reason: "CodeBeaker: registry.example can't be reached: it takes no connections" });
        expect(mirror.mirrors.trouble()).to.equal("registry.example can't be reached: it takes no connections");
      });
      expect((await failing(({ socket }) => Boolean(socket.destroy()))).trouble).to.equal("registry.example can't be reached: it closed the connection without an answer");
      expect((await failing(({ socket }) => Boolean(socket.end('garbage\r\n\r\n')))).trouble).to.equal('the answer of registry.example is not valid HTTP');
      expect((await failing((_, response) => Boolean(response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'br' }).end('x')))).trouble).to.equal('registry.example answers in an encoding that was not asked for');
      expect((await failing((_, response) => Boolean(response.writeHead(200, { 'content-type': 'application/vnd.pypi.simple.v1+json' }).end('{')))).trouble).to.equal('a page of registry.example is not what its type says');
    });
  });

  it('lets pages lead to a bounded number of origins', async () => {
    const links = Array.from({ length: 10 }, (_, at) => `<a href="http://h${at}.example/">x</a>`).join('');
    await mirrored((_, response) => Boolean(response.writeHead(200, { 'content-type': 'text/html' }).end(links)), async ({ base }) => {
      expect((await ask(`${base}/`)).body.match(/href/g)).to.have.length(3);
    }, { bounds: { linkedOrigins: 3 } });
  });

  it('lets npm ask about weaknesses, and sends no more than it may', async () => {
    await mirrored(says('{}'), async ({ base, registry }) => {
      const path = `${base}/path/-/npm/v1/security/advisories/bulk`;
      expect(await ask(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":["1"]}' })).to.include({ status: 200, body: '{}' });
      expect(registry.asked[0]).to.include({ method: 'POST', url: '/path/-/npm/v1/security/advisories/bulk' });
      expect(registry.asked[0]?.headers).to.include({ 'content-type': 'application/json', 'content-length': '11' });
      expect((await ask(path, { method: 'POST', body: 'x'.repeat(2000) }).catch(() => undefined))?.status ?? 403).to.equal(403);
      expect(await ask(`${base}/-/npm/v1/security/advisories/bulk`, { method: 'POST', body: '{}' })).to.include({ status: 403 });
      expect(await ask(`${base}/path/-/user/org.couchdb.user:me`, { method: 'PUT', body: '{}' })).to.include({ status: 403 });
      expect(registry.asked).to.have.length(1);
    }, { manager: 'npm', bounds: { uploadBytes: 1000 } });
  });

  it('fetches no faster than a program reads', async () => {
    const chunk = Buffer.alloc(256 * 1024);
    const total = 512;
    let written = 0;
    let blocked: () => void;
    const isBlocked = new Promise<void>((resolve) => (blocked = resolve));
    const answers: Answerer = (_, response) => {
      response.writeHead(200, { 'content-length': chunk.length * total });
      const more = () => {
        while (written < total) {
          written++;
          if (response.write(chunk)) continue;
          // What is not taken within a turn of the loop of all who pass it on is not taken.
          response.once('drain', more);
          const seen = written;
          let turns = 0;
          const look = () => (written !== seen ? undefined : ++turns > 2000 ? blocked() : void setImmediate(look));
          return look();
        }
        response.end();
      };
      more();
      return true;
    };
    await mirrored(answers, async ({ base }) => {
      const reply = await new Promise<IncomingMessage>((resolve, reject) => request(`${base}/`, { agent: false }, resolve).on('error', reject).end());
      await isBlocked;
      expect(written).to.be.below(total / 2);
      let bytes = 0;
      for await (const piece of reply as AsyncIterable<Buffer>) bytes += piece.length;
      expect(bytes).to.equal(chunk.length * total);
    });
  });

  it('takes a bounded number of connections, and ends all of them with the installation', async () => {
    await mirrored(() => true, async ({ base, mirror, registry }) => {
      const port = Number(new URL(base).port);
      const ended = Array.from({ length: 5 }, () => new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n'));
        socket.resume().on('error', () => undefined).on('close', () => resolve());
      }));
      await Promise.race(ended);
      while (registry.asked.length < 3) await new Promise((resolve) => setImmediate(resolve));
      mirror.mirrors.close();
      await Promise.all(ended);
    }, { bounds: { connections: 3 } });
  });

  it('does little in each turn of the event loop, however much a program sends at once', async () => {
    const [mirror] = openMirrors(setOf('pip', ['http://registry.example/path/']), { dial: dialling({}), bounds: defaultBounds, log: silent }).all;
    const programs = Array.from({ length: defaultBounds.connections }, () => {
      const [program, stream] = duplexPair();
      mirror?.accept(stream);
      return program.on('error', () => undefined).resume();
    });
    for (const program of programs) program.write('POST /path/ HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(400));
    let turns = 0;
    const over = () => programs.every(({ readableEnded, destroyed }) => readableEnded || destroyed);
    const answered = Promise.all(programs.map((program) => new Promise((resolve) => program.once('data', resolve))));
    void answered.then(() => programs.map((program) => program.destroy()));
    while (!over()) {
      await new Promise(setImmediate);
      turns++;
    }
    expect(turns).to.be.at.least(programs.length / (2 * PER_TURN));
  });

  it('is told in the words of the worst that went wrong', async () => {
    await mirrored(({ url }, response) => Boolean(response.writeHead(url === '/five' ? 500 : 302, { location: 'http://10.0.0.1/' }).end()), async ({ base, mirror }) => {
      expect(mirror.mirrors.trouble()).to.equal(undefined);
      await ask(`${base}/five`);
      expect(mirror.mirrors.trouble()).to.equal('registry.example failed with status 500');
      await ask(`${base}/out`);
      await ask(`${base}/five`);
      expect(mirror.mirrors.trouble()).to.match(/does not allow this session to reach 10\.0\.0\.1/);
    });
  });

  it('belongs to a registry that the set names, and to no host besides', () => {
    const set = setOf('go', ['https://go.example/a/', 'http://[::1]:8080/'], { sumdb: { name: 'sum.example', url: 'https://sum.example:444/' } });
    expect(namedHosts(set)).to.deep.equal(['go.example:443', '[::1]:8080', 'sum.example:444']);
    expect(openMirrors(set, { dial: dialling({}), bounds: defaultBounds, log: silent }).all.map(({ origin, path }) => [origin, path])).to.deep.equal([['https://go.example/a/', '/a/'], ['http://[::1]:8080/', '/']]);
  });
});
