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

  it('have a stack that is told in pages, with what was called asynchronously, and sources that are no files', () => {
    const main = "const { EventEmitter } = require('node:events');\nasync function waits(n) {\n  await null;\n  return deep(n);\n}\nfunction deep(n) {\n  if (n > 0) return deep(n - 1);\n  return eval('debugger; n');\n}\nnew EventEmitter().on('go', () => waits(30)).emit('go');\n";
    return debug({ 'main.js': main }, {}, async (session) => {
      const { frames } = await session.stopped();
      const { totalFrames, stackFrames } = await session.client.get('stackTrace', { threadId: 1, startFrame: 1, levels: 2 });
      expect([totalFrames, stackFrames.map(({ name }: any) => name)]).to.deep.equal([frames.length, ['deep', 'deep']]);
      expect(frames.find(({ presentationHint }) => presentationHint === 'label')?.name).to.match(/await|async/);
      const [{ source }] = frames;
      expect((await session.client.get('source', { source, sourceReference: source.sourceReference })).content).to.equal('debugger; n');
      const { sources } = await session.client.get('loadedSources');
      const events = sources.find(({ name }: any) => name === 'node:events');
      expect(events).to.include({ presentationHint: 'deemphasize' });
      expect((await session.client.get('source', { sourceReference: events.sourceReference })).content).to.contain('EventEmitter');
      expect(await session.client.fails('source', { sourceReference: 9999 })).to.equal('There is no source 9999.');
    });
  });

  it('count lines and columns as the client does', () =>
    debug({ 'main.js': 'let a = 1;\n  debugger;\n' }, { initialize: { linesStartAt1: false, columnsStartAt1: false } }, async (session) => {
      const { frames } = await session.stopped();
      expect(frames[0]).to.include({ line: 1, column: 2 });
    }));
});
