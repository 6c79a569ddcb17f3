import { expect } from 'chai';
import { FrameParser, MAX_HEADER_BYTES } from '../../server/src/wire/frames.ts';
import { frame } from './wire.ts';

const MAX_BODY_BYTES = 64 * 1024 * 1024;

type Event = ['body' | 'refused' | 'lost', string];

function parse(...chunks: (string | Buffer)[]): { events: Event[]; parser: FrameParser } {
  const events: Event[] = [];
  const parser = new FrameParser({
    body: (bytes) => events.push(['body', bytes.toString()]),
    refused: (reason) => events.push(['refused', reason]),
    lost: (reason) => events.push(['lost', reason]),
  }, MAX_BODY_BYTES);
  for (const chunk of chunks) parser.push(Buffer.from(chunk));
  return { events, parser };
}

const kinds = (events: Event[]) => events.map(([kind, text]) => (kind === 'body' ? text : kind));
const length = (count: number | string) => `Content-Length: ${count}\r\n`;
const long = 'x'.repeat(MAX_HEADER_BYTES);

const cases: Record<string, [stream: string, expected: string[]]> = {
  'one message': [`${length(2)}\r\nab`, ['ab']],
  'messages back to back': [`${length(2)}\r\nab${length(1)}\r\nc`, ['ab', 'c']],
  'an empty body': [`${length(0)}\r\n${length(1)}\r\nc`, ['', 'c']],
  'any case in names': ['cOnTeNt-LENGTH: 2\r\n\r\nab', ['ab']],
  'no space after the colon': ['Content-Length:2\r\n\r\nab', ['ab']],
  'spaces around the number': ['Content-Length \t:\t 2 \r\n\r\nab', ['ab']],
  'leading zeros': [`${length('0002')}\r\nab`, ['ab']],
  'lone line feeds': ['Content-Length: 2\n\nab', ['ab']],
  'mixed line ends': ['X: y\nContent-Length: 2\r\n\nab', ['ab']],
  'other fields': [`X-Other: 1\r\n${length(2)}Another:\r\n\r\nab`, ['ab']],
  'Content-Type with utf-8': [`Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n${length(2)}\r\nab`, ['ab']],
  'Content-Type with utf8': [`content-type: x; charset=utf8\r\n${length(2)}\r\nab`, ['ab']],
  'charset quoted and in capitals': [`Content-Type: x; a=b; Charset="UTF-8"\r\n${length(2)}\r\nab`, ['ab']],
  'Content-Type without charset': [`Content-Type: application/json\r\n${length(2)}\r\nab`, ['ab']],
  'another charset': [`Content-Type: x; charset=latin1\r\n${length(2)}\r\nab${length(1)}\r\nc`, ['refused', 'c']],
  'another charset, empty body': [`Content-Type: x; charset=utf-16\r\n${length(0)}\r\n${length(1)}\r\nc`, ['refused', 'c']],
  'equal Content-Lengths': [`${length(2)}${length('02')}\r\nab`, ['ab']],
  'conflicting Content-Lengths': [`${length(2)}${length(3)}\r\nabc`, ['lost']],
  'no Content-Length': [`X: y\r\n\r\n${length(1)}\r\nc`, ['lost']],
  'a negative Content-Length': [`${length(-1)}\r\nab`, ['lost']],
  'a signed Content-Length': [`${length('+2')}\r\nab`, ['lost']],
  'a hexadecimal Content-Length': [`${length('0x2')}\r\nab`, ['lost']],
  'an exponent': [`${length('1e1')}\r\nab`, ['lost']],
  'a fraction': [`${length('2.0')}\r\nab`, ['lost']],
  'a list of numbers': [`${length('2, 2')}\r\nab`, ['lost']],
  'an empty Content-Length': [`${length('')}\r\nab`, ['lost']],
  'a Content-Length that is too large for a number': [`${length('9'.repeat(30))}\r\nab`, ['lost']],
  'digits of another script': [`${length('\u0662')}\r\nab`, ['lost']],
  'a message after a lost one': [`${length('x')}\r\n${length(1)}\r\nc`, ['lost']],
  'a line without a colon': [`garbage\r\n${length(2)}\r\nab${length(1)}\r\nc`, ['refused', 'c']],
  'empty lines between messages': [`\r\n\n${length(2)}\r\nab\r\n\r\n${length(1)}\r\nc`, ['ab', 'c']],
  'a body that is too large': [`${length(MAX_BODY_BYTES + 1)}\r\nab`, ['refused']],
  'a long header, length first': [`${length(2)}X: ${long}\r\n\r\nab${length(1)}\r\nc`, ['refused', 'c']],
  'a long header, length last': [`X: ${long}\r\n${length(2)}\r\nab${length(1)}\r\nc`, ['refused', 'c']],
  'a long header of short lines': [`${'X: y\r\n'.repeat(2000)}${length(2)}\r\nab${length(1)}\r\nc`, ['refused', 'c']],
  'a long header without length': [`X: ${long}\r\n\r\n`, ['refused', 'lost']],
  'a Content-Length that is too long to be read': [`Content-Length: ${'0'.repeat(MAX_HEADER_BYTES)}2\r\n\r\nab`, ['refused', 'lost']],
  'a header that never ends': ['y'.repeat(MAX_HEADER_BYTES + 1), ['refused']],
  'the longest header that is allowed': [
    `${length(2)}X: ${'x'.repeat(MAX_HEADER_BYTES - length(2).length - 'X: \r\n\r\n'.length)}\r\n\r\nab`,
    ['ab'],
  ],
  'one byte more': [
    `${length(2)}X: ${'x'.repeat(MAX_HEADER_BYTES - length(2).length - 'X: \r\n\r\n'.length + 1)}\r\n\r\nab`,
    ['refused'],
  ],
};

describe('frames (F-D7)', () => {
  for (const [name, [stream, expected]] of Object.entries(cases)) {
    it(`${name}: ${expected.map((one) => one || 'empty').join(', ')}`, () => {
      expect(kinds(parse(stream).events), 'in one chunk').to.deep.equal(expected);
      expect(kinds(parse(...Buffer.from(stream).toString('latin1').split('').map((one) => Buffer.from(one, 'latin1'))).events), 'byte by byte').to.deep.equal(expected);
    });
  }

  it('copies a body that arrives in many chunks only once', () => {
    const body = Buffer.alloc(300_000, 'abcdefg');
    const stream = frame(body);
    const chunks: Buffer[] = [];
    for (let at = 0; at < stream.length; at += 7) chunks.push(stream.subarray(at, at + 7));
    const { events, parser } = parse(...chunks);
    expect(events).to.deep.equal([['body', body.toString()]]);
    expect([parser.bufferedBytes, parser.missingBytes, parser.inMessage]).to.deep.equal([0, 0, false]);
  });

  it('hands on a body without a copy if it lies in one chunk', () => {
    const stream = frame('hello');
    let seen: Buffer | undefined;
    new FrameParser({ body: (bytes) => void (seen = bytes), refused: expect.fail, lost: expect.fail }, MAX_BODY_BYTES).push(stream);
    expect(seen?.buffer).to.equal(stream.buffer);
  });

  it('skips a body of any size without keeping it', () => {
    const size = MAX_BODY_BYTES * 3;
    const { events, parser } = parse(`${length(size)}\r\n`);
    const chunk = Buffer.alloc(1024 * 1024, '{');
    for (let sent = 0; sent < size; sent += chunk.length) {
      parser.push(chunk);
      expect(parser.bufferedBytes).to.equal(0);
    }
    parser.push(frame('c'));
    expect(kinds(events)).to.deep.equal(['refused', 'c']);
  });

  it('keeps at most the maximum of a header in memory, however long it is', () => {
    const { events, parser } = parse('X: ');
    const chunk = Buffer.alloc(1024 * 1024, 'y');
    for (let turn = 0; turn < 20; turn += 1) {
      parser.push(chunk);
      expect(parser.bufferedBytes).to.equal(MAX_HEADER_BYTES);
    }
    parser.push(Buffer.from(`\r\n${length(2)}\r\nab`));
    parser.push(frame('c'));
    expect(kinds(events)).to.deep.equal(['refused', 'c']);
  });

  it('accepts a body of the maximum size', () => {
    const body = Buffer.alloc(MAX_BODY_BYTES, 'z');
    let bytes = 0;
    const parser = new FrameParser({ body: (whole) => void (bytes = whole.length), refused: expect.fail, lost: expect.fail }, MAX_BODY_BYTES);
    parser.push(Buffer.from(`${length(MAX_BODY_BYTES)}\r\n`));
    for (let at = 0; at < body.length; at += 1024 * 1024) parser.push(body.subarray(at, at + 1024 * 1024));
    expect(bytes).to.equal(MAX_BODY_BYTES);
    expect(parser.bufferedBytes).to.equal(0);
  });

  it('knows that it is inside a message', () => {
    expect(parse('Conte').parser.inMessage).to.equal(true);
    expect(parse(`${length(3)}\r\na`).parser.missingBytes).to.equal(2);
    expect(parse('\r\n').parser.inMessage).to.equal(false);
  });
});
