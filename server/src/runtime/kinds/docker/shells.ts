/** How further shells and terminals are started in a container: shells on named pipes if it has some, everything else by the engine's exec. */
import { type Clock, sleep } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import { ProtocolError } from '../../../protocol/index.ts';
import type { TerminalSize } from '../../ports.ts';
import type { Channel, ShellSource } from '../../shell/index.ts';
import { SocketChannel, SocketTerminal } from './channel.ts';
import { confined, shellCommand, type ShellPlace } from './container.ts';
import type { Engine } from './engine.ts';
import type { ContainerPipes } from './pipes.ts';

/** A terminal may be closed a moment before the engine knows the exit code of its program. */
const EXIT_CODE_TRIES = 20;
const EXIT_CODE_AGAIN_MS = 50;

export interface ContainerParts {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Log;
  readonly place: ShellPlace;
  /** The pipes that the first shell has been changed over to. undefined: it has not. */
  readonly pipes: ContainerPipes | undefined;
  /** Removes the container and what was made for it. */
  destroy(): Promise<void>;
}

/** `id` is that of the container. */
export function containerShells(id: string, first: Channel, { engine, clock, log, place, pipes, destroy }: ContainerParts): ShellSource {
  const exec = (options: Parameters<Engine['exec']>[1]) =>
    engine.exec(id, options).catch((fault: unknown) => {
      if (!isGone(fault)) throw fault;
      // The connection to its first shell can outlive a container, so that nobody may have noticed yet.
      first.destroy();
      throw new ProtocolError('SandboxLost', 'the sandbox is gone; create a new session');
    });
  return {
    first,
    open: async (mark) => pipes?.open(first, mark) ?? new SocketChannel((await exec({ command: shellCommand(place, mark) })).stream),
    openTerminal: async ({ command, env, cwd, size }) => {
      const { execId, stream } = await exec({
        command: confined(place, ['sh', '-c', sized(size), 'sh', ...command]),
        cwd,
        terminal: true,
        env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      });
      return new SocketTerminal(stream, {
        // The program may just have ended, and its terminal with it.
        resize: (to) => engine.resize(execId, to).catch((fault: unknown) => log.debug('resize', fault)),
        exitCode: () => exitCode(execId, engine, clock),
      });
    },
    // Under gVisor some limits are in force inside the sandbox, where the engine can't change them.
    ...(place.oci.gvisor ? {} : { adjust: (limits) => engine.adjust(id, limits) }),
    ranOutOfMemory: () => engine.ranOutOfMemory(id),
    destroy: async () => {
      first.destroy();
      // That ends the lease, and with it the container. Under gVisor it is given the time to end so: the engine takes a
      // second for each process of a container that it has to kill.
      if (place.oci.gvisor) await engine.awaitRemoval(id).catch(() => undefined);
      await destroy();
    },
  };
}

/** Whether the engine says that there is no such container, or that it does not run. A paused one does not count: it will go on. */
function isGone(fault: unknown): boolean {
  if (!(fault instanceof ProtocolError)) return false;
  return fault.data.status === 404 || (fault.data.status === 409 && !fault.message.includes('paused'));
}

/** A script that gives the terminal its size before it becomes the program. */
function sized({ cols, rows }: TerminalSize): string {
  return `stty cols ${cols} rows ${rows} 2>/dev/null; exec "$@" 9<&-`;
}

async function exitCode(execId: string, engine: Engine, clock: Clock): Promise<number | undefined> {
  for (let tries = 0; tries < EXIT_CODE_TRIES; tries++) {
    try {
      const code = await engine.exitCode(execId);
      if (code !== undefined) return code;
    } catch {
      return undefined;
    }
    await sleep(clock, EXIT_CODE_AGAIN_MS);
  }
  return undefined;
}
