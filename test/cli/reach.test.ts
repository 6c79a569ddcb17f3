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
  /** Waits until the question is shown, and has been for so long that a key answers it. */
  const asks = async (bench: RunBench, ms = 300) => {
    await until(bench, () => bench.shown.stderr.endsWith('N] '));
    await bench.clock.advance(ms);
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
      await asks(bench);
      bench.terminal.stdin.write(key);
      await client.hears(new RegExp(` ${status} `));
      bench.terminal.stdin.write('for the program');
      await until(bench, () => bench.shown.stdout === 'for the program');
      bench.terminal.stdin.end();
      expect(await running).to.equal(0);
      expect(bench.shown.stderr).to.contain(`\r\n\x1b[Jcodebeaker: let this program reach example.com:443? [y = once, a = for this run, N] ${shown}\r\n`);
    });
  }

  it('does not take keys for an answer that were typed before the person can have seen the question, nor gives them to the program', async () => {
    const bench = make({ isTTY: true });
    Object.assign(bench.terminal.stdin, { isRaw: true });
    const running = bench.run(file('cat'), { reach: reaching('ask') });
    await until(bench, () => runs(bench) && bench.raw.length === 2);
    const client = tunnel(bench, 'example.com:443');
    await asks(bench, 0);
    for (const key of ['y', 'a', '\r', 'y']) {
      bench.terminal.stdin.write(key);
      await asks(bench, 299);
    }
    await asks(bench, 1);
    bench.terminal.stdin.write('n');
    await client.hears(/ 403 /);
    bench.terminal.stdin.write('for the program');
    await until(bench, () => bench.shown.stdout === 'for the program');
    bench.terminal.stdin.end();
    expect(await running).to.equal(0);
  });

  it('takes a key also where the terminal gives lines, and does not take the line for one, nor the Enter after the key for the program', async () => {
    const bench = make({ isTTY: true, oneOutput: true });
    const running = bench.run(file('cat'), { reach: reaching('ask'), tty: false });
    await until(bench, () => runs(bench));
    for (const [typed, status] of [['yes', 403], ['y', 200], ['y\r', 200]] as const) {
      bench.raw.length = 0;
      const client = tunnel(bench, `example.com:${status}${typed.length}`);
      await asks(bench);
      expect(bench.raw).to.deep.equal([true]);
      bench.terminal.stdin.write(typed);
      await client.hears(new RegExp(` ${status} `));
      expect(bench.raw).to.deep.equal([true, false]);
      if (typed.endsWith('\r')) continue;
      bench.terminal.stdin.write('\n');
      await until(bench, () => bench.terminal.stdin.readableLength === 0);
    }
    await bench.clock.advance(300);
    bench.terminal.stdin.end('\nfor the program\n');
    expect(await running).to.equal(0);
    expect(bench.shown.stdout).to.equal('\nfor the program\n');
  });

  it('shows nothing of the program while it asks, and nothing of a question in a sequence that the program has begun', async () => {
    const bench = make({ isTTY: true });
    Object.assign(bench.terminal.stdin, { isRaw: true });
    const running = bench.run(file('echo before\nsleep 1000\necho a picture of another question\ncat'), { reach: reaching('ask') });
    await until(bench, () => bench.shown.stdout === 'before\n');
    const client = tunnel(bench, 'evil.example:443');
    await until(bench, () => bench.shown.stderr.includes('N] '));
    expect(bench.shown.stderr).to.match(/^\x18\x1b\\\x1b\[!p\x1b\(B\x0f\x1b\[0m\r\n\x1b\[Jcodebeaker: let this program reach evil\.example:443\?/);
    await bench.clock.advance(1000);
    for (let turn = 0; turn < 100; turn++) await bench.clock.advance(0);
    expect(bench.shown.stdout).to.equal('before\n');
    bench.terminal.stdin.write('n');
    await client.hears(/ 403 /);
    await until(bench, () => bench.shown.stdout === 'before\na picture of another question\n');
    bench.terminal.stdin.end();
    expect(await running).to.equal(0);
  });

  it('ends a question with the program, whose output is shown to its end', async () => {
    const bench = make({ isTTY: true });
    const running = bench.run(file('echo before\nsleep 1000\necho after'), { reach: reaching('ask') });
    await until(bench, () => bench.shown.stdout === 'before\n');
    tunnel(bench, 'example.com:443');
    await until(bench, () => bench.shown.stderr.includes('N] '));
    await bench.clock.advance(1000);
    let over = false;
    void running.then(() => (over = true));
    for (let turn = 0; turn < 40 && !over; turn++) await bench.clock.advance(1000);
    expect(await running).to.equal(0);
    expect(bench.shown.stdout).to.equal('before\nafter\n');
    // What the daemon says of the refusal may still arrive.
    expect(bench.shown.stderr).to.match(/N\] no: (?:the program has ended|nobody answered)\r\n(?:codebeaker: CodeBeaker does not allow [^\n]*\n)?$/);
  });

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
