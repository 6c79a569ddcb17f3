/** What a daemon may know of the process that it runs in and of the machine around it. `main.ts` fills it in. */
import type { Clock } from '../base/clock.ts';

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly hostname: string;
  readonly platform: NodeJS.Platform;
  readonly pid: number;
  /** -1 where there are none. */
  readonly uid: number;
  readonly clock: Clock;
  readonly version: string;
  /** The command that starts this program, for the sweep after a sudden death. */
  readonly self: readonly string[];
  alive(pid: number): boolean;
  writeLog(line: string): void;
}
