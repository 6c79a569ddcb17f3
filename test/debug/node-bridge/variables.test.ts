/** Values, expressions and completions, in the bridge from the Debug Adapter Protocol to Node. */
import { expect } from 'chai';
import { bundles, need } from '../../require.ts';
import { debug } from './session.ts';

const values = `class Point { constructor(x) { this.x = x; } get double() { return this.x * 2; } }
const text = 'a\\n\\u0007"b"';
const date = new Date(0), error = new RangeError('too far');
const map = new Map([['a', { n: 1 }]]), set = new Set([1, 2]);
const bytes = new Uint8Array(200).fill(7), big = 2n ** 70n, none = null, minus = -0;
const point = new Point(3);
const lazy = { get now() { globalThis.read = (globalThis.read ?? 0) + 1; return 5; }, 'a-b': 1, 'c\\u0007d\\n': 2 };
const list = Array.from({ length: 1500 }, (_, i) => i);
const self = { name: 'me' }; self.self = self;
const huge = 'x'.repeat(10_000_000);
const many = Object.fromEntries(list.map((i) => ['k' + i, i]));
const proxy = new Proxy({ a: 1 }, { ownKeys() { throw new Error('asked'); } });
let count = 1;
{
  let inner = 'deep'; // here
  const later = inner + text;
  console.log(later.length + count + lazy['a-b'], Object.keys(self).length, point.x); // end
}
`;

describe('values in Node', () => {
  before(need('the build', bundles));

  const here = { breakpoints: { 'main.js': ['// here'] } };

  it('are as an expression has left them that was evaluated between the scopes and the variables', () =>
    debug({ 'main.js': values }, here, async (session) => {
      const stop = await session.stopped();
      const { scopes } = await session.client.get('scopes', { frameId: stop.frames[0].id });
      await session.evaluate('point.x = 77', stop, 'repl');
      const inScopes = await Promise.all(scopes.map(({ variablesReference }: { variablesReference: number }) => session.inside(variablesReference)));
      expect(inScopes.flat().find(({ name }) => name === 'point').value).to.equal('Point {x: 77}');
    }));

  it('are shown usefully, within bounds, and without reading what could act', () =>
    debug({ 'main.js': values }, here, async (session) => {
      const stop = await session.stopped();
      const seen = await session.variables(stop);
      const value = (name: string) => seen[name].value;
      expect(value('inner')).to.equal('undefined');
      expect(seen.later.value).to.be.oneOf(['(has no value yet)', 'undefined']);
      expect(value('text')).to.equal('"a\\n\\u0007\\"b\\""');
      expect([value('big'), value('none'), value('minus'), value('count')]).to.deep.equal(['1180591620717411303424n', 'null', '-0', '1']);
      expect(value('date')).to.contain('1970');
      expect(value('error')).to.match(/^RangeError: too far\n {4}at /);
      expect(value('map')).to.equal('Map(1) {"a" => {n: 1}}');
      expect(value('set')).to.equal('Set(2) {1, 2}');
      expect(value('point')).to.equal('Point {x: 3}');
      expect(value('huge')).to.match(/^"x{1000}"… \(10000000 characters\)$/);
      expect(value('list')).to.match(/^\(1500\) \[0, 1, 2, .*…\]$/);
      expect(seen.list).to.include({ indexedVariables: 1500 });
      expect(seen.bytes).to.include({ indexedVariables: 200 });
      const page = await session.inside(seen.list.variablesReference, { filter: 'indexed', start: 1400, count: 50 });
      expect([page.length, page[0].name, page[49].value]).to.deep.equal([50, '1400', '1449']);
      expect((await session.inside(seen.bytes.variablesReference, { filter: 'indexed', start: 0, count: 2 })).map(({ name, value: each }) => `${name} ${each}`)).to.deep.equal(['0 7', '1 7']);
      expect((await session.inside(seen.list.variablesReference)).length).to.be.within(1000, 1200);
      const some = await session.inside(seen.many.variablesReference);
      expect(some.at(-1)).to.include({ name: '…', value: '500 more' });
      const [, loop] = await session.inside(seen.self.variablesReference);
      expect(loop).to.include({ name: 'self', evaluateName: 'self.self' });
      expect((await session.inside(seen.map.variablesReference)).map(({ name }) => name)).to.include('[[Entries]]');
      expect(await session.inside(seen.proxy.variablesReference)).to.be.an('array');
      const inLazy = await session.inside(seen.lazy.variablesReference);
      expect(inLazy.slice(0, 3).map(({ name }) => name)).to.deep.equal(['now', 'a-b', 'c\\u0007d\\n']);
      expect(inLazy[0].presentationHint).to.deep.equal({ lazy: true });
      expect(inLazy[1].evaluateName).to.equal('lazy["a-b"]');
      expect((await session.evaluate('globalThis.read', stop)).result).to.equal('undefined');
      expect((await session.inside(inLazy[0].variablesReference))[0].value).to.equal('5');
      expect((await session.evaluate('globalThis.read', stop)).result).to.equal('1');
    }));

  it('can be changed', () =>
    debug({ 'main.js': values }, { breakpoints: { 'main.js': ['// end'] } }, async (session) => {
      const stop = await session.stopped();
      const { scopes } = await session.client.get('scopes', { frameId: stop.frames[0].id });
      const seen = await session.variables(stop);
      const local = scopes.find(({ presentationHint }: any) => presentationHint === 'locals').variablesReference;
      expect((await session.client.get('setVariable', { variablesReference: local, name: 'count', value: '20 * 2' })).value).to.equal('40');
      expect((await session.client.get('setVariable', { variablesReference: seen.lazy.variablesReference, name: 'a-b', value: "count + 2" })).value).to.equal('42');
      expect((await session.client.get('setExpression', { expression: 'point.x', value: '[1]', frameId: stop.frames[0].id })).value).to.equal('(1) [1]');
      expect(await session.client.fails('setVariable', { variablesReference: local, name: 'count', value: 'nothing' })).to.equal('ReferenceError: nothing is not defined');
      expect(await session.finish()).to.equal(0);
      expect(session.client.output('stdout')).to.equal('92 2 [ 1 ]\n');
    }));

  const scoped = `globalThis.total = 1;
const fixed = 4;
let free = 5;
function work(n) {
  let total = 10;
  const own = 3;
  {
    let n = 2;
    console.log(total, own, n, fixed, free); // inside
    let later = n;
  }
  console.log(n);
  return total;
}
work(5);
console.log(globalThis.total, typeof nobody, typeof other);
`;

  it('are refused where a constant, or a name that is not there is to be changed, and nothing is', () =>
    debug({ 'main.js': scoped }, { breakpoints: { 'main.js': ['// inside'] } }, async (session) => {
      const { frames } = await session.stopped();
      const { scopes } = await session.client.get('scopes', { frameId: frames[0].id });
      const [block, local, closure, global] = ['Block', 'Local', 'Closure', 'Global'].map((name) => scopes.find((scope: any) => scope.name === name).variablesReference);
      const fails = (variablesReference: number, name: string, value = '77') => session.client.fails('setVariable', { variablesReference, name, value });
      const set = async (variablesReference: number, name: string, value: string) => (await session.client.get('setVariable', { variablesReference, name, value })).value;
      for (const [scope, name] of [[local, 'own'], [closure, 'fixed']]) expect(await fails(scope, name)).to.equal('TypeError: Assignment to constant variable.');
      for (const scope of [block, local, closure, global]) for (const name of ['nobody', 'a b', '']) expect(await fails(scope, name, 'other = 1')).to.equal(`There is no variable "${name}" here.`);
      expect(await fails(local, 'free')).to.equal('There is no variable "free" here.');
      expect(await fails(local, 'this')).to.equal('"this" cannot be changed.');
      const list = (await session.evaluate('[1]', { frames }, 'repl')).variablesReference;
      expect(await fails(list, '[[Prototype]]')).to.equal('There is no variable "[[Prototype]]" here.');
      expect(await session.client.fails('setExpression', { expression: 'nobody', value: '1', frameId: frames[0].id })).to.equal('ReferenceError: nobody is not defined');
      expect(await session.client.fails('setExpression', { expression: 'own', value: '1', frameId: frames[0].id })).to.equal('TypeError: Assignment to constant variable.');
      expect(await set(global, 'total', 'total + 1')).to.equal('11');
      expect(await set(closure, 'free', '6')).to.equal('6');
      expect(await set(block, 'n', '9')).to.equal('9');
      expect(await set(local, 'n', '8')).to.equal('8');
      await session.finish();
      expect(session.client.output('stdout')).to.equal('10 3 9 4 6\n8\n11 undefined undefined\n');
    }));

  it('are computed from expressions', () =>
    debug({ 'main.js': values }, here, async (session) => {
      const stop = await session.stopped();
      const result = async (expression: string, context?: string) => (await session.evaluate(expression, stop, context)).result;
      expect(await result('point.double + list.length')).to.equal('1506');
      expect(await result('{ a: 1 }', 'repl')).to.equal('{a: 1}');
      expect(await result('let made = 1; made + 1', 'repl')).to.equal('2');
      expect(await result('await 1', 'repl')).to.match(/^Promise/);
      expect(await result('huge', 'clipboard')).to.have.lengthOf(100_000);
      expect(await result('map', 'hover')).to.equal('Map(1) {"a" => {n: 1}}');
      expect(await session.client.fails('evaluate', { expression: 'count = 9', context: 'hover', frameId: stop.frames[0].id })).to.match(/side-effect/);
      expect(await session.client.fails('evaluate', { expression: 'throw 5', context: 'repl', frameId: stop.frames[0].id })).to.equal('Uncaught 5');
      const watched = await session.evaluate('point', stop);
      expect((await session.inside(watched.variablesReference))[0]).to.include({ name: 'x', evaluateName: '(point).x' });
    }));

  it('are awaited in the console of a running program', () =>
    debug({ 'main.js': "console.log('up');\nsetInterval(() => {}, 5);\n" }, {}, async (session) => {
      await session.client.event('output');
      const running = { frames: undefined };
      expect((await session.evaluate('await new Promise((done) => setTimeout(done, 1, 7))', running, 'repl')).result).to.equal('7');
      expect((await session.evaluate('const kept = [1]', running, 'repl')).result).to.equal('undefined');
      const kept = await session.evaluate('kept', running, 'repl');
      expect((await session.inside(kept.variablesReference))[0]).to.include({ name: '0', value: '1' });
    }));

  it('have completions', () =>
    debug({ 'main.js': values }, here, async (session) => {
      const stop = await session.stopped();
      const labels = async (text: string) => {
        const { targets } = await session.client.get('completions', { text, column: text.length + 1, frameId: stop.frames[0].id });
        return targets.map(({ label }: any) => label);
      };
      expect(await labels('poi')).to.deep.equal(['point']);
      expect(await labels('1 + point.')).to.include.members(['x', 'double', 'hasOwnProperty']);
      expect(await labels('text.toUpper')).to.deep.equal(['toUpperCase']);
      expect(await labels('missing.a')).to.deep.equal([]);
    }));

  it('are gone when the program has gone on', () =>
    debug({ 'main.js': values }, { breakpoints: { 'main.js': ['// here', '// end'] } }, async (session) => {
      const { frames } = await session.stopped();
      await session.go('continue');
      expect(await session.client.fails('scopes', { frameId: frames[0].id })).to.match(/gone on/);
    }));
});
