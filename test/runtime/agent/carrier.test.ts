/** A socket as a carrier: writes that wait, what comes, and its end. */
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Carrier, socketCarrier } from '../../../server/src/runtime/agent/carrier.ts';
import { settled } from './scripted.ts';

describe('a socket as a carrier', () => {
  let folder: string;
  let mine: Socket;
  let theirs: Socket;
  let carrier: Carrier;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'carrier-'));
    const server = createServer();
    server.listen(join(folder, 'socket'));
    await once(server, 'listening');
    const accepted = once(server, 'connection');
    mine = createConnection(join(folder, 'socket'));
    [theirs] = (await accepted) as [Socket];
    theirs.on('error', () => undefined);
    carrier = socketCarrier(mine);
    server.close();
  });
  afterEach(() => {
    mine.destroy();
    theirs.destroy();
    rmSync(folder, { recursive: true });
  });

  it('makes many writers wait while nothing is taken, with one listener, and keeps their order', async () => {
    const quiet = [mine.listenerCount('drain'), mine.listenerCount('close')];
    let resolved = 0;
    const writes = Array.from({ length: 40 }, (_, index) => carrier.write(Buffer.alloc(64 * 1024, index)).then(() => resolved++));
    await settled();
    expect(resolved).to.be.lessThan(40);
    expect([mine.listenerCount('drain'), mine.listenerCount('close')]).to.deep.equal(quiet.map((count) => count + 1));
    const pieces: Buffer[] = [];
    theirs.on('data', (bytes: Buffer) => void pieces.push(bytes));
    await Promise.all(writes);
    await carrier.write(Buffer.from('last'));
    while (pieces.reduce((sum, { length }) => sum + length, 0) < 40 * 64 * 1024 + 4) await once(theirs, 'data');
    const expected = Buffer.concat([...Array.from({ length: 40 }, (_, index) => Buffer.alloc(64 * 1024, index)), Buffer.from('last')]);
    expect(Buffer.concat(pieces).equals(expected)).to.equal(true);
    expect([mine.listenerCount('drain'), mine.listenerCount('close')]).to.deep.equal(quiet);
  });

  it('writes a payload behind its frame, also while the writes before it wait', async () => {
    const pairs = Array.from({ length: 40 }, (_, index) => [Buffer.from([index]), Buffer.alloc(64 * 1024, index)] as const);
    const writes = pairs.map(([frame, payload]) => carrier.write(frame, payload));
    const expected = Buffer.concat(pairs.flat());
    const pieces: Buffer[] = [];
    theirs.on('data', (bytes: Buffer) => void pieces.push(bytes));
    await Promise.all(writes);
    while (pieces.reduce((sum, { length }) => sum + length, 0) < expected.length) await once(theirs, 'data');
    expect(Buffer.concat(pieces).equals(expected)).to.equal(true);
  });

  it('lets no writer wait when it is destroyed, and takes what is written afterwards', async () => {
    const writes = Array.from({ length: 40 }, () => carrier.write(Buffer.alloc(64 * 1024)));
    await settled();
    carrier.destroy();
    await Promise.all(writes);
    await carrier.closed;
    await carrier.write(Buffer.from('too late'));
  });

  it('passes on everything that came before its end', async () => {
    const pieces: Buffer[] = [];
    theirs.end(Buffer.alloc(300_000, 'x'));
    carrier.listen((bytes) => void pieces.push(bytes));
    await carrier.closed;
    expect(Buffer.concat(pieces)).to.have.length(300_000);
  });

  it('is closed where the other end breaks it', async () => {
    carrier.listen(() => undefined);
    theirs.destroy();
    await carrier.closed;
    await carrier.write(Buffer.from('x'));
  });
});
