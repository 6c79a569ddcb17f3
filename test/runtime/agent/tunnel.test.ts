/** The daemon's ends of connections: what is sent and credited, how streams end, and what no agent may send. */
import { expect } from 'chai';
import type { Duplex } from 'node:stream';
import { ProtocolError } from '../../../server/src/protocol/index.ts';
import { FIRST_ACCEPTED_CHANNEL, MAX_CONNECTIONS, RELAY_WINDOW_BYTES, Type, Writer } from '../../../server/src/runtime/agent/frames.ts';
import { Gathered } from '../../../server/src/runtime/agent/gathered.ts';
import { STREAM_WINDOW_BYTES } from '../../../server/src/runtime/agent/stream.ts';
import { Tunnel } from '../../../server/src/runtime/agent/tunnel.ts';
import { connected, isOpen, settled } from './scripted.ts';

const u32 = (value: number) => new Writer().u32(value).bytes;
const opened = (errno: number, port: number) => new Writer().u32(errno).u16(port).bytes;
const told = (answer: boolean, ports: readonly number[]) => ports.reduce((writer, port) => writer.u16(port), new Writer().u8(answer ? 1 : 0)).bytes;
const kindOf = (work: Promise<unknown>) => work.then(() => 'done', (fault: unknown) => (fault instanceof ProtocolError ? `${fault.kind} ${fault.message}` : String(fault)));
const FIRST = FIRST_ACCEPTED_CHANNEL;

function tunnels() {
  const { agent, connection, clock } = connected();
  const tunnel = new Tunnel(connection, clock);
  agent.on('listen', ({ channel, payload }) => agent.say('opened', channel, opened(0, payload.readUInt16LE(0) || 40_000)));
  agent.on('connect', ({ channel, payload }) => agent.say('opened', channel, opened(0, payload.readUInt16LE(0))));
  /** A stream that the daemon has asked for. */
  const connect = async () => {
    const stream = await tunnel.connect(80);
    return { stream, channel: agent.of('connect').at(-1)?.channel ?? 0 };
  };
  const listen = async () => {
    const come: Duplex[] = [];
    const open = await tunnel.listen(0, (stream) => void come.push(stream));
    return { open, come, channel: agent.of('listen').at(-1)?.channel ?? 0 };
  };
  const sizes = (type: 'data' | 'credit') => agent.of(type).map(({ payload }) => (type === 'data' ? payload.length : payload.readUInt32LE(0)));
  return { agent, connection, clock, tunnel, connect, listen, sizes };
}

/** What happens to a stream. */
function story(stream: Duplex): string[] {
  const all: string[] = [];
  stream.on('data', (bytes: Buffer) => all.push(bytes.toString()));
  stream.on('end', () => all.push('end'));
  stream.on('error', (fault: NodeJS.ErrnoException) => all.push(fault instanceof ProtocolError ? fault.kind : (fault.code ?? fault.message)));
  stream.on('close', () => all.push('close'));
  return all;
}

describe('a connection to a program', () => {
  it('is asked for with credit, and carries bytes both ways', async () => {
    const { agent, connect } = tunnels();
    const { stream, channel } = await connect();
    expect(agent.of('connect')[0]?.payload).to.deep.equal(new Writer().u16(80).u32(STREAM_WINDOW_BYTES).bytes);
    const heard = story(stream);
    stream.write('question');
    agent.output(channel, 'content', 'answer');
    agent.say('ended', channel);
    await settled();
    stream.end();
    await settled();
    agent.say('closed', channel, u32(0));
    await settled();
    expect(heard).to.deep.equal(['answer', 'end', 'close']);
    expect(agent.sent.filter((each) => each.channel === channel).map(({ type }) => type)).to.deep.equal([Type.connect, Type.data, Type.end]);
    expect(agent.destroyed).to.equal(false);
  });

  it('says why it can not be had', async () => {
    const { agent, tunnel, connection } = tunnels();
    agent.on('connect', ({ channel }) => agent.say('opened', channel, opened(111, 80)));
    expect(await kindOf(tunnel.connect(80))).to.equal('SandboxFailed nothing listens on port 80 in the sandbox');
    agent.on('connect', ({ channel }) => agent.say('opened', channel, opened(24, 80)));
    expect(await kindOf(tunnel.connect(80))).to.equal("SandboxFailed the sandbox can't be connected to on port 80: EMFILE");
    agent.on('connect', () => agent.end());
    expect(await kindOf(tunnel.connect(80))).to.contain('SandboxLost');
    expect(await kindOf(tunnel.connect(80))).to.contain('SandboxLost');
    expect(isOpen(connection)).to.equal(false);
  });

  it('is not waited for when the program takes none, and one that comes late is closed', async () => {
    const { agent, tunnel, clock } = tunnels();
    let channel = 0;
    agent.on('connect', (sent) => void ({ channel } = sent));
    const connecting = kindOf(tunnel.connect(80));
    await settled();
    await clock.advance(30_000);
    expect(await connecting).to.equal('SandboxFailed what listens on port 80 in the sandbox takes no connection');
    agent.say('opened', channel, opened(0, 80));
    await settled();
    expect(agent.of('close').map((each) => each.channel)).to.deep.equal([channel, channel]);
    agent.say('closed', channel, u32(0));
    expect(agent.destroyed).to.equal(false);
  });

  it('sends no more than the program takes', async () => {
    const { agent, connect, sizes } = tunnels();
    const { stream, channel } = await connect();
    let written = false;
    stream.write(Buffer.alloc(300_000), () => (written = true));
    await settled();
    expect(sizes('data')).to.deep.equal([65_536, 65_536]);
    agent.say('taken', channel, u32(100));
    await settled();
    agent.say('taken', channel, u32(RELAY_WINDOW_BYTES));
    await settled();
    expect([sizes('data').slice(2), written]).to.deep.equal([[100, 65_536, 65_536], false]);
    agent.say('taken', channel, u32(RELAY_WINDOW_BYTES));
    await settled();
    expect([sizes('data').reduce((sum, size) => sum + size), written]).to.deep.equal([300_000, true]);
  });

  it('asks for no more than is read', async () => {
    const { agent, connect, sizes } = tunnels();
    const { stream, channel } = await connect();
    for (let sent = 0; sent < STREAM_WINDOW_BYTES; sent += 32_768) agent.output(channel, 'content', Buffer.alloc(32_768));
    await settled();
    expect(sizes('credit').length).to.be.lessThan(2);
    let taken = 0;
    stream.on('data', (bytes: Buffer) => void (taken += bytes.length));
    await settled();
    expect(taken).to.equal(STREAM_WINDOW_BYTES);
    expect(sizes('credit').reduce((sum, bytes) => sum + bytes)).to.equal(STREAM_WINDOW_BYTES);
  });

  it('is broken off by the program: what came before its end is read, and then it fails', async () => {
    const { agent, connect } = tunnels();
    const { stream, channel } = await connect();
    agent.output(channel, 'content', 'last words');
    agent.say('ended', channel);
    agent.say('closed', channel, u32(104));
    await settled();
    const heard = story(stream);
    await settled();
    expect(heard).to.deep.equal(['last words', 'end', 'ECONNRESET', 'close']);
    const other = await connect();
    const end = story(other.stream);
    agent.say('closed', other.channel, u32(104));
    await settled();
    expect(end).to.deep.equal(['ECONNRESET', 'close']);
  });

  it('is closed in the sandbox when it is destroyed, and not when both sides have ended', async () => {
    const { agent, connect } = tunnels();
    const { stream, channel } = await connect();
    let fault: Error | null | undefined;
    stream.write(Buffer.alloc(300_000), (given) => void (fault = given));
    stream.destroy();
    await settled();
    expect(fault).to.be.instanceOf(Error);
    // What is on its way is dropped.
    agent.output(channel, 'content', 'late');
    agent.say('taken', channel, u32(65_536));
    agent.say('ended', channel);
    agent.say('closed', channel, u32(0));
    await settled();
    expect([agent.of('close').length, agent.destroyed]).to.deep.equal([1, false]);
  });

  it('ends with the sandbox, and harms nobody who does not listen to errors', async () => {
    const { agent, connect } = tunnels();
    const [one, other] = [await connect(), await connect()];
    const heard = story(one.stream);
    agent.end();
    await settled();
    expect(other.stream.destroyed).to.equal(true);
    expect(heard).to.deep.equal(['SandboxLost', 'close']);
  });
});

describe('a port on which a sandbox listens', () => {
  it('hands on each connection with what has come', async () => {
    const { agent, listen } = tunnels();
    const { open, come, channel } = await listen();
    expect([open.port, agent.of('listen')[0]?.payload.readUInt32LE(2)]).to.deep.equal([40_000, STREAM_WINDOW_BYTES]);
    agent.say('accepted', FIRST, u32(channel));
    agent.output(FIRST, 'content', 'hello');
    const heard = story(come[0] as Duplex);
    await settled();
    expect(heard).to.deep.equal(['hello']);
  });

  it('closes what still comes after it was closed', async () => {
    const { agent, listen, connection } = tunnels();
    const { open, come, channel } = await listen();
    open.close();
    open.close();
    agent.say('accepted', FIRST, u32(channel));
    await settled();
    expect([come.length, agent.of('close').map((each) => each.channel)]).to.deep.equal([0, [channel, FIRST]]);
    agent.say('closed', channel, u32(0));
    agent.say('closed', FIRST, u32(0));
    expect(isOpen(connection)).to.equal(true);
  });

  const reasons: Record<number, string> = {
    98: 'it is taken: a program listens there', 13: 'ports below 1024 are for the root user: choose another',
    24: 'the sandbox listens on as many ports as it can: close one of them', 5: 'EIO',
  };
  for (const [errno, reason] of Object.entries(reasons)) {
    it(`says why it can not be had: ${reason}`, async () => {
      const { agent, tunnel } = tunnels();
      agent.on('listen', ({ channel }) => agent.say('opened', channel, opened(Number(errno), 7)));
      expect(await kindOf(tunnel.listen(7, () => undefined))).to.equal(`SandboxFailed the sandbox can't listen on port 7: ${reason}`);
    });
  }
});

describe('an agent', () => {
  type Bench = ReturnType<typeof tunnels>;
  const wrong: Record<string, (bench: Bench, channel: number, port: number) => void> = {
    'more than was asked for': ({ agent }, channel) => {
      for (let sent = 0; sent <= STREAM_WINDOW_BYTES; sent += 32_768) agent.output(channel, 'content', Buffer.alloc(32_768));
    },
    'something after the end': ({ agent }, channel) => {
      agent.say('ended', channel);
      agent.output(channel, 'content', 'x');
    },
    'two ends': ({ agent }, channel) => {
      agent.say('ended', channel);
      agent.say('ended', channel);
    },
    'that more was taken than was sent': ({ agent }, channel) => agent.say('taken', channel, u32(1)),
    'that a connection is closed that has not ended': ({ agent }, channel) => agent.say('closed', channel, u32(0)),
    'that a connection is open twice': ({ agent }, channel) => agent.say('opened', channel, opened(0, 80)),
    'a connection of a port at which it does not listen': ({ agent }) => agent.say('accepted', FIRST, u32(999)),
    'a connection to itself of another connection': ({ agent }, channel) => agent.say('accepted', FIRST, u32(channel)),
    'a connection with a channel of the daemon’s': ({ agent }, _, port) => agent.say('accepted', 77, u32(port)),
    'a connection with a channel that is in use': ({ agent }, _, port) => {
      agent.say('accepted', FIRST, u32(port));
      agent.say('accepted', FIRST, u32(port));
    },
    'more connections than it may hold': ({ agent }, _, port) => {
      for (let at = 0; at < MAX_CONNECTIONS; at++) agent.say('accepted', FIRST + at, u32(port));
    },
    'a frame that is cut off': ({ agent }, channel) => agent.say('taken', channel, Buffer.from([1])),
    'ports in disorder': ({ agent, tunnel }) => {
      tunnel.watchPorts(new AbortController().signal, () => undefined);
      agent.say('ports', (agent.of('connect')[0]?.channel ?? 0) + 2, told(true, [80, 80]));
    },
  };
  for (const [what, send] of Object.entries(wrong)) {
    it(`that tells of ${what} is not believed any more`, async () => {
      const bench = tunnels();
      const { channel } = await bench.connect();
      const { channel: port } = await bench.listen();
      send(bench, channel, port);
      await settled();
      expect([bench.agent.destroyed, isOpen(bench.connection)]).to.deep.equal([true, false]);
    });
  }

  it('may hold as many connections again when some are closed', async () => {
    const { agent, listen } = tunnels();
    const { channel } = await listen();
    for (let at = 0; at < MAX_CONNECTIONS * 2; at++) {
      agent.say('accepted', FIRST + at, u32(channel));
      agent.say('closed', FIRST + at, u32(104));
    }
    expect(agent.destroyed).to.equal(false);
  });
});

describe('the ports on which programs listen', () => {
  it('are told to whoever watches, first as they are and then as they change', async () => {
    const { agent, tunnel } = tunnels();
    const [one, other] = [new AbortController(), new AbortController()];
    const heard: string[] = [];
    tunnel.watchPorts(one.signal, (ports) => void heard.push(`one ${ports.join()}`));
    await settled();
    const { channel } = agent.of('watchPorts')[0] ?? { channel: 0 };
    agent.say('ports', channel, told(true, []));
    agent.say('ports', channel, told(false, [80]));
    tunnel.watchPorts(other.signal, (ports) => void heard.push(`other ${ports.join()}`));
    agent.say('ports', channel, told(false, [80, 90]));
    agent.say('ports', channel, told(true, [80, 90]));
    one.abort();
    agent.say('ports', channel, told(false, [90]));
    other.abort();
    await settled();
    agent.say('ports', channel, told(false, []));
    agent.say('closed', channel, u32(0));
    expect(heard).to.deep.equal(['one ', 'one 80', 'one 80,90', 'other 80,90', 'other 90']);
    expect(agent.of('close').map((each) => each.channel)).to.deep.equal([channel]);
    tunnel.watchPorts(new AbortController().signal, () => undefined);
    await settled();
    expect(agent.of('watchPorts').at(-1)?.channel).not.to.equal(channel);
  });

  it('are none in a sandbox that is gone, and nobody waits for an agent that has stopped', async () => {
    const { agent, tunnel, clock, connection } = tunnels();
    const heard: string[] = [];
    const watch = (name: string) => tunnel.watchPorts(new AbortController().signal, (ports) => void heard.push(`${name} ${ports.join()}`));
    watch('asked');
    await settled();
    for (let silence = 0; silence < 12; silence++) await clock.advance(3000);
    await settled();
    expect([isOpen(connection), agent.destroyed]).to.deep.equal([false, true]);
    watch('late');
    expect(heard).to.deep.equal(['asked ', 'late ']);
  });
});

describe('bytes that wait', () => {
  it('are put together where they are small, and kept as they are where they are large', () => {
    const all = new Gathered();
    const large = Buffer.alloc(20_000, 'L');
    for (let at = 0; at < 40_000; at++) all.add(Buffer.from([at % 251]));
    all.add(large);
    all.add(Buffer.from('x'));
    const pieces: Buffer[] = [];
    for (let piece = all.take(); piece; piece = all.take()) pieces.push(piece);
    expect(pieces.map(({ length }) => length)).to.deep.equal([16_384, 16_384, 7232, 20_000, 1]);
    expect(pieces[3]).to.equal(large);
    expect(Buffer.concat(pieces.slice(0, 3)).every((byte, at) => byte === at % 251)).to.equal(true);
  });

  it('do not change any more when they were taken', () => {
    const all = new Gathered();
    all.add(Buffer.from('a'));
    const first = all.take();
    all.add(Buffer.from('b'));
    expect([first?.toString(), all.take()?.toString(), all.empty]).to.deep.equal(['a', 'b', true]);
    all.add(Buffer.from('c'));
    all.clear();
    expect([all.take(), all.empty]).to.deep.equal([undefined, true]);
  });
});
