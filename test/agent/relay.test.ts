/** The relay of an agent, frame by frame: credit, bounds, and what the programs of the agent inherit of it. */
import { expect } from 'chai';
import { systemClock } from '../../server/src/base/clock.ts';
import { AgentConnection, type Listener } from '../../server/src/runtime/agent/connection.ts';
import { FIRST_ACCEPTED_CHANNEL, frame, RELAY_WINDOW_BYTES, Type, Writer } from '../../server/src/runtime/agent/frames.ts';
import { startPayload } from '../../server/src/runtime/agent/payloads.ts';
import { useAgents } from './begin.ts';

const systemFolders = ['--ro-bind', '/usr', '/usr', '--symlink', 'usr/bin', '/bin', '--symlink', 'usr/lib', '/lib', '--symlink', 'usr/lib64', '/lib64', '--dev', '/dev'];
const names = new Map<number, string>(Object.entries(Type).map(([name, type]) => [type, name]));
const u32 = (value: number) => new Writer().u32(value).bytes;

/** All that an agent tells, in its order, with names in place of numbers. */
class Talk {
  readonly told: string[] = [];
  readonly connection: AgentConnection;
  port = 0;
  #changed: () => void = () => undefined;

  constructor(connection: AgentConnection) {
    this.connection = connection;
  }

  #tell(what: string): void {
    this.told.push(what);
    this.#changed();
  }

  #ear(name: string): Listener {
    return {
      frame: (type, payload) => {
        if (type === Type.opened) this.port = payload.readUInt16LE(4);
        const number = payload.length >= 4 && (type === Type.opened || type === Type.closed || type === Type.taken) ? ` ${payload.readUInt32LE(0)}` : '';
        this.#tell(`${name}: ${names.get(type)}${number}`);
      },
      output: (_origin, bytes) => this.#tell(`${name}: "${bytes.toString()}"`),
      closed: () => this.#tell(`${name}: lost`),
      accepted: () => {
        this.#tell(`${name}: accepted`);
        return this.#ear('connection');
      },
    };
  }

  send(type: keyof typeof Type, channel: number, payload?: Buffer): void {
    void this.connection.send(Type[type], channel, payload);
  }

  async listen(credit: number, port = 0): Promise<number> {
    const channel = this.connection.open(this.#ear('port'));
    this.send('listen', channel, new Writer().u16(port).u32(credit).bytes);
    await this.until(/^port: opened/);
    return channel;
  }

  /** A program whose output is told. */
  run(source: string): number {
    const channel = this.connection.open(this.#ear('program'));
    const command = ['python3', '-u', '-c', `import os, socket, sys\n${source}`];
    this.send('start', channel, startPayload({ command, cwd: '/', env: { PATH: '/usr/bin' }, stdin: 'none', pty: undefined }, 65_536, undefined));
    return channel;
  }

  /** Resolves when something like this was told, for the `times`th time. */
  async until(what: RegExp, times = 1): Promise<void> {
    while (this.told.filter((each) => what.test(each)).length < times) await new Promise<void>((resolve) => (this.#changed = resolve));
  }

  about(name: string): string[] {
    return this.told.filter((each) => each.startsWith(`${name}: `)).map((each) => each.slice(name.length + 2));
  }
}

describe('the relay of an agent', () => {
  const agents = useAgents();

  async function talk(): Promise<Talk> {
    const { socket } = agents.start(['--descriptor', '4'], { options: systemFolders });
    const connection = new AgentConnection(socket, systemClock);
    await connection.hello;
    return new Talk(connection);
  }

  it('passes on the first bytes of a program without being asked, and no more than the credit', async () => {
    const all = await talk();
    await all.listen(3);
    all.run(`c = socket.create_connection(("127.0.0.1", ${all.port}))\nc.sendall(b"abcdefgh")\nc.close()`);
    await all.until(/program: gone/);
    expect(all.about('connection')).to.deep.equal(['"abc"']);
    all.send('credit', FIRST_ACCEPTED_CHANNEL, u32(2));
    await all.until(/"de"/);
    all.send('credit', FIRST_ACCEPTED_CHANNEL, u32(100));
    await all.until(/ended/);
    all.send('end', FIRST_ACCEPTED_CHANNEL);
    await all.until(/closed/);
    expect(all.about('connection')).to.deep.equal(['"abc"', '"de"', '"fgh"', 'ended', 'closed 0']);
  });

  it('passes on nothing without credit', async () => {
    const all = await talk();
    await all.listen(0);
    all.run(`c = socket.create_connection(("127.0.0.1", ${all.port}))\nc.sendall(b"abc")\nc.close()`);
    await all.until(/program: gone/);
    expect(all.about('connection')).to.deep.equal([]);
    all.send('close', FIRST_ACCEPTED_CHANNEL);
    await all.until(/closed/);
    expect(all.about('connection')).to.deep.equal(['closed 0']);
  });

  it('takes no more than it said, and ends where the daemon sends more', async () => {
    const all = await talk();
    await all.listen(0);
    all.run(`c = socket.socket()\nc.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)\nc.connect(("127.0.0.1", ${all.port}))\nimport time\ntime.sleep(600)`);
    await all.until(/accepted/);
    const taken = () => all.about('connection').reduce((sum, each) => sum + (each.startsWith('taken') ? Number(each.slice(6)) : 0), 0);
    // What the kernel takes is said to have been taken; the rest waits in the agent.
    let sent = 0;
    while (sent - taken() < RELAY_WINDOW_BYTES) {
      const size = Math.min(65_536, RELAY_WINDOW_BYTES - (sent - taken()));
      all.send('data', FIRST_ACCEPTED_CHANNEL, Buffer.alloc(size));
      sent += size;
      await all.connection.ask((channel) => all.connection.send(Type.facts, channel));
    }
    all.send('data', FIRST_ACCEPTED_CHANNEL, Buffer.alloc(1));
    await all.until(/lost/);
    expect(all.connection.reason).to.equal('the daemon sent more to a connection than was asked for');
  });

  it('listens at 32 ports, and at one more when one was closed', async () => {
    const all = await talk();
    const channels: number[] = [];
    for (let at = 0; at < 32; at++) channels.push(await all.listen(0));
    await all.listen(0);
    await all.until(/opened 24/);
    all.send('close', channels[7] as number);
    await all.until(/closed 0/);
    const before = all.about('port').length;
    await all.listen(0);
    await all.until(/opened 0/, 33);
    expect(all.about('port').slice(before)).to.deep.equal(['opened 0']);
  });

  it('leaves none of its sockets to the programs that it starts', async () => {
    const all = await talk();
    await all.listen(100);
    all.run(`c = socket.create_connection(("127.0.0.1", ${all.port}))\nc.sendall(b"x")\nc.recv(1)`);
    await all.until(/"x"/);
    const other = all.run('print([os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{fd}") and int(fd) > 2])');
    await all.until(/program: exit/);
    expect(all.about('program').filter((each) => each.includes('socket:'))).to.deep.equal([]);
    expect(other).to.be.greaterThan(0);
  });

  const senseless: Record<string, (channel: number) => Buffer> = {
    'a port on a channel that has one': (channel) => frame(Type.listen, channel, new Writer().u16(0).u32(1).bytes),
    'a connection on a channel that has a port': (channel) => frame(Type.connect, channel, new Writer().u16(1).u32(1).bytes),
    'a port without credit': () => frame(Type.listen, 99, new Writer().u16(0).bytes),
    'two watches': () => Buffer.concat([frame(Type.watchPorts, 98), frame(Type.watchPorts, 99)]),
  };
  for (const [what, bytes] of Object.entries(senseless)) {
    it(`ends the agent, as something that makes no sense: ${what}`, async () => {
      const { socket } = agents.start(['--descriptor', '4'], { options: systemFolders });
      const connection = new AgentConnection(socket, systemClock);
      await connection.hello;
      const all = new Talk(connection);
      const channel = await all.listen(0);
      void socket.write(bytes(channel));
      await connection.closed;
      expect(connection.reason).to.match(/makes no sense|twice/);
    });
  }
});
