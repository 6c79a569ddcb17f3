import { expect } from 'chai';
import { Client, TooManyCrashes } from '../../../client-vscode/src/client/client.ts';
import { Crashes } from '../../../client-vscode/src/client/crashes.ts';
import type { Connection } from '../../../client-vscode/src/client/connection.ts';
import { casesOf } from '../../client-cases/cases.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { FakeConnection, settle } from '../../fakes/connection.ts';

function bench(connect?: () => Promise<Connection>) {
  const connections: FakeConnection[] = [];
  const givenUp: string[] = [];
  const changes: boolean[] = [];
  const clock = new FakeClock();
  const client = new Client({
    connect: connect ?? (async () => {
      const connection = new FakeConnection();
      connections.push(connection);
      return connection;
    }),
    onTooManyCrashes: (ending) => void givenUp.push(ending),
    clock,
    log: { info() {}, warn() {}, error() {}, trace() {} },
  });
  client.onChange((connection) => void changes.push(connection !== undefined));
  return { client, connections, givenUp, changes, clock };
}

describe('the client', () => {
  it('starts one daemon for all callers', async () => {
    const { client, connections, changes } = bench();
    expect(await client.connection()).to.equal(await client.connection());
    expect(connections).to.have.lengthOf(1);
    expect(changes).to.deep.equal([true]);
  });

  it('starts the daemon again when it crashes', async () => {
    const { client, connections, changes, givenUp } = bench();
    await client.connection();
    connections[0]?.die();
    await settle();
    expect(connections).to.have.lengthOf(2);
    expect(await client.connection()).to.equal(connections[1]);
    expect(changes).to.deep.equal([true, false, true]);
    expect(givenUp).to.deep.equal([]);
  });

  it('gives up at the fifth crash within three minutes, until it is restarted', async () => {
    const { client, connections, givenUp } = bench();
    await client.connection();
    for (let death = 0; death < 5; death += 1) {
      connections.at(-1)?.die('was ended by SIGSEGV');
      await settle();
    }
    expect(givenUp).to.deep.equal(['was ended by SIGSEGV']);
    expect(connections).to.have.lengthOf(5);
    const refused = await client.use(async () => undefined).catch((fault: unknown) => fault);
    expect(refused).to.be.instanceOf(TooManyCrashes);
    client.restart();
    await settle();
    expect(await client.connection()).to.equal(connections[5]);
  });

  it('does not count old crashes', async () => {
    const { client, connections, givenUp, clock } = bench();
    await client.connection();
    for (let death = 0; death < 12; death += 1) {
      connections.at(-1)?.die();
      await settle();
      await clock.advance(60_000);
    }
    expect(givenUp).to.deep.equal([]);
    expect(connections).to.have.lengthOf(13);
  });

  it('counts a daemon that cannot be started as a crash', async () => {
    let tries = 0;
    const { client, givenUp } = bench(async () => {
      tries += 1;
      throw new Error('no such program');
    });
    await client.connection().catch(() => undefined);
    await settle();
    expect(tries).to.equal(5);
    expect(givenUp).to.deep.equal(['no such program']);
  });

  it('closes a replaced daemon at once if nobody uses it, otherwise after its last user', async () => {
    const { client, connections } = bench();
    await client.connection();
    client.renew();
    await settle();
    expect(connections.map(({ closed }) => closed)).to.deep.equal([true, false]);

    let end: () => void = () => undefined;
    const using = client.use(() => new Promise<void>((resolve) => (end = resolve)));
    await settle();
    client.renew();
    await settle();
    expect(connections.map(({ closed }) => closed)).to.deep.equal([true, false, false]);
    expect(await client.connection()).to.equal(connections[2]);
    end();
    await using;
    await settle();
    expect(connections.map(({ closed }) => closed)).to.deep.equal([true, true, false]);
  });

  it('does not start a daemon only because settings have changed', () => {
    const { client, connections } = bench();
    client.renew();
    expect(connections).to.have.lengthOf(0);
  });

  it('closes all daemons when it stops', async () => {
    const { client, connections } = bench();
    await client.connection();
    await client.stop();
    await settle();
    expect(connections.map(({ closed }) => closed)).to.deep.equal([true]);
    expect(await client.connection().catch((fault: unknown) => fault)).to.be.instanceOf(TooManyCrashes);
  });
});

describe('the count of crashes', () => {
  for (const { name, times, givesUp } of casesOf('crashes')) {
    it(name, () => {
      const crashes = new Crashes();
      expect(times.map((time) => crashes.add(time))).to.deep.equal(givesUp);
    });
  }
});
