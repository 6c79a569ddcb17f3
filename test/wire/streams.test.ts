import { expect } from 'chai';
import { Console } from 'node:console';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { takeStdout } from '../../server/src/wire/stdout.ts';
import { type ByteStream, pipeStream, socketStream, stdioStream } from '../../server/src/wire/streams.ts';

/** A client that listens, as editors do. */
async function listening(at: { port: number; host: string } | { path: string }, test: (port: number, accepted: Promise<Socket>) => Promise<void>): Promise<void> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(at);
  await once(server, 'listening');
  const accepted = once(server, 'connection').then(([socket]) => socket as Socket);
  const address = server.address();
  try {
    await test(typeof address === 'object' ? (address as AddressInfo).port : 0, accepted);
  } finally {
    server.close();
    (await accepted).destroy();
  }
}

/** Checks both directions, and that an answer is still sent after the client has ended its side and the daemon has disposed of the stream. */
async function converse(stream: ByteStream, accepted: Promise<Socket>): Promise<void> {
  const socket = await accepted;
  socket.end('question');
  const [question] = (await once(stream.input, 'data')) as [Buffer];
  expect(question.toString()).to.equal('question');
  await once(stream.input, 'end');
  stream.output.write('answer');
  stream.dispose();
  const answer = await new Response(socket as never).text();
  expect(answer).to.equal('answer');
}

describe('byte streams to a client', () => {
  it('connect to a port', () =>
    listening({ port: 0, host: '127.0.0.1' }, async (port, accepted) => converse(await socketStream(port), accepted)));

  it('connect to a pipe', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'codebeaker-'));
    try {
      const path = join(directory, 'pipe');
      await listening({ path }, async (_port, accepted) => converse(await pipeStream(path), accepted));
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('reject if nobody listens', async () => {
    const fault: unknown = await pipeStream(join(tmpdir(), 'codebeaker-nobody')).then(
      () => undefined,
      (one: unknown) => one,
    );
    expect(fault).to.have.property('code', 'ENOENT');
  });

  it('destroy stdin when they are disposed of', () => {
    const input = new PassThrough();
    stdioStream(input, new PassThrough()).dispose();
    expect(input.destroyed).to.equal(true);
  });
});

describe('stdout', () => {
  const make = () => {
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    const process = { stdout, stderr } as unknown as Pick<NodeJS.Process, 'stdout' | 'stderr'>;
    const read = (stream: PassThrough) => String(stream.read() ?? '');
    return { process, stdout, stderr, output: () => read(stdout), errors: () => read(stderr) };
  };

  it('carries what is written to the stream that takeStdout returned, and nothing else (F-D6)', () => {
    const { process, output, errors } = make();
    const earlier = new Console(process);
    earlier.log('before');
    expect(output()).to.equal('before\n');
    const taken = takeStdout(process.stdout, () => process.stderr);
    taken.write('frame');
    earlier.log('stray 1');
    new Console(process).info('stray 2');
    process.stdout.write('stray 3');
    expect(output()).to.equal('frame');
    expect(errors()).to.equal('stray 1\nstray 2\nstray 3');
  });

  it('keeps the order, and applies back-pressure when it is full', async () => {
    const { process, stdout } = make();
    const taken = takeStdout(process.stdout, () => process.stderr);
    const sent = Array.from({ length: 50 }, (_, at) => `${at};`.padEnd(10_000));
    const room = sent.map((text) => taken.write(text));
    expect(room.at(-1)).to.equal(false);
    let received = '';
    stdout.on('data', (chunk: Buffer) => (received += chunk.toString()));
    await once(taken, 'drain');
    expect(received).to.equal(sent.join(''));
  });

  it('is destroyed when its reader goes away', async () => {
    const { process, stdout } = make();
    const taken = takeStdout(process.stdout, () => process.stderr);
    const fault = new Error('write EPIPE');
    const broken = once(taken, 'error');
    stdout.destroy(fault);
    expect((await broken)[0]).to.equal(fault);
    expect(taken.destroyed).to.equal(true);
  });
});
