/** What a daemon needs to know about its own process and about the machine. `main.ts` provides it. */
import type { Clock } from '../base/clock.ts';
import type { ProcessFacts } from '../metrics/look.ts';

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly hostname: string;
  readonly platform: NodeJS.Platform;
  readonly process: Pick<NodeJS.Process, 'pid' | 'kill'> & ProcessFacts;
  /** -1 if the operating system has no user ids. */
  readonly uid: number;
  readonly clock: Clock;
  readonly version: string;
  /** The command that starts this program, with which the keeper starts a sweep if the daemon dies suddenly. */
  readonly self: readonly string[];
  /** Whether a process with this id exists. */
  alive(pid: number): boolean;
  writeLog(line: string): void;
}
