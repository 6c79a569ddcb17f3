/** What the program of `codebeaker run` reaches: --network, --allow, and questions on the terminal. */
import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reaching, withTyped } from '../../server/src/cli/reach.ts';
import { duplexPair } from '../fakes/duplex.ts';
import { Client, echo } from '../network/proxy.ts';
import { FakeWays } from '../network/place.ts';
import { temporaryFolder } from '../policy/folder.ts';
import { RunBench, type RunOptions } from './bench.ts';

describe('the network of a run', () => {
  const folder = temporaryFolder();
  const file = (text: string) => {
    writeFileSync(join(folder(), 'main.py'), text);
    return join(folder(), 'main.py');
  };
  const config = { network: { modes: ['allowlist' as const, 'full' as const] } };
  const make = (more: RunOptions = {}) => new RunBench({ connections: true, config, ways: new FakeWays({ names: { 'example.com': ['93.184.216.34'] }, answer: echo }), ...more });
  const until = async (bench: RunBench, check: () => boolean) => {
    for (let turn = 0; turn < 50_000 && !check(); turn += 1) await bench.clock.advance(0);
    expect(check(), 'it never came to that').to.equal(true);
  };
  /** The program connects to its proxy. */
  const tunnel = (bench: RunBench, place: string): Client => {
    const [program, stream] = duplexPair();
    bench.runtime.made[0]?.accept?.(stream);
    const client = new Client(program, stream);
    client.send(`CONNECT ${place} HTTP/1.1\r\nHost: x\r\n\r\n`);
    return client;
  };
  const runs = (bench: RunBench) => bench.runtime.made[0]?.processes[0] !== undefined;

  it('is none without an option, and has no question', async () => {
    const bench = make({ isTTY: true });
    expect(await bench.run(file('env HTTP_PROXY'))).to.equal(0);
    expect([bench.shown.stdout, bench.runtime.made[0]?.accept]).to.deep.equal(['', undefined]);
  });

  it('lets it reach what is allowed, and says what was refused', async () => {
    const bench = make();
    const running = bench.run(file('cat'), { reach: reaching(undefined, ['example.com:443']) });
    await until(bench, () => runs(bench));
    await tunnel(bench, 'example.com:443').hears(/ 200 /);
    await tunnel(bench, 'other.example:443').hears(/ 403 /);
    bench.terminal.stdin.end();
    expect(await running).to.equal(0);
    expect(bench.shown.stderr).to.equal('codebeaker: CodeBeaker does not allow this session to reach other.example:443: add other.example:443 to the hosts of its network (codebeaker run --allow other.example:443)\n');
  });

  for (const [key, status, shown] of [['y', 200, 'y'], ['A', 200, 'a'], ['n', 403, 'n'], ['\r', 403, 'n'], ['\x03', 403, 'n']] as const) {
    it(`asks on a terminal, and takes ${JSON.stringify(key)} for ${shown}`, async () => {
      const bench = make({ isTTY: true });
      Object.assign(bench.terminal.stdin, { isRaw: true });
      const running = bench.run(file('cat'), { reach: reaching('ask') });
      await until(bench, () => runs(bench) && bench.raw.length === 2);
      const client = tunnel(bench, 'example.com:443');
      await until(bench, () => bench.shown.stderr.includes('N] '));
      bench.terminal.stdin.write(key);
      await client.hears(new RegExp(` ${status} `));
      bench.terminal.stdin.write('for the program');
      await until(bench, () => bench.shown.stdout === 'for the program');
      bench.terminal.stdin.end();
      expect(await running).to.equal(0);
      expect(bench.shown.stderr).to.contain(`\r\ncodebeaker: let this program reach example.com:443? [y = once, a = for this run, N] ${shown}\r\n`);
    });
  }

  it('withdraws a question that nobody answers, and lets the program read again', async () => {
    const bench = make({ isTTY: true });
    const running = bench.run(file('cat'), { reach: reaching('ask') });
    await until(bench, () => runs(bench) && bench.raw.length === 2);
    const client = tunnel(bench, 'example.com:443');
    await until(bench, () => bench.shown.stderr.includes('N] '));
    await bench.clock.advance(30_000);
    await client.hears(/ 403 /);
    await until(bench, () => bench.shown.stderr.includes('N] no: nobody answered\r\n'));
    bench.terminal.stdin.write('x');
    await until(bench, () => bench.shown.stdout === 'x');
    bench.terminal.stdin.end();
    expect(await running).to.equal(0);
  });

  it('asks nobody where there is no terminal, and says so if that was wanted', async () => {
    const bench = make();
    expect(await bench.run(file('cat'), { reach: reaching('ask') })).to.equal(125);
    expect(bench.shown.stderr).to.equal('codebeaker: --network ask needs a terminal on which it can ask, and no --json; --allow names hosts ahead\n');
  });

  it('that is typed counts where the configuration says nothing of modes, and only there', () => {
    expect(withTyped({}, ['full'])).to.deep.equal({ network: { modes: ['full'] } });
    expect(withTyped({ network: { hosts: ['a.example'] } }, ['allowlist'])).to.deep.equal({ network: { hosts: ['a.example'], modes: ['allowlist'] } });
    expect(withTyped({ network: { modes: [] } }, ['full'])).to.deep.equal({ network: { modes: [] } });
    expect(withTyped({}, [])).to.deep.equal({});
  });
});
