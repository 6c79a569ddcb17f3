/** The daemon that `codebeaker dap` is a client of: one in the same process, for this program alone, or one that runs already. */
import { connectLocally, type Introduction, type LocalClient } from './client.ts';
import type { DaemonElsewhere } from './connecting.ts';
import { createDaemon } from './daemon.ts';
import type { Daemon } from './daemon.ts';
import type { Surroundings } from './surroundings.ts';

export interface DapClient extends LocalClient {
  /** Resolves with words for people when the daemon has gone, of which nobody has asked it. */
  readonly lost: Promise<string>;
}

export interface DapDaemon {
  connect(params: Introduction, signal: AbortSignal): Promise<DapClient>;
  /** Removes everything that is left of it, if it was made here. */
  close(): Promise<void>;
}

type Made = Parameters<typeof createDaemon>[2] & { readonly config: string | undefined; readonly elsewhere: DaemonElsewhere | undefined };

/** @throws ConfigError */
export async function dapDaemon(surroundings: Surroundings, { elsewhere, config, ...made }: Made): Promise<DapDaemon> {
  if (!elsewhere) return ownDaemon(await createDaemon(surroundings, config, made), surroundings);
  const { connectElsewhere } = await import('./client-elsewhere.ts');
  return { connect: (params, signal) => connectElsewhere(surroundings, elsewhere, params, signal), close: async () => undefined };
}

export function ownDaemon(daemon: Daemon, surroundings: Surroundings): DapDaemon {
  const lost = new Promise<never>(() => undefined);
  return {
    // Only one program is debugged, so no sandbox needs to be prepared for another one.
    connect: async (params) => ({ ...(await connectLocally(daemon, surroundings, { ...params, initializationOptions: { pool: {} } })), lost }),
    close: () => daemon.close(),
  };
}
