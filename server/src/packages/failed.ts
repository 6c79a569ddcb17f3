/** What is told of a manager that failed: how it ended, what that means, and the end of its output. */
import { type InstallPackagesResult, ProtocolError } from '../protocol/index.ts';
import type { Sink, Stream } from '../runtime/ports.ts';
import { fullDisk, NO_ROOM } from './full-disk.ts';
import type { Manager } from './ports.ts';

/** The end of what a manager prints is kept, for the message when it fails. */
const MAX_TAIL_LENGTH = 16 * 1024;

/** `exitCode` and `signal`: how the program ended. `trouble`, `notes`: as in `Mirrors`. */
export function failed(manager: Manager, { exitCode, signal }: Pick<InstallPackagesResult, 'exitCode' | 'signal'>, output: string, trouble: string | undefined, notes: readonly string[]): ProtocolError {
  const ended = exitCode === null ? `it was ended by ${signal ?? 'something'}` : `exit code ${exitCode}`;
  const data = { manager: manager.id, exitCode, signal, output };
  if (NO_ROOM.test(output)) return fullDisk(`${manager.id} could not install the packages (${ended})`, 'If there is room, a package needs more of /tmp in its sandbox than limits.diskBytes allows.', data);
  const why = [manager.explain(output, trouble) || lastLine(output), ...notes].join(' ');
  return new ProtocolError('PackageInstallFailed', `${manager.id} could not install the packages (${ended}); nothing was changed. ${why}`.trim(), data);
}

function lastLine(output: string): string {
  return output.trimEnd().split('\n').at(-1) ?? '';
}

/** The end of everything that programs have written. */
export class Tail {
  text = '';

  /** Passes output on, and keeps its end. */
  before(sink: Sink): Sink {
    return (stream: Stream, chunk) => {
      this.text = (this.text + chunk.toString()).slice(-MAX_TAIL_LENGTH);
      return sink(stream, chunk);
    };
  }
}
