/** Whatever a client sends, the connection goes on, or it ends with code 1 and logs the reason (F-D5 to F-D8). */
import { expect } from 'chai';
import fc from 'fast-check';
import { defaultSizes } from '../../server/src/policy/sizes.ts';
import { MAX_HEADER_BYTES } from '../../server/src/wire/frames.ts';
import { timesFor } from '../fuzz/while.ts';
import { expectEmpty, TestServer, untilAborted } from './server.ts';
import { chunks } from './random-streams.ts';
import { frame, request } from './wire.ts';

const SEED = 20_231_105;
const STREAMS = timesFor(1000);
/** If at most this much of a body is missing at the end, the test sends it; if more is missing, the input ends there. */
const FILLER_BYTES = 1024 * 1024;
const TURNS = 500;

const handlers = {
  'session/create': () => ({}),
  'session/list': untilAborted,
  'command/executeShell': untilAborted,
  'command/input': () => undefined,
  'command/ack': () => undefined,
};

type End = 'answered' | 'ended';

/** Waits for iterations of the event loop and not for time; if it takes too many, something hangs. */
async function settle(server: TestServer, probe: string): Promise<End | undefined> {
  let end: End | undefined;
  void server.connection.done.then(() => (end ??= 'ended'));
  for (let turn = 0; turn < TURNS && !end; turn += 1) {
    await new Promise<void>((resolve) => void setImmediate(resolve));
    if (server.wire.received.some(({ id }) => id === probe)) end ??= 'answered';
  }
  return end;
}

/** Completes the current message, so that another one may follow, or ends the stream if too much of it is missing. */
async function complete({ wire, connection, transport }: TestServer): Promise<void> {
  const { inbound } = connection.guard;
  for (let turn = 0; turn < 4 && transport.partial.inMessage && !inbound.lost; turn += 1) {
    const { missingBytes } = transport.partial;
    if (missingBytes > FILLER_BYTES) wire.input.end();
    else wire.raw(missingBytes > 0 ? Buffer.alloc(missingBytes, ' ') : '\r\n\r\n');
    await new Promise<void>((resolve) => void setImmediate(resolve));
    if (missingBytes > FILLER_BYTES) return;
  }
}

async function check(stream: readonly Buffer[], initialized: boolean): Promise<End> {
  const server = new TestServer({ handlers });
  const { transport } = server;
  if (initialized) await server.initialize();
  for (const chunk of stream) {
    if (chunk.length > 0) server.wire.raw(chunk);
    expect(transport.partial.bufferedBytes, 'buffered').to.be.at.most(defaultSizes.messageBytes + MAX_HEADER_BYTES);
  }
  await complete(server);
  if (!server.wire.input.writableEnded) server.wire.raw(frame(request('the probe', 'server/health', {})));

  const end = await settle(server, 'the probe');
  expect(end, 'the connection hangs').not.to.equal(undefined);
  for (const message of server.wire.received) {
    expect(message.jsonrpc).to.equal('2.0');
    expect(message.method === undefined ? 'id' in message : message.method).to.be.ok;
  }
  if (end === 'answered') {
    const { error } = server.wire.received.find(({ id }) => id === 'the probe') ?? {};
    expect(error?.code).to.be.oneOf([undefined, -32002]);
    void server.connection.close();
    expect(await settle(server, 'nothing')).to.equal('ended');
    expect(server.errors()).to.deep.equal([]);
  } else {
    expect(await server.connection.done).to.equal(1);
    expect(server.lines.some(({ level, message }) => (level === 'error' || level === 'warn') && /input|the connection ends/.test(message))).to.equal(true);
    expect(server.errors().filter((line) => !line.includes('the connection ends'))).to.deep.equal([]);
  }
  expect(transport.partial.bufferedBytes <= defaultSizes.messageBytes + MAX_HEADER_BYTES).to.equal(true);
  expect(transport.unsentBytes).to.equal(0);
  expectEmpty(server);
  return end ?? 'ended';
}

describe('malformed streams', () => {
  it(`leave the connection usable, or end it with code 1 and a reason (${STREAMS} streams, seed ${SEED}) (F-D7)`, async function () {
    this.timeout(1_200_000);
    const unhandled: unknown[] = [];
    const note = (fault: unknown) => void unhandled.push(fault);
    process.on('unhandledRejection', note);
    const ends: Record<End, number> = { answered: 0, ended: 0 };
    try {
      const property = fc.asyncProperty(chunks, fc.boolean(), async (stream, initialized) => {
        ends[await check(stream, initialized)] += 1;
      });
      await fc.assert(property, { seed: SEED, numRuns: STREAMS });
    } finally {
      process.off('unhandledRejection', note);
    }
    expect(unhandled).to.deep.equal([]);
    // The test is worth something only if both outcomes are common.
    expect(Math.min(ends.answered, ends.ended)).to.be.greaterThan(STREAMS / 10);
  });
});
