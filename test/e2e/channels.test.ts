/** The channels beside the one for messages: raw bytes of files and of output, and what the daemon tells by itself. */
import { expect } from 'chai';
import { createHash, randomBytes } from 'node:crypto';
import { bundles, dockerImage, need, npmPackage, type Probe } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { Wire } from '../wire/wire.ts';
import { DataClient, Kind, Pipe } from './data-client.ts';
import { daemonEnvironment, image, until } from './environment.ts';
import { RawClient } from './raw-client.ts';
import { RemoteDaemon } from './remote-daemon.ts';

const MiB = 2 ** 20;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

const places: Readonly<Record<string, { language: string; needs: Readonly<Record<string, Probe>> }>> = {
  docker: { language: 'python', needs: { docker: dockerImage(image) } },
  native: { language: 'python', needs: { bubblewrap } },
  deno: { language: 'javascript', needs: { deno: npmPackage('deno') } },
};

/** A daemon with a data channel. */
async function connect(): Promise<{ client: RawClient; data: DataClient; pipe: Pipe; initialized: any }> {
  const pipe = new Pipe();
  await pipe.listening();
  const client = new RawClient({ env: daemonEnvironment() });
  const initialized = await client.initialize({ channels: { data: { pipe: pipe.path } } });
  return { client, data: new DataClient(await pipe.socket), pipe, initialized };
}

for (const [runtime, { language, needs }] of Object.entries(places)) {
  describe(`the data channel in ${runtime}`, () => {
    before(need('the daemon', bundles));
    for (const [part, probe] of Object.entries(needs)) before(need(part, probe));

    let client: RawClient;
    let data: DataClient;
    let pipe: Pipe;
    let sessionId: string;
    before(async () => {
      const connected = await connect();
      ({ client, data, pipe } = connected);
      expect(connected.initialized.capabilities.channels).to.deep.equal({ data: { windowBytes: MiB, maxFrameBytes: 256 * 1024 } });
      ({ sessionId } = await client.request('session/create', { language, runtime }));
    });
    after(async () => {
      expect(await client.end()).to.equal(0);
      pipe.close();
    });

    it('carries files of any size in both directions, byte for byte', async () => {
      const content = randomBytes(40 * MiB + 7);
      const writing = client.request('command/writeFile', { sessionId, path: 'large', content: '', stream: 1 });
      await data.send(1, content);
      expect(await writing).to.deep.equal({ path: '/workspace/large', bytes: content.length, sha256: sha256(content) });
      const received = data.collect(2);
      const read = await client.request('command/readFile', { sessionId, path: 'large', stream: 2 });
      expect(read).to.deep.equal({ path: '/workspace/large', content: '', encoding: 'utf-8', size: content.length, eof: true, bytes: content.length });
      expect(sha256(await received)).to.equal(sha256(content));
      const part = data.collect(2);
      expect(await client.request('command/readFile', { sessionId, path: 'large', stream: 2, offset: 5, length: 10 })).to.include({ bytes: 10, eof: false });
      expect((await part).equals(content.subarray(5, 15))).to.equal(true);
    });

    it('takes what comes before the request for it, and an empty file', async () => {
      await data.send(3, Buffer.from('early'));
      expect(await client.request('command/writeFile', { sessionId, path: 'early', content: '', stream: 3 })).to.include({ bytes: 5 });
      await data.send(3, Buffer.alloc(0));
      expect(await client.request('command/writeFile', { sessionId, path: 'empty', content: '', stream: 3 })).to.include({ bytes: 0 });
      expect((await client.request('command/readFile', { sessionId, path: 'empty' })).content).to.equal('');
    });

    it('leaves a file as it was when its stream is given up, or its request is cancelled', async () => {
      await client.request('command/writeFile', { sessionId, path: 'kept', content: 'before' });
      const given = client.call('command/writeFile', { sessionId, path: 'kept', content: '', stream: 4 });
      data.frame(Kind.data, 4, Buffer.from('half'));
      data.frame(Kind.reset, 4);
      expect((await given).error).to.include({ code: -32602 });
      const cancelled = client.call('command/writeFile', { sessionId, path: 'new', mode: 'create', content: '', stream: 5 });
      data.frame(Kind.data, 5, Buffer.from('half'));
      client.notify('$/cancelRequest', { id: cancelled.id });
      expect((await cancelled).error).to.include({ code: -32800 });
      await until('the daemon wants nothing more of the stream', () => data.stopped.includes(5));
      data.frame(Kind.reset, 5);
      // Deno by itself writes the file where it is.
      if (runtime !== 'deno') expect((await client.request('command/readFile', { sessionId, path: 'kept' })).content).to.equal('before');
      for (const [stream, mode] of [[10, 'overwrite'], [11, 'append']] as const) {
        const broken = client.call('command/writeFile', { sessionId, path: 'new', mode, content: '', stream });
        data.frame(Kind.data, stream, Buffer.from('half'));
        data.frame(Kind.reset, stream);
        expect((await broken).error).to.include({ code: -32602 });
      }
      const { entries } = await client.request('command/listDirectory', { sessionId });
      expect(entries.map(({ name }: { name: string }) => name)).not.to.include('new');
      expect(entries.filter(({ name }: { name: string }) => name.startsWith('.codebeaker'))).to.deep.equal([]);
    });

    it('carries output as raw bytes, and holds the program while nobody takes it', async () => {
      const code = language === 'python'
        ? 'import os\nfor _ in range(64): os.write(1, bytes(range(256)) * 256)\nos.write(2, b"\\xff\\x00end")'
        : 'const piece = new Uint8Array(65536).map((_, at) => at % 256);\nfor (let i = 0; i < 64; i++) { let at = 0; while (at < piece.length) at += Deno.stdout.writeSync(piece.subarray(at)); }\nDeno.stderr.writeSync(new Uint8Array([255, 0, 101, 110, 100]));';
      data.credits = false;
      let held = 0;
      const chunks: Buffer[] = [];
      const out = data.receive(6, (bytes) => {
        held += bytes.length;
        chunks.push(bytes);
      });
      const err = data.collect(7);
      const running = client.request('command/runCode', { sessionId, code, outputStreams: { stdout: 6, stderr: 7 } });
      await until('the window is full', () => held === MiB);
      data.credits = true;
      data.credit(6, MiB);
      const { stdout, stderr, ...result } = await running;
      expect(result).to.deep.include({ outcome: 'exited', exitCode: 0, stdoutBytes: 4 * MiB, stderrBytes: 5, truncated: false });
      expect([stdout, stderr]).to.deep.equal(['', '']);
      expect(await out).to.equal('end');
      expect(Buffer.concat(chunks).equals(Buffer.alloc(4 * MiB, Buffer.from(Array.from({ length: 256 }, (_, at) => at))))).to.equal(true);
      expect((await err).toString('latin1')).to.equal('\xff\x00end');
    });

    it('says that output is missing where the client gave the stream up, and lets the program go on', async () => {
      let seen = 0;
      void data.receive(8, (bytes) => {
        seen += bytes.length;
        if (seen >= MiB) data.frame(Kind.stop, 8);
      });
      const code = language === 'python' ? 'for _ in range(100): print("x" * 65535)' : 'for (let i = 0; i < 100; i++) console.log("x".repeat(65535));';
      const result = await client.request('command/runCode', { sessionId, code, outputStreams: { stdout: 8 } });
      expect(result).to.include({ outcome: 'exited', exitCode: 0, stdoutBytes: 100 * 65536, truncated: true });
    });
  });
}

describe('the channels of a connection', function () {
  before(need('the daemon', bundles));
  before(need('deno', npmPackage('deno')));

  it('are told in words where there are none, or numbers are in use', async () => {
    const plain = new RawClient({ env: daemonEnvironment() });
    const { capabilities } = await plain.initialize({ channels: { data: { pipe: '/nowhere/at/all' } } });
    expect(capabilities.channels).to.deep.equal({});
    const { sessionId } = await plain.request('session/create', { language: 'javascript', runtime: 'deno' });
    for (const [method, params] of [
      ['command/writeFile', { path: 'x', content: '', stream: 1 }], ['command/readFile', { path: 'x', stream: 1 }], ['command/runCode', { code: '1', outputStreams: { stdout: 1 } }],
    ] as const) {
      const { error } = await plain.call(method, { sessionId, ...params });
      expect(error).to.include({ code: -32602 });
      expect(error?.message).to.include('this connection has no data channel');
    }
    const both = await plain.call('command/writeFile', { sessionId, path: 'x', content: 'x', stream: 1 });
    expect(both.error?.message).to.include('it must be empty');
    expect(await plain.end()).to.equal(0);
    expect(plain.stderr).to.include('the daemon can\'t connect to the pipe of the client');

    const { client, pipe } = await connect();
    const session = await client.request('session/create', { language: 'javascript', runtime: 'deno' });
    const running = client.call('command/runCode', { sessionId: session.sessionId, code: 'await new Promise(() => setTimeout(() => {}, 60000))', outputStreams: { stdout: 9 } });
    const { error } = await client.call('command/runCode', { sessionId: session.sessionId, code: '1', outputStreams: { stdout: 9 } });
    expect(error?.message).to.equal('stream: stream 9 is in use');
    client.notify('$/cancelRequest', { id: running.id });
    expect((await running).result.outcome).to.equal('cancelled');
    expect(await client.end()).to.equal(0);
    pipe.close();
  });

  it('end when the client misuses the data channel, and the connection goes on', async () => {
    const { client, data, pipe } = await connect();
    const { sessionId } = await client.request('session/create', { language: 'javascript', runtime: 'deno' });
    const writing = client.call('command/writeFile', { sessionId, path: 'x', content: '', stream: 1 });
    for (let sent = 0; sent < 40; sent++) data.frame(Kind.data, 2, Buffer.alloc(64 * 1024));
    expect((await writing).error?.message).to.include('the data channel has closed');
    expect(await client.request('command/runCode', { sessionId, code: 'console.log(1)' })).to.include({ stdout: '1\n' });
    expect(await client.end()).to.equal(0);
    pipe.close();
  });

  it('have what the daemon tells by itself on the status channel, and what belongs to commands with the messages', async () => {
    const status = new Pipe();
    await status.listening();
    const client = new RawClient({ env: daemonEnvironment() });
    const { capabilities } = await client.initialize({ channels: { status: { pipe: status.path } }, session: { stateChanged: true } });
    expect(capabilities.channels).to.deep.equal({ status: {} });
    const wire = new Wire();
    (await status.socket).pipe(wire.output);
    const { sessionId } = await client.request('session/create', { language: 'javascript', runtime: 'deno', workDoneToken: 'made' });
    await client.request('command/runCode', { sessionId, code: 'console.log(1)', commandId: 'one' });
    await client.request('session/close', { sessionId });
    const methods = () => wire.received.map(({ method }) => method);
    await until('the session is told to be closed', () => wire.received.some(({ params }) => params?.state === 'closed'));
    expect(methods()).to.include('$/progress');
    expect([...new Set(client.notifications.map(({ method }) => method))]).to.deep.equal(['command/output']);
    expect(await client.end()).to.equal(0);
    status.close();
  });
});

describe('the data channel of a WebSocket', function () {
  before(need('the daemon', bundles));
  before(need('deno', npmPackage('deno')));

  it('is its binary messages, and no pipe of the machine can be named', async () => {
    const daemon = await RemoteDaemon.start({ unix: true });
    const client = daemon.client();
    const pipe = new Pipe();
    await pipe.listening();
    const { capabilities } = await client.initialize({ channels: { data: {}, status: { pipe: pipe.path } } });
    expect(Object.keys(capabilities.channels)).to.deep.equal(['data']);
    const data = new DataClient(client.binary);
    const { sessionId } = await client.request('session/create', { language: 'javascript', runtime: 'deno' });
    const content = randomBytes(5 * MiB + 3);
    const writing = client.request('command/writeFile', { sessionId, path: 'large', content: '', stream: 1 });
    await data.send(1, content);
    expect(await writing).to.include({ sha256: sha256(content) });
    const received = data.collect(1);
    expect(await client.request('command/readFile', { sessionId, path: 'large', stream: 1 })).to.include({ bytes: content.length });
    expect(sha256(await received)).to.equal(sha256(content));
    const output = data.collect(2);
    await client.request('command/runCode', { sessionId, code: 'console.log("raw")', outputStreams: { stdout: 2 } });
    expect((await output).toString()).to.equal('raw\n');
    expect(await client.end()).to.equal(1000);
    expect(await daemon.stop()).to.equal(0);
    pipe.close();
    expect(daemon.stderr).to.include('this daemon connects to no pipes');
  });
});
