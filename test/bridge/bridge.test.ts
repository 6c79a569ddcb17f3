/** The bridge between a client and a daemon elsewhere: what passes, in which order, and how fast. */
import { expect } from 'chai';
import { Bridge } from '../../server/src/bridge/bridge.ts';
import { CannotConnect } from '../../server/src/bridge/fault.ts';
import { Side } from './side.ts';

const never = new Promise<void>(() => undefined);

describe('a bridge', () => {
  function bench() {
    const [client, daemon] = [new Side(), new Side()];
    const bridge = new Bridge(client);
    return { client, daemon, bridge };
  }

  it('passes every message as it is, also those that came before the daemon was there', () => {
    const { client, daemon, bridge } = bench();
    client.says('{"id":1,  "method":"initialize"}');
    client.says('{"id":2,"method":"x"}');
    bridge.connect(daemon);
    client.says('not even JSON');
    daemon.says('{"id":1,"result":"ä"}');
    expect(daemon.got).to.deep.equal(['{"id":1,  "method":"initialize"}', '{"id":2,"method":"x"}', 'not even JSON']);
    expect(client.got).to.deep.equal(['{"id":1,"result":"ä"}']);
  });

  it('reads no more of a client than its first messages before the daemon is there', () => {
    const { client, daemon, bridge } = bench();
    client.says(`"${'x'.repeat(70_000)}"`);
    expect(client.paused).to.equal(true);
    bridge.connect(daemon);
    expect(client.paused).to.equal(false);
  });

  for (const [from, to] of [['client', 'daemon'], ['daemon', 'client']] as const) {
    it(`reads the ${from} no faster than the ${to} takes what is sent`, () => {
      const sides = bench();
      const { [from]: source, [to]: target } = sides;
      sides.bridge.connect(sides.daemon);
      target.unsentBytes = 4 * 1024 * 1024;
      source.says('1');
      expect(source.paused).to.equal(false);
      target.unsentBytes += 1;
      source.says('2');
      expect([source.paused, target.paused]).to.deep.equal([true, false]);
      target.takes(3 * 1024 * 1024);
      expect(source.paused, 'not yet').to.equal(true);
      target.takes(2 * 1024 * 1024);
      expect(source.paused).to.equal(false);
      expect(target.got).to.deep.equal(['1', '2']);
    });
  }

  it('answers initialize where there is no daemon, whether it comes before or after', async () => {
    const fault = new CannotConnect('token', 'it wants a token');
    const error = { code: 1006, message: 'it wants a token', data: { kind: 'DaemonUnreachable', reason: 'token' } };
    for (const isBefore of [true, false]) {
      const { client, bridge } = bench();
      const ask = () => client.says({ jsonrpc: '2.0', id: 7, method: 'initialize', params: {} });
      if (isBefore) ask();
      const refused = bridge.refuse(fault, never);
      if (!isBefore) ask();
      await refused;
      expect(client.messages).to.deep.equal([{ jsonrpc: '2.0', id: 7, error }]);
    }
  });

  it('answers nobody who says nothing, or nothing that can be answered', async () => {
    const fault = new CannotConnect('token', 'it wants a token');
    const silent = bench();
    await silent.bridge.refuse(fault, Promise.resolve());
    const gone = bench();
    gone.client.sink.ended('between');
    await gone.bridge.refuse(fault, never);
    const strange = bench();
    strange.client.says('[]');
    await strange.bridge.refuse(fault, never);
    expect([silent, gone, strange].flatMap(({ client }) => client.got)).to.deep.equal([]);
  });

  it('says who has ended the conversation, which is the client where it has said exit', async () => {
    const left = bench();
    left.bridge.connect(left.daemon);
    left.client.sink.ended('between');
    expect(await left.bridge.ended).to.equal('client');
    const lost = bench();
    lost.bridge.connect(lost.daemon);
    lost.client.says({ jsonrpc: '2.0', method: 'command/input', params: { data: '"exit"' } });
    lost.daemon.sink.ended('between');
    expect(await lost.bridge.ended).to.equal('daemon');
    const done = bench();
    done.bridge.connect(done.daemon);
    done.client.says({ jsonrpc: '2.0', method: 'exit' });
    done.daemon.sink.ended('between');
    expect(await done.bridge.ended).to.equal('client');
  });

  it('answers a message that is too long for anybody, as a daemon does', () => {
    const { client, daemon, bridge } = bench();
    bridge.connect(daemon);
    client.sink.refused('its body is larger than 5 bytes');
    expect(client.messages).to.deep.equal([{ jsonrpc: '2.0', id: null, error: { code: -32600, message: 'Invalid request: its body is larger than 5 bytes' } }]);
  });
});
