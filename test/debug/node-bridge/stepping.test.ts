/** Steps, pauses, the stack and the threads, in the bridge from the Debug Adapter Protocol to Node. */
import { expect } from 'chai';
import { bundles, need } from '../../require.ts';
import { debug } from './session.ts';

const calls = `const { basename } = require('node:path');
function inner(x) {
  return x + 1; // inner
}
function outer() {
  basename('/a/b'); // runtime
  const y = inner(1); // call
  return y; // after
}
outer(); // begin
console.log('end'); // end
`;

describe('steps in Node', () => {
  before(need('the build', bundles));

  it('go over, into and out of functions, and not into those of the runtime', () =>
    debug({ 'main.js': calls }, { breakpoints: { 'main.js': ['// begin'] } }, async (session) => {
      await session.stopped();
      const texts = [];
      for (const command of ['stepIn', 'stepIn', 'stepIn', 'stepOut', 'next'] as const) {
        const { reason, text } = await session.go(command);
        texts.push(`${command} ${reason} ${text.replace(/^.*\/\/ /, '')}`);
      }
      expect(texts).to.deep.equal(['stepIn step runtime', 'stepIn step call', 'stepIn step inner', 'stepOut step after', 'next step end']);
      expect(await session.finish()).to.equal(0);
    }));
});
