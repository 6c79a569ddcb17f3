/** The small parts of the bridge to Node. */
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Debugger } from 'node:inspector';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Cdp } from '../../../server/src/debug/node-bridge/cdp.ts';
import { DapStream } from '../../../server/src/debug/node-bridge/dap-stream.ts';
import { frame, FrameReader, MAX_FRAME_BYTES } from '../../../server/src/debug/node-bridge/frames.ts';
import { hitCondition } from '../../../server/src/debug/node-bridge/hit-condition.ts';
import { partsOf } from '../../../server/src/debug/node-bridge/log-message.ts';
import { tellOutput } from '../../../server/src/debug/node-bridge/output.ts';
import { Paths, pathOf } from '../../../server/src/debug/node-bridge/paths.ts';
import { launchOf } from '../../../server/src/debug/node-bridge/program.ts';
import { scriptOf } from '../../../server/src/debug/node-bridge/scripts.ts';
import { clean, cleanName, show } from '../../../server/src/debug/node-bridge/show.ts';
import { SourceMap } from '../../../server/src/debug/node-bridge/source-map.ts';
import { Thread } from '../../../server/src/debug/node-bridge/thread.ts';
import { decode } from '../../../server/src/debug/node-bridge/vlq.ts';

describe('in the bridge to Node', () => {
  it('the numbers of source maps are decoded', () => {
    expect(decode('AAgBC')).to.deep.equal([0, 0, 16, 1]);
    expect(decode('DgggggC')).to.deep.equal([-1, 33554432]);
    for (const damaged of ['!', 'g', 'gggggggggA']) expect(() => decode(damaged), damaged).to.throw(/source map/);
  });

  it('source maps lead both ways', () => {
    const map = new SourceMap(JSON.stringify({ version: 3, sourceRoot: 'src', sources: ['a.ts', 'b.ts'], sourcesContent: [null, 'text'], mappings: 'AAAA;AACA,IAAI;;ACFJ,C' }));
    expect(map.sources).to.deep.equal(['src/a.ts', 'src/b.ts']);
    expect([map.contentOf(0), map.contentOf(1)]).to.deep.equal([undefined, 'text']);
    expect(map.originalOf({ line: 1, column: 5 })).to.include({ source: 0, line: 1, column: 4 });
    expect(map.originalOf({ line: 2, column: 0 })).to.equal(undefined);
    expect(map.originalOf({ line: 3, column: 1 })).to.equal(undefined);
    expect(map.generatedOf(0, { line: 1, column: 0 })).to.deep.equal({ line: 1, column: 0 });
    expect(map.generatedOf(0, { line: 1, column: 2 })).to.deep.equal({ line: 1, column: 4 });
    expect(map.generatedOf(0, { line: 7, column: 0 })).to.equal(undefined);
    expect(() => new SourceMap('{}')).to.throw(/no mappings/);
  });

  it('conditions for numbers of hits are understood', () => {
    const holds = (text: string) => [1, 2, 3, 4].filter((hits) => hitCondition(text)?.(hits));
    expect([holds('3'), holds('== 3'), holds('>=3'), holds('> 3'), holds('<2'), holds('<= 2'), holds('%2')]).to.deep.equal([[3], [3], [3, 4], [4], [1], [1, 2], [2, 4]]);
    for (const text of ['', 'x', '3 3', '=> 3', '-1']) expect(hitCondition(text), text).to.equal(undefined);
  });

  it('messages of log points are taken apart', () => {
    expect(partsOf('a {b} c{ {d: 1}.d }')).to.deep.equal([{ text: 'a ' }, { expression: 'b' }, { text: ' c' }, { expression: ' {d: 1}.d ' }]);
    expect(partsOf('open { brace')).to.deep.equal([{ text: 'open { brace' }]);
  });

  it('messages of the channel arrive whole, however they are cut', () => {
    const all = Buffer.concat(['', 'ä', 'x'.repeat(70_000)].map(frame));
    for (const size of [1, 3, 4096, all.length]) {
      const taken: string[] = [];
      const reader = new FrameReader((text) => taken.push(text));
      for (let at = 0; at < all.length; at += size) reader.push(all.subarray(at, at + size));
      expect(taken.map(({ length }) => length)).to.deep.equal([0, 1, 70_000]);
    }
    const header = Buffer.alloc(4);
    header.writeUInt32BE(MAX_FRAME_BYTES + 1);
    expect(() => new FrameReader(() => undefined).push(header)).to.throw(/too long/);
  });

  it('a client that sends what is no message is left', async () => {
    for (const text of ['Content-Length: 17000000\r\n\r\n', 'x'.repeat(9000), 'Content-Length: 2\r\n\r\n{x', 'Length: 2\r\n\r\n{}']) {
      const input = new PassThrough();
      const taken: unknown[] = [];
      const ended = new Promise<void>((resolve) => new DapStream(input, new PassThrough()).read((request) => taken.push(request), resolve));
      input.write(text);
      await ended;
      expect(taken).to.deep.equal([]);
    }
  });

  it('a client that is slow is waited for by everybody, and by nobody when it has taken all', async () => {
    const output = new PassThrough({ highWaterMark: 10 });
    const stream = new DapStream(new PassThrough(), output);
    await stream.room();
    let taken = 0;
    for (let at = 0; at < 2; at += 1) {
      stream.send({ type: 'event', event: 'x'.repeat(100) });
      const waiting = Promise.all([stream.room(), stream.room()]).then(() => (taken += 1));
      await new Promise(setImmediate);
      expect(taken).to.equal(at);
      output.resume();
      await waiting;
      output.pause();
    }
  });

  it('scripts that a program reads without end are not kept without end', () => {
    const cdp = new Cdp({ send: () => undefined });
    const thread = new Thread({ id: 1, name: 'main', cdp, paths: new Paths(), bind: async () => undefined, paused: () => undefined, resumed: () => undefined });
    const read = (url: string) => (_: unknown, at: number) => cdp.take(JSON.stringify({ method: 'Debugger.scriptParsed', params: { scriptId: `${url}${at}`, url } }));
    Array.from({ length: 30_000 }).forEach(read(''));
    expect(thread.scripts.size).to.equal(10_000);
    expect(thread.scripts.has('29999')).to.equal(true);
    Array.from({ length: 10_500 }).forEach(read('file:///a.js'));
    expect(thread.takeFresh()).to.have.lengthOf(10_000);
    expect(thread.takeFresh()).to.have.lengthOf(0);
  });

  it('what is no file is read as no source map, and nobody waits for it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'node-bridge-'));
    try {
      execFileSync('mkfifo', [join(folder, 'main.js.map')]);
      const script = scriptOf({ scriptId: '1', url: `file://${folder}/main.js`, sourceMapURL: 'main.js.map' } as Debugger.ScriptParsedEventDataType, new Paths(), async () => undefined);
      await script.ready;
      expect(script.mapped).to.equal(undefined);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('the farewell of Node is left out at the very end of what a program prints, and nowhere else', async () => {
    const farewell = 'Waiting for the debugger to disconnect...\n';
    for (const [text, expected] of [[`a\n${farewell}`, 'a\n'], [`${farewell}b`, `${farewell}b`], ['Wait', 'Wait'], [`${farewell}${farewell}`, farewell]]) {
      const stream = new PassThrough();
      let told = '';
      tellOutput(stream, true, (each) => (told += each));
      for (const character of text as string) stream.write(character);
      stream.end();
      await new Promise((resolve) => stream.once('close', resolve));
      expect(told).to.equal(expected);
    }
  });

  it('texts have bounds and do not act', () => {
    expect(clean('a\u001b[31m\u202eb\n\tc')).to.equal('a\\u001b[31m\\u202eb\n\tc');
    expect(clean('x'.repeat(2000))).to.equal(`${'x'.repeat(1000)}…`);
    expect(cleanName('a\nb')).to.equal('a\\nb');
    expect(show({ type: 'string', value: 'xy', fullLength: 5_000_000 })).to.equal('"xy"… (5000000 characters)');
    expect(show({ type: 'function', description: 'async function f(a, b) { return secret; }' })).to.equal('async ƒ f(a, b)');
    expect(show({ type: 'function', description: 'class A extends B { x() {} }' })).to.equal('class A extends B');
  });

  it('paths are those of files only', () => {
    expect(['file:///a%20b.js?v=1#x', '/a/b.ts', 'node:fs', 'https://x/y.js', ''].map(pathOf)).to.deep.equal(['/a b.js', '/a/b.ts', undefined, undefined, undefined]);
  });

  it('arguments of launch are checked', () => {
    expect(launchOf({ program: 'a.js', env: { A: null } })).to.deep.equal({ program: 'a.js', env: { A: null }, stopOnEntry: false });
    for (const wrong of [undefined, {}, { program: '' }, { program: 'a', args: 'b' }, { program: 'a', env: { A: 1 } }, { program: 'a', cwd: 1 }]) {
      expect(() => launchOf(wrong), JSON.stringify(wrong)).to.throw(TypeError);
    }
  });
});
