/** Held shells on this machine, over pipes: the real prelude in a real shell, with no engine in between. */
import { systemClock } from '../../../server/src/base/clock.ts';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { machine } from 'node:os';
import type { Readable } from 'node:stream';
import type { Program, Sink, Stream } from '../../../server/src/runtime/ports.ts';
import type { Channel } from '../../../server/src/runtime/shell/channel.ts';
import { type Facts, parseFacts } from '../../../server/src/runtime/shell/facts.ts';
import { startLine } from '../../../server/src/runtime/shell/lines.ts';
import { prelude } from '../../../server/src/runtime/shell/prelude.ts';
import { HeldShell, newMark } from '../../../server/src/runtime/shell/shell.ts';
import { parseReport, type Report } from '../../../server/src/runtime/shell/trailer.ts';
import type { Probe } from '../../require.ts';
import type { LocalShell } from './shells.ts';

export class PipeChannel implements Channel {
  readonly child: ChildProcess;
  readonly closed: Promise<void>;

  constructor(child: ChildProcess) {
    this.child = child;
    this.closed = once(child, 'close').then(() => undefined);
    child.stdin?.on('error', () => undefined);
  }

  write(bytes: Buffer | string): Promise<void> {
    return new Promise((resolve) => void this.child.stdin?.write(bytes, () => resolve()));
  }

  end(): void {
    this.child.stdin?.end();
  }

  listen(sink: Sink): void {
    const { stdout, stderr } = this.child;
    if (stdout && stderr) for (const [name, from] of [['stdout', stdout], ['stderr', stderr]] as const) pour(name, from, sink);
  }

  destroy(): void {
    this.child.kill('SIGKILL');
    this.child.stdout?.destroy();
    this.child.stderr?.destroy();
  }
}

function pour(name: Stream, from: Readable, sink: Sink): void {
  from.on('data', (chunk: Buffer) => {
    const taken = sink(name, chunk);
    if (!taken) return;
    from.pause();
    void taken.then(() => from.resume());
  });
}

/** Its pids are all there are: what it kills, it kills in there. Its first process is none of ours. */
const namespace = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child', '--', 'sh', '-c', '"$@"; exit $?', 'sh'];

export const processNamespaces: Probe = () => {
  const [file = '', ...args] = namespace;
  return spawnSync(file, [...args, 'true']).status === 0 ? undefined : 'unshare(1) may not make a pid namespace; run as root';
};

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  /** undefined: the shell went away. */
  readonly report: Report | undefined;
}

export interface Opened {
  readonly shell: HeldShell;
  readonly facts: Facts;
  readonly channel: PipeChannel;
  /** Runs a program to its end. */
  run(command: Program['command'], more?: Partial<Program> & { sink?: Sink; id?: string }): Promise<Ran>;
  /** Ends the shell, and with a namespace everything in it. */
  close(): Promise<void>;
}

export async function openLocal(shell: LocalShell, options: { isolated?: boolean } = {}): Promise<Opened> {
  const mark = newMark();
  const argv = [...shell.args, '-c', prelude(machine()), 'sh', mark];
  const [file = '', ...args] = options.isolated ? [...namespace, shell.file, ...argv] : [shell.file, ...argv];
  const channel = new PipeChannel(spawn(file, args, { stdio: 'pipe', ...(options.isolated ? {} : { argv0: shell.argv0 }) }));
  const { shell: held, facts } = HeldShell.open(channel, mark, systemClock);
  const text = await facts;
  if (text === undefined) throw new Error(`${shell.name} did not start`);
  return {
    shell: held,
    facts: parseFacts(text),
    channel,
    async run(command, { sink, id = 'test', ...more } = {}) {
      const program: Program = { command, cwd: '/', env: {}, stdin: 'none', pty: undefined, ...more };
      const seen: Record<string, Buffer[]> = { stdout: [], stderr: [] };
      const gather: Sink = (stream, chunk) => {
        seen[stream]?.push(chunk);
        return sink?.(stream, chunk);
      };
      const trailer = await held.run((end) => startLine(end, id, program), gather);
      const text = (stream: string) => Buffer.concat(seen[stream] ?? []).toString();
      return { stdout: text('stdout'), stderr: text('stderr'), report: trailer === undefined ? undefined : parseReport(trailer, 0) };
    },
    async close() {
      channel.destroy();
      await channel.closed;
    },
  };
}
