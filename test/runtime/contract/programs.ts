/** The contract on programs: how they are started, what they get, and how they end. */
import { expect } from 'chai';
import { create, names, type Parts, rejects, run, start, textOf, useSandbox, write } from './harness.ts';

const oddTexts = ['', ' ', 'a b', "it's", 'say "hi"', 'new\nline', '$HOME `id` $(id)', '\\', '*', '-n', '--help', 'ünï 🦫', '%s', '!', '#'];

export function describePrograms(parts: Parts): void {
  const { does, command } = parts.features.dialect;

  describe('programs', () => {
    const held = useSandbox(parts);
    const say = (source: string, args?: readonly string[]) => command(held.sandbox, source, args);

    for (const code of [0, 1, 3, 42, 126, 127, 137, 143, 255]) {
      it(`end with the code ${code}`, async () => {
        const { exit } = await run(held.sandbox, await say(does.exit(code)));
        expect(exit).to.deep.include({ kind: 'exited', code });
      });
    }

    it('write to two streams, which stay apart', async () => {
      const { stdout, stderr } = await run(held.sandbox, await say(does.print('to out\n', 'to err')));
      expect([stdout.toString(), stderr.toString()]).to.deep.equal(['to out\n', 'to err']);
    });

    it('write nothing, or something without an end of line', async () => {
      for (const text of ['', 'x', '\n', 'é']) {
        const { stdout, stderr } = await run(held.sandbox, await say(does.print(text, '')));
        expect([stdout.toString(), stderr.length]).to.deep.equal([text, 0]);
      }
    });

    it('write every byte value', async () => {
      const { stdout } = await run(held.sandbox, await say(does.bytes));
      expect([...stdout]).to.deep.equal(Array.from({ length: 256 }, (_, byte) => byte));
    });

    it('get arguments as they are', async () => {
      const text = await textOf(held.sandbox, await say(does.args, oddTexts));
      expect(text.split('\0').slice(0, -1)).to.deep.equal(oddTexts);
    });

    for (const value of oddTexts) {
      it(`get a variable as it is: ${JSON.stringify(value)}`, async () => {
        expect(await textOf(held.sandbox, await say(does.env('SOME_VALUE')), { env: { SOME_VALUE: value } })).to.equal(value);
      });
    }

    it('do not get variables of one another, nor of the daemon (F-E8)', async () => {
      process.env.CONTRACT_CANARY = 'canary';
      try {
        await textOf(held.sandbox, await say(does.env('SECRET')), { env: { SECRET: 'x' } });
        expect(await textOf(held.sandbox, await say(does.env('SECRET')))).to.equal('');
        expect(await textOf(held.sandbox, await say(does.env('CONTRACT_CANARY')))).to.equal('');
      } finally {
        delete process.env.CONTRACT_CANARY;
      }
    });

    it('run in the working directory that was asked for', async () => {
      await held.sandbox.files.createDirectory("/workspace/some where/it's", true);
      const where = async (cwd: string) => (await textOf(held.sandbox, await say(does.cwd), { cwd })).trimEnd();
      expect(await where('/workspace')).to.equal('/workspace');
      expect(await where('/tmp')).to.equal('/tmp');
      expect(await where("/workspace/some where/it's")).to.equal("/workspace/some where/it's");
    });

    it('do not run if the working directory does not exist', async () => {
      await rejects(start(held.sandbox, await say(does.cwd), { cwd: '/workspace/nowhere' }), 'FileNotFound');
    });

    it('run in parallel', async () => {
      const commands = await Promise.all([1, 2, 3, 4, 5].map((number) => say(does.print(`number ${number}`, ''))));
      expect(await Promise.all(commands.map((each) => textOf(held.sandbox, each)))).to.deep.equal([1, 2, 3, 4, 5].map((number) => `number ${number}`));
    });

    it('see the files of the file commands, which see theirs', async () => {
      await write(held.sandbox, '/workspace/there.txt', 'x');
      expect(await names(held.sandbox, '/workspace')).to.include('there.txt');
    });

    it('in two sandboxes do not see each other', async () => {
      const other = await create(held.subject);
      try {
        await write(held.sandbox, '/workspace/mine', 'x');
        await write(held.sandbox, '/tmp/mine', 'x');
        expect(await names(other, '/workspace')).to.deep.equal([]);
        expect(await names(other, '/tmp')).not.to.include('mine');
      } finally {
        await other.close();
      }
    });

    describeEndings(parts, held, say);
  });
}

type Held = ReturnType<typeof useSandbox>;
type Say = (source: string, args?: readonly string[]) => Promise<readonly string[]>;

function describeEndings({ features }: Parts, held: Held, say: Say): void {
  const { does } = features.dialect;

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL', 'SIGHUP'].filter((name) => name !== features.deafTo)) {
    it(`end by ${signal}`, async () => {
      const program = await start(held.sandbox, await say(does.forever));
      await program.output.seen('ready');
      await program.signal(signal);
      expect(await program.exited).to.deep.include({ kind: 'signaled', signal });
    });
  }

  for (const signal of ['SIGTERM', 'SIGKILL'].filter((name) => name !== features.deafTo)) {
    it(`end by ${signal} that comes as soon as they are started (C9)`, async () => {
      for (let times = 0; times < 5; times++) {
        const program = await start(held.sandbox, await say(does.forever));
        expect(await program.signal(signal)).to.equal(true);
        expect(await program.exited).to.deep.include({ kind: 'signaled', signal });
        expect(await program.signal(signal)).to.equal(false);
      }
    });
  }

  it('end when they are killed, and killing them again does nothing', async () => {
    const program = await start(held.sandbox, await say(does.forever));
    await program.output.seen('ready');
    await program.kill();
    expect(await program.exited).to.deep.include({ kind: 'signaled', signal: 'SIGKILL' });
    await program.kill();
    await program.signal('SIGTERM');
    expect(await textOf(held.sandbox, await say(does.print('fine', '')))).to.equal('fine');
  });

  it('end by SIGTERM within the grace period', async () => {
    const program = await start(held.sandbox, await say(does.forever));
    await program.output.seen('ready');
    await program.kill(10_000);
    expect(await program.exited).to.deep.include({ kind: 'signaled', signal: 'SIGTERM' });
  });

  it('end by SIGKILL after it if they ignore SIGTERM', async () => {
    const program = await start(held.sandbox, await say(does.stubborn));
    await program.output.seen('ready');
    await program.signal('SIGTERM');
    await program.kill(100);
    expect(await program.exited).to.deep.include({ kind: 'signaled', signal: 'SIGKILL' });
  });

  if (!features.pty) {
    it('have no terminal', async () => {
      await rejects(start(held.sandbox, await say(does.cwd), { pty: { cols: 80, rows: 24 }, stdin: 'open' }), 'LanguageUnsupported');
    });
  }
}
