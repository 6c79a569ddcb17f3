/** The connection to an agent: who gets what comes, what is asked and answered, and what its end means. */
import { expect } from 'chai';
import { AgentConnection, ConnectionLost, type Listener } from '../../../server/src/runtime/agent/connection.ts';
import { MAX_PAYLOAD_BYTES, PROTOCOL_VERSION, Type, Writer } from '../../../server/src/runtime/agent/frames.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { connected, ScriptedAgent, settled, isOpen } from './scripted.ts';

const opened = () => {
  const agent = new ScriptedAgent();
  return { agent, connection: new AgentConnection(agent.carrier, new FakeClock()) };
};
/** Listens to everything, and keeps it as texts. */
function ear(): { listener: Listener; heard: string[] } {
  const heard: string[] = [];
  return {
    heard,
    listener: {
      frame: (type, payload) => void heard.push(`${type} ${payload.toString()}`),
      output: (origin, bytes) => void heard.push(`output ${origin} ${bytes.toString()}`),
      closed: () => void heard.push('closed'),
    },
  };
}
const lost = (work: Promise<unknown>) => work.then(() => 'done', (fault: unknown) => (fault instanceof ConnectionLost ? 'lost' : String(fault)));

describe('the hello of an agent', () => {
  it('has its facts', async () => {
    const { agent, connection } = opened();
    agent.hello('pid 1\n');
    expect(await connection.hello).to.equal('pid 1\n');
    expect([isOpen(connection), connection.reason]).to.deep.equal([true, undefined]);
  });

  it('of another version ends the connection, and says why', async () => {
    const { agent, connection } = opened();
    agent.hello('pid 1\n', PROTOCOL_VERSION + 1);
    expect(await lost(connection.hello)).to.equal('lost');
    expect([agent.destroyed, connection.reason]).to.deep.equal([true, 'the agent speaks another version of the protocol']);
  });

  it('that is too short ends the connection', async () => {
    const { agent, connection } = opened();
    agent.say('hello', 0, Buffer.from([1]));
    expect(await lost(connection.hello)).to.equal('lost');
    expect(agent.destroyed).to.equal(true);
  });

  it('does not come if the agent ends before, and its last words are kept', async () => {
    const { agent, connection } = opened();
    agent.say('lost', 0, Buffer.from('no memory is left for the agent'));
    agent.say('lost', 0, Buffer.from('and more'));
    agent.end();
    expect(await lost(connection.hello)).to.equal('lost');
    expect(connection.reason).to.equal('no memory is left for the agent');
  });
});

describe('the channels of a connection', () => {
  it('get what is theirs, and nothing after they were released', async () => {
    const { agent, connection } = connected();
    const [one, other] = [ear(), ear()];
    const channels = [connection.open(one.listener), connection.open(other.listener)] as const;
    expect(channels[0]).not.to.equal(channels[1]);
    agent.say('started', channels[0], Buffer.from('a'));
    agent.output(channels[1], 'stderr', 'b');
    agent.say('started', 99, Buffer.from('of nobody'));
    connection.release(channels[0]);
    agent.say('started', channels[0], Buffer.from('late'));
    expect([one.heard, other.heard]).to.deep.equal([[`${Type.started} a`], ['output 2 b']]);
  });

  it('learn that the connection has ended, once', async () => {
    const { agent, connection } = connected();
    const { listener, heard } = ear();
    connection.open(listener);
    agent.end();
    await connection.closed;
    await settled();
    expect([heard, isOpen(connection)]).to.deep.equal([['closed'], false]);
    expect(() => connection.open(listener)).to.throw(ConnectionLost);
    await connection.send(Type.facts, 1);
    expect(agent.sent).to.deep.equal([]);
  });
});

describe('what is sent', () => {
  it('in one turn goes out in one write, in order', async () => {
    const { agent, connection } = connected();
    for (const text of ['a', 'b', 'c']) void connection.send(Type.data, 1, Buffer.from(text));
    expect(agent.writes).to.deep.equal([]);
    await settled();
    expect([agent.writes, agent.sent.map(({ payload }) => payload.toString())]).to.deep.equal([[30], ['a', 'b', 'c']]);
  });

  it('stays in order where a large frame follows small ones, and makes the sender wait while nothing is taken', async () => {
    const { agent, connection } = connected();
    const goOn = agent.hold();
    void connection.send(Type.data, 1, Buffer.from('small'));
    let sent = false;
    void connection.send(Type.data, 1, Buffer.alloc(32 * 1024)).then(() => (sent = true));
    void connection.send(Type.end, 1);
    await settled();
    expect([agent.sent.map(({ payload }) => payload.length), sent]).to.deep.equal([[5, 32 * 1024, 0], false]);
    goOn();
    await settled();
    expect(sent).to.equal(true);
  });
});

describe('a request', () => {
  it('has the answer with its errno and payload, after entries and content', async () => {
    const { agent, connection } = connected();
    const seen: string[] = [];
    agent.on('list', ({ channel, payload }) => {
      agent.say('entries', channel, Buffer.from(`of ${payload.toString()}`));
      agent.output(channel, 'content', 'bytes');
      agent.done(channel, 'ENOENT', Buffer.from('more'));
    });
    const answer = await connection.ask((channel) => connection.send(Type.list, channel, Buffer.from('it')), {
      entries: (bytes) => void seen.push(bytes.toString()),
      output: (bytes) => void seen.push(bytes.toString()),
    });
    expect([answer.errno, answer.payload.toString(), seen]).to.deep.equal([2, 'more', ['of it', 'bytes']]);
  });

  it('has its own answer where several are asked, in any order', async () => {
    const { agent, connection } = connected();
    const asked = [0, 1, 2].map(() => connection.ask((channel) => connection.send(Type.facts, channel)));
    await settled();
    const channels = agent.of('facts').map(({ channel }) => channel);
    for (const channel of [...channels].reverse()) agent.done(channel, channel);
    expect((await Promise.all(asked)).map(({ errno }) => errno)).to.deep.equal(channels);
  });

  it('is lost with the connection: at once, and while it is asked', async () => {
    const { agent, connection } = connected();
    const asked = lost(connection.ask((channel) => connection.send(Type.facts, channel)));
    await settled();
    agent.end();
    expect(await asked).to.equal('lost');
    expect(await lost(connection.ask((channel) => connection.send(Type.facts, channel)))).to.equal('lost');
  });

  it('that can not be sent fails, and its late answer is nobody\'s', async () => {
    const { agent, connection } = connected();
    const channels: number[] = [];
    const asked = connection.ask((channel) => {
      channels.push(channel);
      return Promise.reject(new Error('no bytes'));
    });
    expect(await lost(asked)).to.equal('Error: no bytes');
    agent.done(channels[0] as number);
    expect(isOpen(connection)).to.equal(true);
  });
});

describe('an agent that sends nonsense', () => {
  const nonsense: Record<string, (agent: ScriptedAgent, channel: number) => void> = {
    'a frame that is too long': (agent) => agent.raw(new Writer().u32(MAX_PAYLOAD_BYTES + 1).u32(0).u8(Type.done).bytes),
    'an answer without an errno': (agent, channel) => agent.say('done', channel, Buffer.from([0])),
  };
  for (const [name, speak] of Object.entries(nonsense)) {
    it(`is not spoken with any more: ${name}`, async () => {
      const { agent, connection } = connected();
      const asked = lost(connection.ask((channel) => connection.send(Type.facts, channel)));
      await settled();
      speak(agent, agent.of('facts')[0]?.channel ?? 0);
      expect(await asked).to.equal('lost');
      expect([agent.destroyed, connection.reason]).to.satisfy(([destroyed, reason]: [boolean, unknown]) => destroyed && typeof reason === 'string');
    });
  }
});
