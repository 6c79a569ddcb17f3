/** Links in what registries answer lead to the mirror afterwards. */
import { expect } from 'chai';
import fc from 'fast-check';
import { linker, rewriteHtml, rewriteJson, Tarballs } from '../../../server/src/packages/registries/links.ts';

const at = new URL('https://pip.example/simple/one/');
const newLinker = (max = 10) => linker('https://pip.example', new Set(), max);

describe('links', () => {
  const html = (page: string) => rewriteHtml(page, at, newLinker());

  it('in a page lead to the same origin, or to others through the mirror', () => {
    const cases: Record<string, string> = {
      '<a href="../../files/a.whl#sha256=1">a</a>': '<a href="/files/a.whl#sha256=1">a</a>',
      "<A HREF='https://files.example/a.whl#x' data-requires-python='&gt;=3'>a</A>": "<A href=\"/-/origin/https/files.example/443/a.whl#x\" data-requires-python='&gt;=3'>a</A>",
      '<a rel=x href=https://files.example:8443/a?b=1&amp;c=2>a</a>': '<a rel=x href="/-/origin/https/files.example/8443/a?b=1&amp;c=2">a</a>',
      '<a data-href="https://evil.example/" href="a.whl">': '<a data-href="https://evil.example/" href="/simple/one/a.whl">',
      '<a href="http://pip.example/old.whl">': '<a href="/old.whl">',
      '<a href="//other.example/a">': '<a href="/-/origin/https/other.example/443/a">',
      '<a href="http&#58;//&#x6f;ther.example/a">': '<a href="/-/origin/http/other.example/80/a">',
      '<a href="  a.whl\n">': '<a href="/simple/one/a.whl">',
      '<a href="file:///etc/passwd">x</a>': '<a >x</a>',
      '<a href="https://me:word@files.example/a">x</a>': '<a >x</a>',
      '<a href="javascript:alert(1)" title="a > b">x</a>': '<a  title="a > b">x</a>',
      '<base href="https://files.example/deep/"><a href="a.whl">': '<a href="/-/origin/https/files.example/443/deep/a.whl">',
      '<abbr href="https://x.example/">': '<abbr href="https://x.example/">',
      '<a name=x>': '<a name=x>',
    };
    for (const [page, wanted] of Object.entries(cases)) expect(html(page), page).to.equal(wanted);
  });

  it('in a page of JSON too, and everything else stays', () => {
    const page = { meta: { 'api-version': '1.1' }, name: 'one', files: [{ filename: 'a', url: '../a', hashes: {} }, { filename: 'b', url: 'https://files.example/b' }, { filename: 'c', url: 'data:x' }, 3], versions: ['1'] };
    expect(JSON.parse(rewriteJson(JSON.stringify(page), at, newLinker()))).to.deep.equal({
      ...page, files: [{ filename: 'a', url: '/simple/a', hashes: {} }, { filename: 'b', url: '/-/origin/https/files.example/443/b' }],
    });
    expect(rewriteJson('{"projects":[]}', at, newLinker())).to.equal('{"projects":[]}');
  });

  it('in a page take time in proportion to its length', () => {
    const long = 200_000;
    for (const part of ['<a ', '<a href="', "<a href='x", '<a x="', '<', '<a href=x>', '&#', '<a\n']) expect(html(part.repeat(long / part.length))).to.be.a('string');
  });

  it('to tarballs are rewritten while they pass, wherever the stream is cut', async () => {
    const packument = JSON.stringify({
      name: 'öne', readme: 'see "tarball":"https://no.example/a.tgz" \\ ', versions: {
        1: { dist: { tarball: 'https://npm.example/one/-/one-1.tgz' } }, 2: { dist: { tarball: 'http://npm.example/one-2.tgz' } },
        3: { dist: { tarball: 'https://files.example:8443/x/three.tgz?a=b' } }, 4: { dist: { tarball: 'file:///etc/passwd' } },
      },
    }).replace('https://npm.example/one/-/', 'https:\\/\\/npm.example\\/one\\/-\\/');
    await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: packument.length }), { maxLength: 8 }), fc.nat(3000), async (cuts, padding) => {
      const bytes = Buffer.from(packument.replace('see', `see${' '.repeat(padding)}`));
      const stream = new Tarballs('http://127.0.0.1:4000', linker('https://npm.example', new Set(), 10));
      const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      for (const [index, from] of places.entries()) stream.write(bytes.subarray(from, places[index + 1] ?? bytes.length));
      stream.end();
      const pieces: Buffer[] = [];
      for await (const piece of stream as AsyncIterable<Buffer>) pieces.push(piece);
      const read = JSON.parse(Buffer.concat(pieces).toString()) as { name: string; readme: string; versions: Record<string, { dist: { tarball: string } }> };
      expect(read.name).to.equal('öne');
      expect(read.readme).to.contain('"tarball":"https://no.example/a.tgz"');
      expect(Object.values(read.versions).map(({ dist }) => dist.tarball)).to.deep.equal([
        'http://127.0.0.1:4000/one/-/one-1.tgz', 'http://127.0.0.1:4000/one-2.tgz', 'http://127.0.0.1:4000/-/origin/https/files.example/8443/x/three.tgz?a=b', 'file:///etc/passwd',
      ]);
    }), { seed: 5, numRuns: 200 });
  });
});
