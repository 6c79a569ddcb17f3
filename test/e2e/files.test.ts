/** Files through the protocol: large ones in pieces, odd names, and the limit of one message. */
import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { dockerImage, need, npmPackage } from '../require.ts';
import { daemonEnvironment, image } from './environment.ts';
import { RawClient } from './raw-client.ts';

const MiB = 1024 * 1024;
const PIECE = 16 * MiB;
const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

const names = ['with space', "it's", '"quoted"', 'new\nline', '-leading-dash', 'ünïcödé-文字-🦫', '$(touch x)', 'a;b&c|d', '*', 'back\\slash'];

function files(runtime: string): void {
  let client: RawClient;
  let sessionId: string;

  before(async () => {
    client = new RawClient({ env: daemonEnvironment() });
    await client.initialize();
    ({ sessionId } = await client.request('session/create', { language: 'javascript', runtime }));
  });
  after(() => client.end());

  it('of 64 MiB are written and read in pieces', async () => {
    const content = randomBytes(64 * MiB);
    for (let at = 0; at < content.length; at += PIECE) {
      const piece = content.subarray(at, at + PIECE);
      const written = await client.request('command/writeFile', {
        sessionId, path: 'large', content: piece.toString('base64'), encoding: 'base64', mode: at === 0 ? 'create' : 'append',
      });
      expect(written.bytes).to.equal(piece.length);
    }
    const pieces: Buffer[] = [];
    for (let offset = 0, eof = false; !eof; offset += PIECE) {
      const read = await client.request('command/readFile', { sessionId, path: 'large', offset, length: PIECE, encoding: 'base64' });
      expect(read.size).to.equal(content.length);
      pieces.push(Buffer.from(read.content, 'base64'));
      eof = read.eof;
    }
    expect(hash(Buffer.concat(pieces))).to.equal(hash(content));
  });

  it('that are too large for one message are refused, and the error says what to do', async () => {
    const { error } = await client.call('command/readFile', { sessionId, path: 'large' });
    expect(error).to.deep.include({ code: 1024 });
    expect(error?.message).to.match(/offset and length/);
    const write = await client.call('command/writeFile', { sessionId, path: 'more', content: 'x'.repeat(32 * MiB + 1) });
    expect(write.error).to.deep.include({ code: 1024 });
    expect(write.error?.message).to.match(/append/);
    await client.request('command/deleteFile', { sessionId, path: 'large' });
  });

  for (const name of names) {
    it(`named ${JSON.stringify(name)} are written, listed, read, copied and deleted`, async () => {
      const path = `names/${name}`;
      await client.request('command/writeFile', { sessionId, path, content: name });
      const { entries } = await client.request('command/listDirectory', { sessionId, path: 'names' });
      expect(entries).to.have.length(1);
      expect(entries[0]).to.include({ name, type: 'file', size: Buffer.byteLength(name) });
      expect(await client.request('command/readFile', { sessionId, path: entries[0].path })).to.include({ content: name, encoding: 'utf-8', eof: true });
      await client.request('command/copyFile', { sessionId, source: path, destination: `${path}2` });
      expect((await client.request('command/readFile', { sessionId, path: `${path}2` })).content).to.equal(name);
      expect(await client.request('command/deleteFile', { sessionId, path: 'names', recursive: true })).to.include({ deleted: true });
    });
  }
}

describe('files through the protocol', () => {
  describe('on Docker', () => {
    before(need('docker', dockerImage(image)));
    files('docker');
  });

  describe('on Deno', () => {
    before(need('deno', npmPackage('deno')));
    files('deno');
  });
});
