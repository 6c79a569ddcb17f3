/** What programs get and what is told of their ends, with a real agent: to the letter, to the last byte, and by the kernel's own words. */
import { constants } from 'node:os';
import { expect } from 'chai';
import fc from 'fast-check';
import type { ProtocolError } from '../../../../server/src/protocol/index.ts';
import { bytesOf } from '../../../../server/src/runtime/agent/names.ts';
import type { Exit, Program } from '../../../../server/src/runtime/ports.ts';
import { need } from '../../../require.ts';
import { program, run, start, textOf, useSandbox, write } from '../../contract/harness.ts';
import { bubblewrap, native } from './subject.ts';

const short = (exit: Exit) => (exit.kind === 'exited' ? exit.code : exit.kind === 'signaled' ? exit.signal : exit.kind);
const SEED = 79;

describe('a program in a native sandbox', () => {
  before(need('bubblewrap', bubblewrap));
  const held = useSandbox(native);

  const nasty = ['', '-', '--', '-n', '\\', '\\n', "'", '"', '$HOME', '$(id)', '`id`', '~', '*', '#', '!', '\n', '\n\n', ' ', '\t', '\r', '\x01', '\x7f', '\u0088', 'é', '日本', '🐚', '%s', 'a=b', '&', ';', '\x1b[0m', '\u2028', 'caf\u{10fee9}'];
  const word = fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'binary', maxLength: 30 })).map((text) => text.replaceAll('\0', ''));

  it('gets its arguments to the letter', async () => {
    const property = fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 20 }), async (words) => {
      const { stdout } = await run(held.sandbox, ['printf', '%s\\0', ...words]);
      const expected = words.map((each) => bytesOf(each).toString('latin1'));
      expect(stdout.toString('latin1').split('\0').slice(0, -1)).to.deep.equal(expected);
    });
    await fc.assert(property, { seed: SEED, numRuns: 60 });
    expect((await run(held.sandbox, ['printf', '%s\\0', ...nasty])).stdout.toString('latin1').split('\0')).to.have.length(nasty.length + 1);
  });

  it('gets its environment to the letter, beside that of the held.sandbox, and leaves none to the next one', async () => {
    const env = { A: "it's", B: 'two\nlines', _C: '', PS4: '$(id)', IFS: 'x', UID: '0', LD_LIBRARY_PATH: '/none' };
    const { stdout } = await run(held.sandbox, ['env', '-0'], { env });
    const seen = stdout.toString().split('\0');
    for (const [name, value] of Object.entries(env)) expect(seen).to.include(`${name}=${value}`);
    expect(seen.filter((each) => each.startsWith('PATH='))).to.have.length(1);
    expect(await textOf(held.sandbox, ['env', '-0'])).not.to.match(/\0(?:A|B|_C|IFS)=/);
    expect(await textOf(held.sandbox, 'echo "$PATH"', { env: { PATH: '/usr/bin:/bin' } })).to.equal('/usr/bin:/bin\n');
  });

  it('may be a command line of several lines, comments and here-documents', async () => {
    const { exit, stdout } = await run(held.sandbox, 'cat <<END # a comment\none "two" \\$x\nEND\nif true; then\n  exit 3\nfi');
    expect([stdout.toString(), short(exit)]).to.deep.equal(['one "two" $x\n', 3]);
  });

  it('has only its own descriptors, no blocked signals, and a session of its own', async () => {
    expect(await textOf(held.sandbox, ['ls', '/proc/self/fd'])).to.equal('0\n1\n2\n3\n');
    expect(await textOf(held.sandbox, ['grep', '-E', '^Sig(Blk|Ign)', '/proc/self/status'])).to.match(/^SigBlk:\s0+\nSigIgn:\s0+\n$/);
    const [pid, group, session] = (await textOf(held.sandbox, ['sh', '-c', 'set -- $(cat /proc/$$/stat); echo $1 $5 $6'])).trim().split(' ');
    expect([group, session]).to.deep.equal([pid, pid]);
  });

  for (const status of [0, 1, 2, 7, 126, 127, 128, 129, 130, 137, 143, 200, 255]) {
    it(`tells the exit status ${status}`, async () => expect(short((await run(held.sandbox, `exit ${status}`)).exit)).to.equal(status));
  }

  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGSEGV', 'SIGPIPE', 'SIGHUP', 'SIGABRT', 'SIGUSR1', 'SIGALRM', 'SIGSYS'] as const) {
    it(`tells death by ${signal} from an exit with the same number`, async () => {
      expect(short((await run(held.sandbox, `kill -s ${signal.slice(3)} $$; exit 5`)).exit)).to.equal(signal);
      expect(short((await run(held.sandbox, `exit ${128 + constants.signals[signal]}`)).exit)).to.equal(128 + constants.signals[signal]);
    });
  }

  it('tells how much processor time it took, and how much memory was in use', async () => {
    const { exit } = await run(held.sandbox, 'i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done');
    expect(exit.kind === 'exited' && exit.usage?.cpuMs).to.be.greaterThan(10);
  });

  const failures: Record<string, [command: Program['command'], change: Partial<Program>, kind: string, errno: string | undefined]> = {
    'that is not there': [['no-such-program'], {}, 'SandboxFailed', 'ENOENT'],
    'that is not there, by its path': [['/workspace/none'], {}, 'SandboxFailed', 'ENOENT'],
    'that has no name': [[''], {}, 'SandboxFailed', 'ENOENT'],
    'that may not be run': [['/etc/passwd'], {}, 'SandboxFailed', 'EACCES'],
    'that is a directory': [['/usr'], {}, 'SandboxFailed', 'EACCES'],
    'whose interpreter is not there': [['/workspace/script'], {}, 'SandboxFailed', 'ENOENT'],
    'that is too long': [['true', ...Array.from({ length: 30 }, () => 'x'.repeat(120_000))], {}, 'InvalidParams', undefined],
    'whose directory is not there': [['true'], { cwd: '/workspace/nowhere' }, 'FileNotFound', undefined],
    'whose directory is a file': [['true'], { cwd: '/workspace/script' }, 'WrongFileType', undefined],
  };
  for (const [name, [command, change, kind, errno]] of Object.entries(failures)) {
    it(`does not start: one ${name}`, async () => {
      await held.sandbox.files.write('/workspace/script', Buffer.from('#!/no/interpreter\n'), { mode: 'overwrite', executable: true });
      const fault = await held.sandbox.start(program(command, change), () => undefined).then(() => undefined, (reason: ProtocolError) => reason);
      expect([fault?.kind, fault?.data.errno]).to.deep.equal([kind, errno]);
      if (errno) expect(fault?.message).to.include(errno);
      expect(await textOf(held.sandbox, ['echo', 'fine'])).to.equal('fine\n');
    });
  }

  it('is run by sh where it is a script without a first line that names its interpreter', async () => {
    await held.sandbox.files.write('/workspace/plain', Buffer.from('echo "$0|$1"; exit 4\n'), { mode: 'overwrite', executable: true });
    const { exit, stdout } = await run(held.sandbox, ['/workspace/plain', 'a b']);
    expect([stdout.toString(), short(exit)]).to.deep.equal(['/workspace/plain|a b\n', 4]);
  });

  it('is found in its own PATH', async () => {
    await held.sandbox.files.write('/workspace/tools/mine', Buffer.from('#!/bin/sh\necho mine\n'), { mode: 'overwrite', executable: true });
    expect(await textOf(held.sandbox, ['mine'], { env: { PATH: '/none:/workspace/tools:/usr/bin:/bin' } })).to.equal('mine\n');
  });

  it('reads its input to the last byte, also where it is nothing, or NUL', async () => {
    for (const text of ['', 'one\ntwo', '- item\n', '%s\\n\\0', '\0\xff', 'x'.repeat(4096), 'y'.repeat(65_536), 'z'.repeat(65_537)]) {
      const stdin = Buffer.from(text, 'latin1');
      const { exit, stdout } = await run(held.sandbox, 'cat; exit 4', { stdin });
      expect([stdout.equals(stdin), short(exit)]).to.deep.equal([true, 4]);
    }
  });

  it('can open its input by name, and sees its end', async () => {
    expect(await textOf(held.sandbox, 'cat /dev/stdin', { stdin: Buffer.from('by name') })).to.equal('by name');
    expect(await textOf(held.sandbox, 'cat /dev/stdin')).to.equal('');
  });

  it('may end before its input does', async () => {
    const running = await start(held.sandbox, 'exit 8', { stdin: 'open' });
    await running.write(Buffer.alloc(500_000));
    expect(short(await running.exited)).to.equal(8);
    expect(short((await run(held.sandbox, 'kill -9 $$', { stdin: Buffer.alloc(200_000) })).exit)).to.equal('SIGKILL');
    expect(short((await run(held.sandbox, 'exec <&-; sleep 0.05; exit 6', { stdin: Buffer.alloc(200_000) })).exit)).to.equal(6);
  });

  it('has ended with its last byte, also after a lot of output to a slow sink', async () => {
    const taken = { stdout: 0, stderr: 0, pty: 0 };
    let turn = 0;
    const { exited } = await held.sandbox.start(program('head -c 3000001 /dev/zero; head -c 2000003 /dev/zero >&2; exit 2'), (stream, chunk) => {
      taken[stream] += chunk.length;
      return turn++ % 7 === 0 ? new Promise((resolve) => void setImmediate(resolve)) : undefined;
    });
    expect(short(await exited)).to.equal(2);
    expect(taken).to.deep.equal({ stdout: 3_000_001, stderr: 2_000_003, pty: 0 });
  });

  it('may close its output and go on', async () => {
    expect(short((await run(held.sandbox, 'exec >&- 2>&-; sleep 0.1; exit 7')).exit)).to.equal(7);
  });

  it('is not held up by what it has left with its streams open, which lives on', async () => {
    const { exit, stdout } = await run(held.sandbox, 'sleep 60 & echo $!; exit 1');
    expect(short(exit)).to.equal(1);
    expect(await textOf(held.sandbox, `kill ${stdout.toString().trim()} && echo killed`)).to.equal('killed\n');
  });

  it('gets a signal with its whole process group', async () => {
    const running = await start(held.sandbox, 'trap "echo caught; exit 11" TERM; sh -c "trap \\"echo child\\" TERM; echo ready; sleep 60; echo on" & wait; wait');
    await running.output.seen('ready');
    await running.signal('SIGTERM');
    expect(short(await running.exited)).to.equal(11);
    expect(running.output.of('stdout').toString()).to.match(/caught/);
    await running.kill();
  });

  it('sees files under any names, and the file commands see the same', async () => {
    const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).map((text) => Buffer.from(text.replaceAll(/[\0/]/g, '_')).toString().slice(0, 60)).filter((text) => text !== '.' && text !== '..');
    const names = fc.sample(fc.uniqueArray(name, { minLength: 60, maxLength: 60 }), { seed: SEED, numRuns: 1 })[0] as string[];
    for (const each of names) await write(held.sandbox, `/workspace/names/${each}`, each);
    await run(held.sandbox, ['sh', '-c', 'printf x >"$(printf "/workspace/names/caf\\351")"; printf x >"$(printf "/workspace/names/\\377\\376")"']);
    const all = [...names, 'caf\u{10fee9}', '\u{10feff}\u{10fefe}'];
    const { entries } = await held.sandbox.files.list('/workspace/names', { recursive: true, limit: 1000, accept: () => true });
    expect(entries.map((entry) => entry.name)).to.have.members(all);
    for (const each of names) expect((await held.sandbox.files.read(`/workspace/names/${each}`, 0, undefined)).bytes.toString()).to.equal(each);
    expect((await held.sandbox.files.read('/workspace/names/caf\u{10fee9}', 0, undefined)).bytes.toString()).to.equal('x');
    expect(await held.sandbox.files.delete('/workspace/names/\u{10feff}\u{10fefe}', { recursive: false, force: false })).to.equal(true);
    expect((await textOf(held.sandbox, 'ls -1A /workspace/names | wc -c')).trim()).not.to.equal('0');
    expect(await held.sandbox.files.delete('/workspace/names', { recursive: true, force: false })).to.equal(true);
  });
});
