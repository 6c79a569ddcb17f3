/** The agent and streams of frames that make no sense: it ends or goes on, and no sanitizer has anything to report. */
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { writeTo } from '../../server/src/runtime/machine/write.ts';
import { timesFor } from '../fuzz/while.ts';
import { compileFuzzer, useCompiled } from './compile.ts';
import { record, stream } from './streams.ts';

const WORKERS = 2;
const STREAMS = timesFor(500) * WORKERS;

/** A place in which nothing can be written but two small tmpfs, and nothing of the host is seen but /usr. */
function cell(fuzzer: string): string[] {
  const tmpfs = (place: string) => ['--size', String(16 * 1024 * 1024), '--tmpfs', place];
  return [
    '--unshare-all', '--unshare-user', '--uid', '65534', '--gid', '65534', '--cap-drop', 'ALL', '--die-with-parent', '--new-session',
    '--clearenv', '--setenv', 'PATH', '/usr/bin:/bin',
    '--ro-bind', '/usr', '/usr', '--symlink', 'usr/bin', '/bin', '--symlink', 'usr/lib', '/lib', '--symlink', 'usr/lib64', '/lib64',
    '--ro-bind', fuzzer, '/fuzz', '--proc', '/proc', '--dev', '/dev', ...tmpfs('/dev/shm'), '--remount-ro', '/dev', ...tmpfs('/tmp'),
    '--remount-ro', '/', '--chdir', '/', '--as-pid-1', '/fuzz',
  ];
}

interface Verdicts {
  /** What fuzz.c says of each stream, in their order. */
  readonly codes: readonly number[];
  readonly stderr: string;
}

async function tryStreams(fuzzer: string, numbers: readonly number[]): Promise<Verdicts> {
  const codes: number[] = [];
  let stderr = '';
  const child = spawn('bwrap', cell(fuzzer), { stdio: 'pipe' });
  const ended = new Promise<void>((resolve, reject) => child.on('close', () => resolve()).on('error', reject));
  child.stdin.on('error', () => child.stdin.destroy());
  child.stdout.on('data', (bytes: Buffer) => codes.push(...bytes));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  for (const number of numbers) await writeTo(child.stdin, record(stream(number)));
  child.stdin.end();
  await ended;
  return { codes, stderr };
}

describe('the agent, when it gets what makes no sense,', function () {
  this.timeout(1_800_000);
  const fuzzer = useCompiled(compileFuzzer);

  it(`ends or goes on, without a fault, in ${STREAMS} streams of frames`, async () => {
    const shares = Array.from({ length: WORKERS }, (_, worker) => Array.from({ length: STREAMS / WORKERS }, (_each, at) => 1 + worker + at * WORKERS));
    const all = await Promise.all(shares.map((numbers) => tryStreams(fuzzer.path, numbers)));
    const wrong = all.flatMap(({ codes }, worker) => codes.flatMap((code, at) => (code > 1 ? [`stream ${shares[worker]?.[at]}: ${code}`] : [])));
    expect(all.map(({ stderr }) => stderr).join(''), wrong.join(', ')).to.equal('');
    expect(wrong).to.deep.equal([]);
    expect(all.map(({ codes }) => codes.length)).to.deep.equal(shares.map((numbers) => numbers.length));
    // Some end because the daemon has gone, others because they refuse to go on.
    for (const code of [0, 1]) expect(all.flatMap(({ codes }) => codes).filter((each) => each === code).length).to.be.greaterThan(STREAMS / 4);
  });

  it('gets the same streams each time', () => {
    expect(record(stream(17))).to.deep.equal(record(stream(17)));
    expect(record(stream(17))).not.to.deep.equal(record(stream(18)));
  });
});
