/** The ports of a session, over a sandbox that is played: what leads out, who is refused, and that all of it ends with the session. */
import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { Duplex, PassThrough } from 'node:stream';
import { forwarding } from '../../server/src/base/forward.ts';
import { ProtocolError } from '../../server/src/protocol/index.ts';
import type { Sandbox } from '../../server/src/runtime/ports.ts';
import { SessionPorts } from '../../server/src/session/ports.ts';
import type { Session } from '../../server/src/session/session.ts';
import { faultOf, SessionBench } from './bench.ts';

/** Two ends of a connection: what is written to the one is read from the other. */
function pair(): [Duplex, Duplex] {
  const [there, back] = [new PassThrough(), new PassThrough()];
  return [Duplex.from({ readable: back, writable: there }), Duplex.from({ readable: there, writable: back })];
}

describe('the ports of a session', () => {
  /** A session whose sandbox gives out the connections that the test made. */
  async function bench() {
    const sessions = new SessionBench();
    const session = await sessions.create();
    const inside: Duplex[] = [];
    let now: readonly number[] = [80];
    const watchers = new Set<(ports: readonly number[]) => void>();
    let refuses = false;
    const sandbox = forwarding<Sandbox>(() => session.sandbox, {
      can: { ...session.sandbox.can, connections: true },
      connect: () => {
        if (refuses) return Promise.reject(new ProtocolError('SandboxFailed', 'nothing listens'));
        const [outer, inner] = pair();
        inner.on('error', () => undefined);
        inside.push(inner);
        return Promise.resolve(outer);
      },
      watchPorts: (signal, changed) => {
        if (signal.aborted) return;
        watchers.add(changed);
        signal.addEventListener('abort', () => watchers.delete(changed));
        changed(now);
      },
    });
    const ports = new SessionPorts(forwarding<Session>(() => session, { sandbox }));
    return { sessions, session, ports, inside, tell: (listening: readonly number[]) => {
      now = listening;
      for (const each of [...watchers]) each(now);
    }, refuse: () => (refuses = true) };
  }
  const reach = async (port: number): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
  const endOf = (socket: Socket) => new Promise<string>((resolve) => {
    socket.on('error', (fault: NodeJS.ErrnoException) => resolve(fault.code ?? '')).on('close', () => resolve('closed')).resume();
  });

  it('carry bytes both ways, and each direction ends by itself', async () => {
    const { ports, inside, session } = await bench();
    const { hostPort } = await ports.forward(80);
    const socket = await reach(hostPort);
    socket.end('question');
    let heard = '';
    socket.on('data', (bytes: Buffer) => void (heard += bytes.toString()));
    while (inside.length === 0) await new Promise<void>((resolve) => void setImmediate(resolve));
    const [inner] = inside as [Duplex];
    let asked = '';
    inner.on('data', (bytes: Buffer) => void (asked += bytes.toString()));
    await once(inner, 'end');
    inner.end('answer');
    await once(socket, 'close');
    expect([asked, heard]).to.deep.equal(['question', 'answer']);
    await session.close('client');
  });

  it('reset whoever connects where nobody listens', async () => {
    const { ports, refuse, session } = await bench();
    refuse();
    const { hostPort } = await ports.forward(80);
    expect(await endOf(connect(hostPort, '127.0.0.1'))).to.equal('ECONNRESET');
    await session.close('client');
  });

  it('are listed with what listens, and are told once for each change', async () => {
    const { ports, tell, session } = await bench();
    const told: string[] = [];
    ports.watch((now) => void told.push(now.join()));
    tell([80]);
    tell([80, 90]);
    tell([]);
    expect(told).to.deep.equal(['80', '80,90', '']);
    tell([80]);
    const { hostPort } = await ports.forward(70);
    expect(await ports.list()).to.deep.equal([{ port: 70, listening: false, hostPort }, { port: 80, listening: true }]);
    await ports.close(70);
    expect(await ports.list()).to.deep.equal([{ port: 80, listening: true }]);
    expect((await faultOf(ports.close(70))).message).to.equal('port: port 70 of the session is not forwarded');
    await session.close('client');
  });

  it('are not told while a debugger runs if the system chose them, since they may be the debugger’s (issue 16)', async () => {
    const { ports, tell, session } = await bench();
    const told: string[] = [];
    ports.watch((now) => void told.push(now.join()));
    const [one, other] = [ports.debugging(), ports.debugging()];
    tell([80, 40_001]);
    tell([80, 8000, 40_001, 60_999]);
    one();
    tell([80, 8000, 40_002]);
    expect(await ports.list()).to.deep.equal([{ port: 80, listening: true }, { port: 8000, listening: true }]);
    tell([80, 8000]);
    other();
    tell([80, 8000, 40_003]);
    expect(told).to.deep.equal(['80', '80,8000', '80,8000,40003']);
    await session.close('client');
  });

  it('are told when the last debugger has ended, and those from before it all the time', async () => {
    const { ports, tell, session } = await bench();
    const told: string[] = [];
    ports.watch((now) => void told.push(now.join()));
    tell([80, 40_001]);
    const ended = ports.debugging();
    tell([80, 40_001, 50_000]);
    tell([80, 90, 40_001, 50_000]);
    expect(await ports.list()).to.deep.equal([80, 90, 40_001].map((port) => ({ port, listening: true })));
    ended();
    await new Promise(setImmediate);
    // The program of a person listens at the last one, and nothing changes any more.
    expect(told).to.deep.equal(['80', '80,40001', '80,90,40001', '80,90,40001,50000']);
    await session.close('client');
  });

  it('are refused where the port of this machine is taken, or leads there from another', async () => {
    const { ports, session } = await bench();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port: taken } = other.address() as AddressInfo;
    expect((await faultOf(ports.forward(80, taken))).message).to.contain(`port ${taken} of this machine is taken`);
    // One that was refused leaves nothing behind.
    const first = await ports.forward(80);
    expect(await ports.forward(80, first.hostPort)).to.equal(first);
    expect((await faultOf(ports.forward(80, taken))).message).to.contain(`port ${first.hostPort} of this machine leads to port 80 already`);
    other.close();
    await session.close('client');
  });

  it('are at most 32, and all end with the session, whatever is open', async () => {
    const { ports, session } = await bench();
    const all = await Promise.all(Array.from({ length: 32 }, (_, at) => ports.forward(9000 + at)));
    expect((await faultOf(ports.forward(1))).kind).to.equal('QuotaExceeded');
    const socket = await reach(all[0]?.hostPort ?? 0);
    const ended = endOf(socket);
    await session.close('client');
    expect(await ended).to.equal('ECONNRESET');
    expect(await endOf(connect(all[31]?.hostPort ?? 0, '127.0.0.1'))).to.equal('ECONNREFUSED');
    expect((await faultOf(ports.forward(80))).kind).to.equal('SessionClosed');
    expect(await ports.list()).to.deep.equal([]);
  });

  it('can not be had in a sandbox without connections', async () => {
    const session = await new SessionBench().create();
    const ports = new SessionPorts(session);
    expect((await faultOf(ports.forward(80))).kind).to.equal('SandboxFailed');
    expect(await ports.list()).to.deep.equal([]);
    await session.close('client');
  });
});
