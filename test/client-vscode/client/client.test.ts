import { expect } from 'chai';
import { Client, GaveUp } from '../../../client-vscode/src/client/client.ts';
import type { Link } from '../../../client-vscode/src/client/link.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { FakeLink, settle } from '../../fakes/link.ts';

function bench(connect?: () => Promise<Link>) {
  const links: FakeLink[] = [];
  const gaveUp: string[] = [];
  const changes: boolean[] = [];
  const clock = new FakeClock();
  const client = new Client({
    connect: connect ?? (async () => {
      const link = new FakeLink();
      links.push(link);
      return link;
    }),
    gaveUp: (ending) => void gaveUp.push(ending),
    clock,
    log: { info() {}, warn() {}, error() {}, trace() {} },
  });
  client.onChange((link) => void changes.push(link !== undefined));
  return { client, links, gaveUp, changes, clock };
}

describe('the client', () => {
  it('starts one daemon for all', async () => {
    const { client, links, changes } = bench();
    expect(await client.link()).to.equal(await client.link());
    expect(links).to.have.lengthOf(1);
    expect(changes).to.deep.equal([true]);
  });

  it('starts it again when it dies', async () => {
    const { client, links, changes, gaveUp } = bench();
    await client.link();
    links[0]?.die();
    await settle();
    expect(links).to.have.lengthOf(2);
    expect(await client.link()).to.equal(links[1]);
    expect(changes).to.deep.equal([true, false, true]);
    expect(gaveUp).to.deep.equal([]);
  });

  it('gives up at the fifth death in three minutes, until somebody asks', async () => {
    const { client, links, gaveUp } = bench();
    await client.link();
    for (let death = 0; death < 5; death += 1) {
      links.at(-1)?.die('was ended by SIGSEGV');
      await settle();
    }
    expect(gaveUp).to.deep.equal(['was ended by SIGSEGV']);
    expect(links).to.have.lengthOf(5);
    const refused = await client.use(async () => undefined).catch((fault: unknown) => fault);
    expect(refused).to.be.instanceOf(GaveUp);
    client.restart();
    await settle();
    expect(await client.link()).to.equal(links[5]);
  });

  it('does not count deaths that are long ago', async () => {
    const { client, links, gaveUp, clock } = bench();
    await client.link();
    for (let death = 0; death < 12; death += 1) {
      links.at(-1)?.die();
      await settle();
      await clock.advance(60_000);
    }
    expect(gaveUp).to.deep.equal([]);
    expect(links).to.have.lengthOf(13);
  });

  it('counts a daemon that can’t be started', async () => {
    let tries = 0;
    const { client, gaveUp } = bench(async () => {
      tries += 1;
      throw new Error('no such program');
    });
    await client.link().catch(() => undefined);
    await settle();
    expect(tries).to.equal(5);
    expect(gaveUp).to.deep.equal(['no such program']);
  });

  it('replaces a daemon that nobody uses at once, and another when its last user has ended', async () => {
    const { client, links } = bench();
    await client.link();
    client.renew();
    await settle();
    expect(links.map(({ closed }) => closed)).to.deep.equal([true, false]);

    let end: () => void = () => undefined;
    const using = client.use(() => new Promise<void>((resolve) => (end = resolve)));
    await settle();
    client.renew();
    await settle();
    expect(links.map(({ closed }) => closed)).to.deep.equal([true, false, false]);
    expect(await client.link()).to.equal(links[2]);
    end();
    await using;
    await settle();
    expect(links.map(({ closed }) => closed)).to.deep.equal([true, true, false]);
  });

  it('does not start one only because settings have changed', () => {
    const { client, links } = bench();
    client.renew();
    expect(links).to.have.lengthOf(0);
  });

  it('leaves none behind when it stops', async () => {
    const { client, links } = bench();
    await client.link();
    await client.stop();
    await settle();
    expect(links.map(({ closed }) => closed)).to.deep.equal([true]);
    expect(await client.link().catch((fault: unknown) => fault)).to.be.instanceOf(GaveUp);
  });
});
