/** Starts agents in bubblewraps in which nothing can be written, for tests that speak with them in frames. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { machine, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { agentFile, hasAgent } from '../../server/src/runtime/agent/binary.ts';
import { type Carrier, socketCarrier } from '../../server/src/runtime/agent/carrier.ts';
import { writeTo } from '../../server/src/runtime/machine/write.ts';
import { need } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';

export interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  /** Stdin and stdout. */
  readonly stdio: Carrier;
  /** The descriptor 4. */
  readonly socket: Carrier;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
}

export interface Agents {
  /** A folder of the host, which agents see as /folder. */
  readonly folder: string;
  start(args: readonly string[], how?: { uid?: number; options?: readonly string[] }): Started;
}

/** For the enclosing `describe`: agents that are ended after each test. */
export function useAgents(): Agents {
  let folder = '';
  const running: Started[] = [];
  before(need('bubblewrap', bubblewrap));
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'agent-start-'));
  });
  afterEach(async () => {
    for (const { child, socket, stdio, ended } of running.splice(0)) {
      child.kill('SIGKILL');
      socket.destroy();
      stdio.destroy();
      await ended;
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  return {
    get folder() {
      return folder;
    },
    start: (args, { uid = 65534, options = [] } = {}) => {
      const kind = machine();
      const file = hasAgent(kind) ? agentFile(kind) : '';
      const child = spawn('bwrap', [
        '--unshare-all', '--unshare-user', '--uid', String(uid), '--gid', String(uid), '--cap-drop', 'ALL', '--die-with-parent',
        '--clearenv', '--ro-bind', file, '/agent', '--ro-bind', folder, '/folder', '--proc', '/proc', ...options, '--remount-ro', '/', '--as-pid-1', '/agent', ...args,
      ], { stdio: ['pipe', 'pipe', 'pipe', 'ignore', 'pipe'] }) as ChildProcessWithoutNullStreams;
      const { stdin, stdout } = child;
      const started: Started = {
        child,
        stdio: {
          write: (bytes, payload) => writeTo(stdin, bytes, payload),
          listen: (take) => void stdout.on('data', take),
          closed: once(stdout, 'close').then(() => undefined),
          destroy: () => void stdin.end(),
        },
        socket: socketCarrier(child.stdio[4] as Duplex),
        ended: once(child, 'exit').then(([code]) => code as number | null),
      };
      stdin.on('error', () => stdin.destroy());
      running.push(started);
      return started;
    },
  };
}
