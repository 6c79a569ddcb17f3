/** Breakpoints of every kind, in the bridge from the Debug Adapter Protocol to Node. */
import { expect } from 'chai';
import { bundles, need } from '../../require.ts';
import { debug } from './session.ts';

const loop = `let sum = 0;
for (let i = 1; i <= 6; i += 1) {
  sum += i; // add
}
console.log(sum); // end
`;

describe('breakpoints in Node', () => {
  before(need('the build', bundles));

  it('are verified at once in the main file, and stop the program at each of them', () =>
    debug({ 'main.js': loop }, { breakpoints: { 'main.js': ['let sum', '// end'] } }, async (session) => {
      const { breakpoints } = session;
      expect(breakpoints['main.js']).to.deep.include({ id: 1, verified: true, line: 1, column: 11, source: { name: 'main.js', path: session.path('main.js') } });
      const first = await session.stopped();
      expect([first.reason, first.text, first.body.hitBreakpointIds]).to.deep.equal(['breakpoint', 'let sum = 0;', [1]]);
      expect((await session.go('continue')).text).to.equal('console.log(sum); // end');
      expect(await session.finish()).to.equal(0);
      expect(session.client.output('stdout')).to.equal('21\n');
    }));

  it('stop where their condition holds, and after a number of hits', () =>
    debug({ 'main.js': loop }, { breakpoints: { 'main.js': [{ at: '// add', condition: 'i % 3 === 0' }] } }, async (session) => {
      expect((await session.variables(await session.stopped())).i.value).to.equal('3');
      await session.setBreakpoints('main.js', [{ at: '// add', hitCondition: '>= 2' }]);
      expect((await session.variables(await session.go('continue'))).i.value).to.equal('5');
      await session.setBreakpoints('main.js', []);
      expect(await session.finish()).to.equal(0);
    }));

  it('are refused where their condition is none', () =>
    debug({ 'main.js': loop }, { breakpoints: { 'main.js': [{ at: '// add', condition: 'i ===' }, { at: '// end', hitCondition: 'often' }] } }, async (session) => {
      const [condition, hits] = session.breakpoints['main.js'] ?? [];
      expect(condition).to.include({ verified: false, reason: 'failed' });
      expect(condition.message).to.match(/^SyntaxError/);
      expect(hits).to.include({ verified: false, message: '"often" is no condition for a number of hits.' });
      expect(await session.ended()).to.equal(0);
    }));

  it('can say something instead of stopping', () =>
    debug({ 'main.js': loop }, { breakpoints: { 'main.js': [{ at: '// add', logMessage: 'i is {i}, {{ i }.i * 2} and {missing}', condition: 'i > 4' }] } }, async (session) => {
      expect(await session.ended()).to.equal(0);
      expect(session.client.output('console')).to.equal('i is 5, 10 and ReferenceError: missing is not defined\ni is 6, 12 and ReferenceError: missing is not defined\n');
      expect(session.client.output('stdout')).to.equal('21\n');
    }));

  it('stop a step over a call inside which something is said where the step ends', () => {
    const main = 'function f(x) {\n  x += 1; // log\n  return x; // back\n}\nf(1); // call\nf(2); // next\n';
    return debug({ 'main.js': main }, { breakpoints: { 'main.js': ['// call', { at: '// log', logMessage: 'x' }] } }, async (session) => {
      await session.stopped();
      const { reason, text } = await session.go('next');
      expect([reason, text]).to.deep.equal(['step', 'f(2); // next']);
      expect(session.client.output('console')).to.equal('x\n');
    });
  });

  it('are set in files before their first statement runs, whichever way they are loaded', () => {
    const files = {
      'main.js': "const a = require('./a.js');\nimport('./b.mjs').then(() => console.log('end'));\n",
      'a.js': 'module.exports = 1; // a\n',
      'b.mjs': "import './c.mjs';\nexport const b = 2; // b\n",
      'c.mjs': 'globalThis.c = 3; // c\n',
    };
    return debug(files, { breakpoints: { 'a.js': ['// a'], 'b.mjs': ['// b'], 'c.mjs': ['// c'] } }, async (session) => {
      expect(session.breakpoints['a.js']?.[0]).to.include({ verified: false, reason: 'pending', line: 1 });
      expect((await session.stopped()).text).to.equal('module.exports = 1; // a');
      expect(session.client.events.find(({ event }) => event === 'breakpoint')?.body.breakpoint).to.include({ id: 1, verified: true, line: 1 });
      expect((await session.go('continue')).text).to.equal('globalThis.c = 3; // c');
      expect((await session.go('continue')).text).to.equal('export const b = 2; // b');
      expect(await session.finish()).to.equal(0);
    });
  });

  it('are set in what a module imports before it runs', () => {
    const files = { 'main.mjs': "import { b } from './b.mjs';\nconsole.log(b); // main\n", 'b.mjs': 'export const b = 2; // b\n' };
    return debug(files, { main: 'main.mjs', breakpoints: { 'main.mjs': ['// main'], 'b.mjs': ['// b'] } }, async (session) => {
      expect([...(session.breakpoints['main.mjs'] ?? []), ...(session.breakpoints['b.mjs'] ?? [])].map(({ verified }) => verified)).to.deep.equal([true, true]);
      expect((await session.stopped()).text).to.equal('export const b = 2; // b');
      expect((await session.go('continue')).text).to.equal('console.log(b); // main');
    });
  });

  it('stop in functions that are named', () => {
    const main = 'const text = 1;\nclass Box { open() { return 1; } } // open\nfunction f() {\n  return 2; // f\n}\nf();\nnew Box().open();\n';
    return debug({ 'main.js': main }, { functions: [{ name: 'f' }, { name: 'g(' }] }, async (session) => {
      expect(session.breakpoints['']?.map((each: any) => each.reason)).to.deep.equal(['pending', 'failed']);
      const { reason, text } = await session.stopped();
      expect([reason, text]).to.deep.equal(['function breakpoint', 'return 2; // f']);
      await session.client.get('setFunctionBreakpoints', { breakpoints: [{ name: 'Box.prototype.open' }] });
      expect((await session.go('continue')).text).to.contain('// open');
    });
  });

  const throwing = "try { throw new TypeError('caught'); } catch {} // caught\nthrow new RangeError('not\\ncaught'); // uncaught\n";

  it('stop on what is thrown and not caught, and tell what it is', () =>
    debug({ 'main.js': throwing }, { exceptions: ['uncaught'] }, async (session) => {
      const { reason, text, body } = await session.stopped();
      expect([reason, text, body.text]).to.deep.equal(['exception', "throw new RangeError('not\\ncaught'); // uncaught", 'RangeError: not']);
      const info = await session.client.get('exceptionInfo', { threadId: 1 });
      expect(info).to.deep.include({ exceptionId: 'RangeError', description: 'RangeError: not\ncaught', breakMode: 'unhandled' });
      expect(info.details.stackTrace).to.contain('main.js:2:7');
      expect(await session.finish()).to.equal(1);
      expect(session.client.output('stderr')).to.contain('RangeError: not').and.not.to.contain('debugger');
    }));

  it('stop on what is thrown and caught', () =>
    debug({ 'main.js': throwing }, { exceptions: ['all'] }, async (session) => {
      expect((await session.stopped()).text).to.contain('// caught');
      expect((await session.client.get('exceptionInfo', { threadId: 1 })).breakMode).to.equal('always');
      expect((await session.go('continue')).text).to.contain('// uncaught');
    }));

  it('can be at these places of a line', () =>
    debug({ 'main.js': 'const f = (x) => x + 1; f(1); f(2);\n' }, { launch: { stopOnEntry: true } }, async (session) => {
      expect((await session.stopped()).reason).to.equal('entry');
      const { breakpoints } = await session.client.get('breakpointLocations', { source: { path: session.path('main.js') }, line: 1 });
      expect(breakpoints.map(({ column }: any) => column)).to.include.members([20, 25, 31]);
      await session.client.get('setBreakpoints', { source: { path: session.path('main.js') }, breakpoints: [{ line: 1, column: 31 }] });
      expect((await session.go('continue')).frames[0]).to.include({ line: 1, column: 31 });
    }));

  it('stop at a debugger statement', () =>
    debug({ 'main.js': 'let a = 1;\ndebugger; // here\n' }, {}, async (session) => {
      const { reason, text } = await session.stopped();
      expect([reason, text]).to.deep.equal(['breakpoint', 'debugger; // here']);
    }));
});
