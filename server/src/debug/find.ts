/** Looks for the adapter of a language in a sandbox. */
import type { Clock } from '../base/clock.ts';
import type { Sandbox, Toolchain } from '../runtime/ports.ts';
import type { DebugHost, DebugLanguage, FoundAdapter, LaunchRequest, MissingAdapter } from './adapter.ts';
import { capture } from './capture.ts';

export interface Finding {
  readonly sandbox: Sandbox;
  readonly host: DebugHost;
  readonly clock: Clock;
  readonly toolchain: Toolchain;
  readonly launch: LaunchRequest;
  readonly scratch: string;
  /** Ends the search when this aborts. Absent: nothing does. */
  readonly halted?: AbortSignal;
}

export function findAdapter(row: DebugLanguage, { sandbox, host, clock, toolchain, launch, scratch, halted }: Finding): Promise<FoundAdapter | MissingAdapter> {
  const { program, args, terminal, interpreter, options, env } = launch;
  return row.find({
    host,
    files: sandbox.files,
    isolation: sandbox.isolation,
    interpreter,
    options,
    env,
    program,
    args,
    terminal,
    version: async () => toolchain.version?.(),
    scratch,
    run: (command, more) => capture(sandbox, { command, cwd: '/tmp', env: { ...env, ...more } }, { clock, ...(halted ? { halted } : {}) }),
  });
}
