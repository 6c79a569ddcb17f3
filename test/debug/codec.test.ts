/** The stream of an adapter: messages come out whole and in order, and whatever is no message ends it. */
import { expect } from 'chai';
import fc from 'fast-check';
import { DapReader, framed } from '../../server/src/debug/codec.ts';
import type { DapMessage } from '../../server/src/debug/dap.ts';
import { frame } from '../wire/wire.ts';

const event: DapMessage = { seq: 1, type: 'event', event: 'output', body: { output: 'ä\u0000\n' } };

/** What a reader makes of the bytes, cut into pieces of these sizes. */
function read(bytes: Buffer, sizes: readonly number[] = []) {
  const reader = new DapReader();
  const messages: DapMessage[] = [];
  let at = 0;
  for (const size of [...sizes, bytes.length]) {
    messages.push(...reader.push(bytes.subarray(at, at + size)));
    at += size;
  }
  return { messages, fault: reader.fault, kept: reader.bufferedBytes };
}

describe('the stream of a debug adapter', () => {
  it('is the same messages however it is cut', () => {
    const message = fc.record({ seq: fc.nat(), event: fc.string({ minLength: 1, maxLength: 20 }), body: fc.dictionary(fc.string(), fc.jsonValue()) });
    fc.assert(fc.property(fc.array(message, { maxLength: 5 }), fc.array(fc.nat(50)), (all, sizes) => {
      const sent = all.map(({ seq, event, body }) => ({ seq, type: 'event' as const, event, body: JSON.parse(JSON.stringify(body)) as Record<string, unknown> }));
      const { messages, fault } = read(Buffer.concat(sent.map(framed)), sizes);
      expect(fault).to.equal(undefined);
      expect(messages).to.deep.equal(sent);
    }));
  });

  const hostile: Record<string, Buffer> = {
    'a body of 1 GiB': Buffer.from(`Content-Length: ${2 ** 30}\r\n\r\n{"seq":1`),
    'a length beyond all numbers': Buffer.from(`Content-Length: ${'9'.repeat(400)}\r\n\r\n`),
    'a negative length': Buffer.from('Content-Length: -1\r\n\r\n'),
    'two lengths': Buffer.from('Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}'),
    'a header without an end': Buffer.from(`X: ${'y'.repeat(100_000)}`),
    'no length': Buffer.from('X: y\r\n\r\n'),
    'no JSON': frame('{"seq":'),
    'a list': frame('[]'),
    'a text': frame('"x"'),
    'null': frame('null'),
    'no number': frame({ type: 'event', event: 'x' }),
    'a number that is none': frame({ seq: '1', type: 'event', event: 'x' }),
    'another type': frame({ seq: 1, type: 'notice', event: 'x' }),
    'a response to nothing': frame({ seq: 1, type: 'response', success: true, command: 'x' }),
    'an event without a name': frame({ seq: 1, type: 'event' }),
    'more values than a message has': frame(`{"seq":1,"type":"event","event":"x","body":{"a":[${'[],'.repeat(1_000_000)}0]}}`),
    'more members than a message has': frame(`{"seq":1,"type":"event","event":"x","body":{${Array.from({ length: 300_000 }, (_, at) => `"${at}":0`).join()}}}`),
    'a name without end': frame({ seq: 1, type: 'event', event: 'x'.repeat(1000) }),
  };
  for (const [what, bytes] of Object.entries(hostile)) {
    it(`ends with ${what}, and what came before counts`, () => {
      const { messages, fault, kept } = read(Buffer.concat([framed(event), bytes, framed(event)]));
      expect(messages).to.deep.equal([event]);
      expect(fault).to.be.a('string');
      expect(kept).to.be.lessThan(20_000);
    });
  }

  it('takes a text of any signs for one value', () => {
    const said = { seq: 1, type: 'event', event: 'x', body: { text: '[{,"\\'.repeat(300_000), last: '\\' } } as const;
    expect(read(framed(said))).to.deep.equal({ messages: [said], fault: undefined, kept: 0 });
  });

  it('keeps nothing of what comes after a fault', () => {
    const reader = new DapReader();
    reader.push(Buffer.from('X: y\r\n\r\n'));
    for (let at = 0; at < 100; at++) reader.push(Buffer.alloc(1024 * 1024));
    expect(reader.bufferedBytes).to.be.lessThan(20_000);
  });

  it('leaves out what is no member of a message', () => {
    expect(read(frame({ seq: 1, type: 'event', event: 'x', body: [1], command: 'y', method: 'shutdown' })).messages).to.deep.equal([{ seq: 1, type: 'event', event: 'x' }]);
  });
});
