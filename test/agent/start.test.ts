/** How an agent starts and ends, from outside: in a bubblewrap in which nothing can be written. */
import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '../../server/src/base/clock.ts';
import { socketCarrier } from '../../server/src/runtime/agent/carrier.ts';
import { AgentConnection } from '../../server/src/runtime/agent/connection.ts';
import { type Facts, parseFacts } from '../../server/src/runtime/agent/facts.ts';
import { frame, Type } from '../../server/src/runtime/agent/frames.ts';
import { sealedCarrier } from '../../server/src/runtime/agent/seal.ts';
import { chosenCarrier } from '../../server/src/runtime/kinds/docker/carriers.ts';
import { useAgents } from './begin.ts';

describe('an agent', () => {
  const agents = useAgents();
  const { start } = agents;

  const factsOver = async (connection: AgentConnection): Promise<Facts> => parseFacts(await connection.hello);

  for (const uid of [65534, 0]) {
    it(`is the first process, and can't be read by others of its user, which is ${uid}`, async () => {
      const { socket } = start(['--descriptor', '4'], { uid });
      const facts = await factsOver(new AgentConnection(socket, systemClock));
      expect(facts.uid).to.equal(uid);
      expect(facts.agent).to.deep.include({ first: true, closed: true });
    });
  }

  it('has no new privileges, no capabilities, and is behind its filter', async () => {
    const { socket } = start(['--descriptor', '4']);
    const facts = await factsOver(new AgentConnection(socket, systemClock));
    expect([facts.noNewPrivs, facts.noCapabilities, facts.seccomp]).to.deep.equal([true, true, 2]);
  });

  it('tells of a mount as one word, whatever its name is, and whether it can be written', async () => {
    const { socket } = start(['--descriptor', '4'], { options: ['--tmpfs', '/odd name\nclosed\nhere', '--ro-bind', '/usr', '/usr'] });
    const { mounts, writable } = await factsOver(new AgentConnection(socket, systemClock));
    expect([...mounts.keys()]).to.deep.equal(['/', '/odd\\040name\\012closed\\012here']);
    expect([...writable]).to.deep.equal(['/odd\\040name\\012closed\\012here']);
  });

  it('ends when its connection does', async () => {
    const { socket, ended } = start(['--descriptor', '4']);
    const connection = new AgentConnection(socket, systemClock);
    await connection.hello;
    connection.destroy();
    expect(await ended).to.equal(0);
  });

  it('speaks over stdin and stdout, and ends with them', async () => {
    const { stdio, ended } = start([]);
    const connection = new AgentConnection(stdio, systemClock);
    expect((await factsOver(connection)).pid).to.equal(1);
    connection.destroy();
    expect(await ended).to.equal(0);
  });

  it('speaks over the socket at a path, and ends when its stdin does', async () => {
    const server = createServer().listen(join(agents.folder, 'socket'));
    const connected = once(server, 'connection') as Promise<[Socket]>;
    const { child, ended } = start(['--socket', '/folder/socket']);
    const connection = new AgentConnection(socketCarrier((await connected)[0]), systemClock);
    expect((await factsOver(connection)).pid).to.equal(1);
    child.stdin.end();
    expect(await ended).to.equal(0);
    await connection.closed;
    server.close();
  });

  it('speaks over stdin and stdout if nobody answers at the path of a socket', async () => {
    const { stdio } = start(['--socket', '/folder/nobody']);
    expect((await factsOver(new AgentConnection(stdio, systemClock))).pid).to.equal(1);
  });

  it('puts a seal on each frame and asks for one where it is told to, and ends with a wrong one', async () => {
    const { stdio, ended } = start(['--sealed']);
    const connection = new AgentConnection(sealedCarrier(stdio), systemClock);
    expect((await factsOver(connection)).pid).to.equal(1);
    // A long text, and many short ones: every length of what is sealed, modulo a block of the hash.
    for (const length of [...Array.from({ length: 70 }, (_, at) => at), 60_000]) {
      const names = Buffer.from(`${'n'.repeat(length)}\0`);
      const { errno, payload } = await connection.ask((channel) => connection.send(Type.find, channel, names));
      expect([errno, payload[0]], `${length}`).to.deep.equal([0, 0]);
    }
    await stdio.write(Buffer.concat([frame(Type.facts, 99), Buffer.alloc(16)]));
    expect(await ended).to.equal(1);
    await connection.closed;
    expect(connection.reason).to.equal('a program has changed what the daemon sent');
  });

  it('takes the key of the seals from its stdin also where it speaks over a socket', async () => {
    const server = createServer().listen(join(agents.folder, 'sealed'));
    const connected = (once(server, 'connection') as Promise<[Socket]>).then(([socket]) => socketCarrier(socket));
    const { stdio, ended } = start(['--sealed', '--socket', '/folder/sealed']);
    const connection = new AgentConnection(sealedCarrier(chosenCarrier(stdio, connected, systemClock)), systemClock);
    expect((await factsOver(connection)).pid).to.equal(1);
    expect((await connection.ask((channel) => connection.send(Type.find, channel))).errno).to.equal(0);
    await (await connected).write(Buffer.concat([frame(Type.facts, 99), Buffer.alloc(16)]));
    expect(await ended).to.equal(1);
    await connection.closed;
    expect(connection.reason).to.equal('a program has changed what the daemon sent');
    server.close();
  });

  it('says that it is there when it is asked for no programs', async () => {
    const { socket } = start(['--descriptor', '4']);
    const connection = new AgentConnection(socket, systemClock);
    await connection.hello;
    const { errno, payload } = await connection.ask((channel) => connection.send(Type.find, channel));
    expect([errno, payload.length]).to.deep.equal([0, 0]);
  });

  it('gives up, and says why, when it gets a frame of an unknown type', async () => {
    const { socket, ended } = start(['--descriptor', '4']);
    const connection = new AgentConnection(socket, systemClock);
    await connection.hello;
    await connection.send(99, 1);
    expect(await ended).to.equal(1);
    await connection.closed;
    expect(connection.reason).to.equal('the daemon sent a frame that makes no sense');
  });

  const wrong: Record<string, [code: number, message: RegExp, args: readonly string[]]> = {
    'an option that it does not know': [2, /^usage: /, ['--unknown', 'x']],
    'an option without its value': [2, /^usage: /, ['--user']],
    'a user that is no number': [1, /--user UID:GID/, ['--user', 'nobody']],
  };
  for (const [what, [code, message, args]] of Object.entries(wrong)) {
    it(`does not start with ${what}`, async () => {
      const { child, ended } = start(args);
      let text = '';
      child.stderr.on('data', (bytes: Buffer) => (text += bytes.toString()));
      expect(await ended).to.equal(code);
      expect(text).to.match(message);
    });
  }
});
