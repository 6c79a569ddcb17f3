/** Reads the configuration of a daemon again, and tells in its log what of it is taken over. */
import type { Log } from '../base/log.ts';
import { ConfigError } from '../policy/config-file.ts';
import type { Policy } from '../policy/policy.ts';
import { changes, renewed } from '../policy/renew.ts';
import type { Config } from '../protocol/index.ts';
import { checkRuntimes } from './runtimes.ts';

export interface ReloadParts {
  /** The configuration with which the daemon was started. */
  readonly began: Config;
  /** The one that holds now. */
  readonly current: Config;
  /** The path of the file, for messages. */
  readonly path: string;
  readonly log: Log;
  /** @throws ConfigError */
  read(): Config;
}

/** undefined: the file has faults, and the configuration stays as it is. */
export function readAgain({ began, current, path, log, read }: ReloadParts): { readonly config: Config; readonly policy: Policy } | undefined {
  try {
    const config = read();
    checkRuntimes(config, path);
    const policy = renewed(began, config);
    const { taken } = changes(current, config);
    const { left } = changes(began, config);
    log.info(taken.length > 0 ? `the configuration was read again; this has changed: ${taken.join(', ')}` : 'the configuration was read again, and nothing has changed that a daemon takes over while it runs');
    if (left.length > 0) log.warn(`this has changed in ${path}, and counts only when the daemon has been started anew: ${left.join(', ')}`);
    return { config, policy };
  } catch (fault) {
    if (!(fault instanceof ConfigError)) throw fault;
    log.error(`the configuration was not read again, and the one before stays in force: ${fault.message}`);
    return undefined;
  }
}
