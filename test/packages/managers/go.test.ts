/** go, as it is on this machine, installs from proxies that the tests serve, through mirrors. */
import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { go } from '../../../server/src/packages/managers/go.ts';
import { need, program } from '../../require.ts';
import { dialling, gather, install, type Listening, setOf, through, type Wanted } from '../indexes/install.ts';
import { goProxy } from '../indexes/modules.ts';
import { type Answerer, serve, type Served } from '../indexes/serve.ts';

const one = { path: 'example.com/one', version: 'v1.0.0', requires: { 'example.com/two': 'v1.1.0' }, files: { 'one.go': 'package one\n\nimport "example.com/two"\n\nfunc Answer() int { return two.Answer() + 1 }\n' } };
const two = { path: 'example.com/two', version: 'v1.1.0' };
const off = { variables: { GOSUMDB: 'off', GONOSUMDB: '', GONOPROXY: '' } };
const main = 'package main\n\nimport "example.com/one"\n\nfunc main() { println(one.Answer()) }\n';

describe('go installs', function () {
  before(need('go', program('go')));

  async function withProxy<T>(use: (mirror: Listening, proxy: Served) => Promise<T>, before: Answerer = () => false, more: Parameters<typeof setOf>[2] = off): Promise<T> {
    const proxy = await serve(new Map([...goProxy([one, two, { ...two, version: 'v1.2.0' }])].map(([path, file]) => [`/proxy${path}`, file])), { before });
    try {
      return await through(setOf('go', ['http://go.example/proxy/'], more), dialling({ 'go.example:80': proxy.port }), (mirror) => use(mirror, proxy));
    } finally {
      await proxy.close();
    }
  }

  const failing = (wanted: Wanted, before?: Answerer, more?: Parameters<typeof setOf>[2]) =>
    withProxy((mirror) =>
      install(go, wanted, mirror, async ({ code, output }) => {
        expect(code, output).not.to.equal(0);
        return { output, meaning: go.explain(output, undefined), trouble: mirror.mirrors.trouble() };
      }), before, more);

  it('modules by name, which a program without go.mod then imports', async () => {
    await withProxy((mirror) =>
      install(go, { names: ['example.com/one@v1.0.0', 'example.com/two@latest'] }, mirror, async ({ code, output, installed, home, run }) => {
        expect(code, output).to.equal(0);
        expect(installed).to.deep.equal([{ name: 'example.com/one', version: 'v1.0.0' }, { name: 'example.com/two', version: 'v1.2.0' }]);
        const cache = `${home}/../go-build`;
        const made = await run(['sh', '-c', `cp ${home}/go.mod ${home}/go.sum . && printf '%s' '${main}' >main.go && go run .`], { env: { GOCACHE: cache } });
        expect(made.output).to.match(/^43$/m);
      }),
    );
  });

  it('what go.mod asks for, with and without go.sum', async () => {
    const manifest = 'module mine\n\ngo 1.17\n\nrequire example.com/one v1.0.0\n';
    await withProxy(async (mirror) => {
      await install(go, { files: { 'go.mod': manifest } }, mirror, async ({ code, output, installed, home, run }) => {
        expect(code, output).to.equal(0);
        expect(installed).to.deep.equal([{ name: 'example.com/one', version: 'v1.0.0' }, { name: 'example.com/two', version: 'v1.1.0' }]);
        const made = await run(['sh', '-c', `rm -f go.sum && printf '%s' '${main}' >main.go && go run .`], { env: { GOCACHE: `${home}/../go-build` } });
        expect(made.output).to.match(/^43$/m);
      });
      const wrong = 'example.com/one v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n';
      await install(go, { files: { 'go.mod': manifest, 'go.sum': wrong } }, mirror, async ({ code, output }) => {
        expect(code).not.to.equal(0);
        expect(go.explain(output, undefined)).to.match(/does not have the checksum that was expected/);
      });
    });
  });

  it('from a second proxy what the first does not have, with what stands between them', async () => {
    const second = await serve(goProxy([{ path: 'example.org/three', version: 'v1.3.0' }]));
    await withProxy(async (_, proxy) => {
      const set = setOf('go', ['http://go.example/proxy/', { scope: '|', url: 'http://second.example/' }], off);
      await through(set, dialling({ 'go.example:80': proxy.port, 'second.example:80': second.port }), (mirror) =>
        install(go, { names: ['example.org/three'] }, mirror, async ({ code, output, installed }) => {
          expect(code, output).to.equal(0);
          expect(installed).to.deep.equal([{ name: 'example.org/three', version: 'v1.3.0' }]);
        }),
      );
    });
    await second.close();
  });

  it('nothing, and says why, where no proxy has it, or fails', async () => {
    expect((await failing({ names: ['example.com/unknown'] })).meaning).to.equal('No proxy has the module example.com/unknown, or this version of it.');
    expect((await failing({ names: ['example.com/two@v9.0.0'] })).meaning).to.match(/^No proxy has (?:the module )?example\.com\/two/);
    const broken: Answerer = (_, response) => Boolean(response.writeHead(500).end());
    expect((await failing({ names: ['example.com/two'] }, broken)).trouble).to.equal('go.example failed with status 500');
  });

  it('only what the checksum database knows, also where the proxy does not pass it on', async () => {
    const database = await serve(new Map(), { before: (_, response) => Boolean(response.writeHead(500).end('broken database')) });
    const bytes = Buffer.concat([Buffer.from([1]), randomBytes(32)]);
    const key = `sum.example+${createHash('sha256').update('sum.example\n').update(bytes).digest('hex').slice(0, 8)}+${bytes.toString('base64')}`;
    for (const passing of [false, true]) {
      database.asked.splice(0);
      const answers: Answerer = ({ url }, response) => {
        if (!url?.startsWith('/proxy/sumdb/')) return false;
        response.writeHead(passing ? (url.endsWith('/supported') ? 200 : 502) : 404).end();
        return true;
      };
      await withProxy(async (_, proxy) => {
        const set = setOf('go', ['http://go.example/proxy/'], { sumdb: { name: 'sum.example', url: 'http://sum.example/' }, variables: { GOSUMDB: key, GONOSUMDB: '', GONOPROXY: '' } });
        await through(set, dialling({ 'go.example:80': proxy.port, 'sum.example:80': database.port }), (mirror) =>
          install(go, { names: ['example.com/two@v1.1.0'] }, mirror, async ({ code, output }) => expect(code, output).not.to.equal(0)),
        );
        expect(database.asked.some(({ url }) => url.startsWith('/lookup/example.com/two@v1.1.0') || url === '/latest')).to.equal(!passing);
        expect(proxy.asked.some(({ url }) => url.startsWith('/proxy/sumdb/sum.example/lookup/') || url.endsWith('/latest'))).to.equal(passing);
      }, answers);
    }
    await database.close();
  });
});

describe('go takes', () => {
  it('paths of modules with versions, and nothing else (F-F5)', () => {
    for (const name of ['example.com/one', 'github.com/a/b/v2@v2.1.0', 'rsc.io/quote@latest', 'golang.org/x/text@v0.3.0-20200101000000-abcdef123456', 'a.b/c@v1+incompatible']) expect(() => go.checkNames([name]), name).not.to.throw();
    for (const name of ['', 'fmt', '-x', './a', '/a', '../a', 'a.b/../c', 'https://a.b/c', 'a.b/c@', 'a.b/c@none', 'a.b/c@v1@v2', 'a.b/c d', 'a.b/...', 'a.b//c', 'a.b/c@>v1', 'a.b/c\n']) {
      expect(() => go.checkNames([name]), JSON.stringify(name)).to.throw().with.property('kind', 'InvalidParams');
    }
  });

  it('go.mod that only names what proxies have', async () => {
    const fault = (text: string, more: Record<string, string> = {}) => gather(go, { 'go.mod': text, ...more }).then(() => undefined, (error: Error) => error.message);
    expect(await fault('module a\nrequire b.c/d v1.0.0\nreplace b.c/d => e.f/g v1.2.3\n')).to.equal(undefined);
    expect(await fault('module a\nreplace b.c/d => ../d\n')).to.match(/^manifest: go\.mod replaces a module with the folder \.\.\/d/);
    expect(await fault('module a\nreplace (\n\tb.c/d v1.0.0 => ./d // why\n)\n')).to.match(/with the folder \.\/d/);
    expect(await fault('module a\n', { 'go.work': 'use .' })).to.match(/go\.work joins folders/);
  });
});
