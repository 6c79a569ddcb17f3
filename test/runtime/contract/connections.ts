/** The contract on connections: bytes go both ways, wait for their reader, and end as the other side has ended them. */
import { expect } from 'chai';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { ProtocolError } from '../../../server/src/protocol/index.ts';
import type { Sandbox, SandboxPort } from '../../../server/src/runtime/ports.ts';
import { create, eventually, type Parts, rejects, run, start, textOf, useSandbox } from './harness.ts';

const MIB = 1024 * 1024;

/** A program that connects to a port. `c` is its socket. */
const caller = (port: number, body: string): string[] => ['python3', '-c', `import socket, sys, time\nc = socket.create_connection(("127.0.0.1", ${port}))\n${body}`];

/** A program that listens at 8000, says \`ready\`, and does with each connection `c` what `body` says, indented by two. */
const server = (body: string, host = '127.0.0.1', family = 'AF_INET'): string[] => ['python3', '-c', `import socket, struct, sys, threading
s = socket.socket(socket.${family})
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("${host}", 8000))
s.listen(64)
print("ready", flush=True)
def serve(c):
${body}
while True:
  threading.Thread(target=serve, args=(s.accept()[0],)).start()`];

const echo = `  while True:
    some = c.recv(65536)
    if not some: break
    c.sendall(some)
  c.close()`;

/** Runs a server as long as `work` takes. */
async function serving<T>(sandbox: Sandbox, command: string[], work: () => Promise<T>): Promise<T> {
  const running = await start(sandbox, command);
  await running.output.seen('ready');
  try {
    return await work();
  } finally {
    await running.kill();
    await running.exited;
  }
}

/** Listens, and gives out the connections in their order. */
async function listening(sandbox: Sandbox, port = 0): Promise<SandboxPort & { next(): Promise<Duplex> }> {
  const come: Duplex[] = [];
  let more = () => {};
  const open = await sandbox.listen(port, (connection) => {
    come.push(connection);
    more();
  });
  const next = async () => {
    while (come.length === 0) await new Promise<void>((resolve) => (more = resolve));
    return come.shift() as Duplex;
  };
  return { port: open.port, close: () => open.close(), next };
}

/** All that comes on a stream, to its end. It can still be written to then. */
async function all(stream: Duplex): Promise<Buffer> {
  const pieces: Buffer[] = [];
  stream.on('data', (bytes: Buffer) => void pieces.push(bytes));
  await once(stream, 'end');
  return Buffer.concat(pieces);
}
const text = async (stream: Duplex): Promise<string> => (await all(stream)).toString();

/** How a stream ends: `end`, or the code of its error. */
const ending = (stream: Duplex): Promise<string> =>
  new Promise((resolve) => {
    stream.on('error', (fault: NodeJS.ErrnoException) => resolve(fault instanceof ProtocolError ? fault.kind : (fault.code ?? fault.message)));
    stream.on('end', () => resolve('end'));
    stream.resume();
  });

export function describeConnections(parts: Parts): void {
  describe('connections', () => {
    const held = useSandbox(parts);

    it('are refused where a sandbox has none, and where nobody listens', async () => {
      const { sandbox } = held;
      if (!sandbox.can.connections) {
        await rejects(sandbox.listen(0, () => undefined), 'SandboxFailed');
        return void (await rejects(sandbox.connect(8000), 'SandboxFailed'));
      }
      expect((await rejects(sandbox.connect(8000), 'SandboxFailed')).message).to.equal('nothing listens on port 8000 in the sandbox');
      const open = await sandbox.listen(0, () => undefined);
      expect((await rejects(sandbox.listen(open.port, () => undefined), 'SandboxFailed')).message).to.contain('it is taken');
      // What the daemon itself offers is for programs alone.
      await rejects(sandbox.connect(open.port), 'SandboxFailed');
      open.close();
      open.close();
      await eventually(async () => (await sandbox.listen(open.port, () => undefined)).close());
    });

    it('end with the sandbox, and can not be had afterwards', async () => {
      const sandbox = await create(held.subject);
      if (!sandbox.can.connections) return sandbox.close();
      await sandbox.listen(0, () => undefined);
      await sandbox.close();
      await rejects(sandbox.listen(0, () => undefined), 'SandboxLost');
      await rejects(sandbox.connect(8000), 'SandboxLost');
    });

    if (parts.features.languages.includes('python')) describePrograms(held);
  });
}

/** With programs that connect and listen. */
function describePrograms(held: ReturnType<typeof useSandbox>): void {
  it('carry what a program says, from its first byte on, and the answer', async () => {
    const open = await listening(held.sandbox);
    const saying = textOf(held.sandbox, caller(open.port, 'c.sendall(b"hello")\nprint(c.recv(100).decode(), c.recv(100))'));
    const stream = await open.next();
    const first = once(stream, 'data');
    const end = ending(stream);
    expect(String((await first)[0])).to.equal('hello');
    stream.end('answer');
    expect(await saying).to.equal("answer b''\n");
    expect(await end).to.equal('end');
    open.close();
  });

  it('end in one direction without ending in the other', async () => {
    const open = await listening(held.sandbox);
    const saying = textOf(held.sandbox, caller(open.port, 'c.sendall(b"question")\nc.shutdown(socket.SHUT_WR)\nprint(c.makefile().read())'));
    const stream = await open.next();
    expect(await text(stream)).to.equal('question');
    stream.write('one ');
    stream.end('two');
    expect(await saying).to.equal('one two\n');
    open.close();
  });

  it('bring 8 MiB both ways at once, unchanged, though the reader is slow', async () => {
    const sent = Buffer.from(Array.from({ length: MIB }, (_, at) => (at * 7919) >> 3));
    const whole = Buffer.concat(Array.from({ length: 8 }, () => sent));
    await serving(held.sandbox, server(echo), async () => {
      const stream = await held.sandbox.connect(8000);
      stream.end(whole);
      const back: Buffer[] = [];
      for await (const piece of stream as AsyncIterable<Buffer>) {
        back.push(Buffer.from(piece));
        await new Promise((resolve) => void setImmediate(resolve));
      }
      expect(Buffer.concat(back).equals(whole)).to.equal(true);
    });
  }).timeout(120_000);

  it('make a program wait whose bytes nobody reads, and hold up nobody else', async () => {
    const open = await listening(held.sandbox);
    const flooding = await start(held.sandbox, caller(open.port, 'c.setblocking(False)\nsent = 0\nimport select\nwhile select.select([], [c], [], 0.5)[1]:\n  sent += c.send(bytes(65536))\nprint(sent)'));
    const stream = await open.next();
    const other = textOf(held.sandbox, caller(open.port, 'c.sendall(b"x")\nprint(c.recv(1))'));
    const quick = await open.next();
    quick.end(await once(quick, 'data').then(([bytes]: Buffer[]) => bytes));
    expect(await other).to.equal("b'x'\n");
    await flooding.exited;
    // No more than what the kernel of the sandbox holds, and the window.
    expect(Number(flooding.output.of('stdout'))).to.be.lessThan(24 * MIB);
    expect((await all(stream)).length).to.equal(Number(flooding.output.of('stdout')));
    quick.destroy();
    stream.destroy();
    open.close();
  });

  it('make the writer wait whose bytes no program reads', async () => {
    await serving(held.sandbox, server('  c.recv(1)\n  import time\n  time.sleep(600)'), async () => {
      const stream = await held.sandbox.connect(8000);
      let written = 0;
      while (stream.write(Buffer.alloc(65_536)) || (await Promise.race([once(stream, 'drain').then(() => true), run(held.sandbox, ['true']).then(() => false)]))) written += 65_536;
      expect(written).to.be.lessThan(64 * MIB);
      stream.destroy();
    });
  });

  it('tell a reset in both directions', async () => {
    const abort = '  c.recv(1)\n  c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))\n  c.close()';
    await serving(held.sandbox, server(abort), async () => {
      const stream = await held.sandbox.connect(8000);
      stream.write('x');
      expect(await ending(stream)).to.equal('ECONNRESET');
    });
    const open = await listening(held.sandbox);
    const saying = run(held.sandbox, caller(open.port, 'c.sendall(b"x")\ntry:\n  print(c.recv(1))\nexcept ConnectionResetError:\n  print("reset")'));
    const stream = await open.next();
    await once(stream, 'readable');
    stream.destroy();
    expect((await saying).stdout.toString()).to.equal('reset\n');
    open.close();
  });

  it('bring what was written before the end, though the stream is destroyed then', async () => {
    const open = await listening(held.sandbox);
    const saying = textOf(held.sandbox, caller(open.port, 'time.sleep(0.2)\nprint(len(c.makefile("rb").read()))'));
    const stream = await open.next();
    await new Promise<void>((resolve) => void stream.end(Buffer.alloc(MIB), () => resolve()));
    stream.destroy();
    expect(await saying).to.equal(`${MIB}\n`);
    open.close();
  });

  it('reach a server at ::1, where nothing listens at 127.0.0.1', async () => {
    if ((await run(held.sandbox, ['python3', '-c', 'import socket\nsocket.socket(socket.AF_INET6).bind(("::1", 0))'])).exit.kind !== 'exited') return;
    await serving(held.sandbox, server(echo, '::1', 'AF_INET6'), async () => {
      const stream = await held.sandbox.connect(8000);
      stream.end('six');
      expect(await text(stream)).to.equal('six');
    });
  });

  it('are made by the hundred at once, and wait beyond 512', async () => {
    await serving(held.sandbox, server(echo), async () => {
      const streams = await Promise.all(Array.from({ length: 60 }, () => held.sandbox.connect(8000)));
      const answers = streams.map((stream, at) => {
        stream.end(`number ${at}`);
        return text(stream);
      });
      expect(await Promise.all(answers)).to.deep.equal(streams.map((_, at) => `number ${at}`));
    });
    const open = await listening(held.sandbox);
    const many = start(held.sandbox, caller(open.port, 'all = [c] + [socket.create_connection(("127.0.0.1", '.concat(String(open.port), ')) for _ in range(599)]\nfor at, each in enumerate(all): each.sendall(b"%d" % at)\nprint("sent", flush=True)\ntotal = 0\nfor each in all:\n  total += int(each.recv(10))\n  each.close()\nprint(total)')));
    const running = await many;
    await running.output.seen('sent');
    for (let at = 0; at < 600; at++) {
      const stream = await open.next();
      stream.once('data', (bytes: Buffer) => stream.end(bytes));
    }
    await running.exited;
    expect(running.output.of('stdout').toString()).to.equal(`sent\n${(599 * 600) / 2}\n`);
    open.close();
  }).timeout(120_000);

  it('can not be taken from the daemon: its port is its own', async () => {
    const open = await listening(held.sandbox);
    const attempt = (options: string, host: string, family = 'AF_INET') =>
      `s = socket.socket(socket.${family})\nfor option in [${options}]: s.setsockopt(socket.SOL_SOCKET, option, 1)\ntry:\n  s.bind(("${host}", ${open.port}))\n  s.listen()\n  print("taken")\nexcept OSError as fault: print("refused")`;
    const attempts = ['127.0.0.1', '0.0.0.0'].flatMap((host) => ['', 'socket.SO_REUSEADDR', 'socket.SO_REUSEPORT', 'socket.SO_REUSEADDR, socket.SO_REUSEPORT'].map((options) => attempt(options, host)));
    const said = await textOf(held.sandbox, ['python3', '-c', `import socket\n${attempts.join('\n')}`]);
    expect(said).to.equal('refused\n'.repeat(attempts.length));
    const saying = textOf(held.sandbox, caller(open.port, 'c.sendall(b"still")\nprint(c.recv(9))'));
    const stream = await open.next();
    stream.end('here');
    expect(await saying).to.equal("b'here'\n");
    stream.destroy();
    open.close();
  });

  it('are told of by the ports on which programs listen', async () => {
    const own = await listening(held.sandbox);
    const watch = new AbortController();
    const told: string[] = [];
    let more = () => {};
    held.sandbox.watchPorts(watch.signal, (ports) => {
      told.push(ports.join(' '));
      more();
    });
    const next = async (count: number) => {
      while (told.length < count) await new Promise<void>((resolve) => (more = resolve));
    };
    await next(1);
    await serving(held.sandbox, server(echo, '0.0.0.0'), () => next(2));
    await next(3);
    await serving(held.sandbox, server(echo), async () => {
      // Who asks is told at once, whether the others have been told before or not.
      const now = await new Promise((resolve) => void held.sandbox.watchPorts(watch.signal, resolve));
      expect(now).to.deep.equal([8000]);
      await next(4);
    });
    await next(5);
    expect(told).to.deep.equal(['', '8000', '', '8000', '']);
    watch.abort();
    own.close();
  });

  it('end with the sandbox, as lost', async () => {
    const sandbox = await create(held.subject);
    const open = await listening(sandbox);
    const running = await start(sandbox, caller(open.port, 'c.sendall(b"x")\nc.recv(1)'));
    const stream = await open.next();
    const end = ending(stream);
    await sandbox.close();
    expect(await end).to.equal('SandboxLost');
    expect(stream.destroyed).to.equal(true);
    await running.exited;
  });
}
