/** Where a daemon elsewhere is and how it knows this client: the arguments of `codebeaker connect`, and those of `codebeaker dap --connect`. */
import { UsageError } from './quantities.ts';
import type { OptionName } from './table.ts';
import type { Values } from './typed.ts';

export interface DaemonElsewhere {
  /** Is looked at by the command itself. */
  readonly url: string;
  readonly tokenFile: string | undefined;
  /** The file with the certificates of authorities; undefined: those that Node knows. */
  readonly ca: string | undefined;
  readonly sameMachine: boolean;
}

export interface ConnectArguments extends DaemonElsewhere {
  readonly command: 'connect';
}

/** What says how a daemon is started, and is of no use where it runs already. */
const ofStarting = ['config', 'network', 'log-level', 'log-file', 'log-format'] as const satisfies readonly OptionName[];
/** What says how a daemon elsewhere is reached. */
const ofReaching = ['token-file', 'ca', 'same-machine'] as const satisfies readonly OptionName[];

export function connecting([url, ...more]: readonly string[], values: Values): DaemonElsewhere {
  if (url === undefined) throw new UsageError('connect needs the address of a daemon: codebeaker connect URL');
  if (more.length > 0) throw new UsageError(`there are unexpected arguments: ${more.join(' ')}`);
  return daemonAt(url, values);
}

/** The daemon that `--connect` names; undefined: there is none. @throws UsageError */
export function daemonElsewhere({ connect, ...values }: Values): DaemonElsewhere | undefined {
  if (connect !== undefined) return daemonAt(connect, values);
  const alone = ofReaching.find((name) => values[name] !== undefined);
  if (alone) throw new UsageError(`--${alone} needs --connect URL`);
  return undefined;
}

function daemonAt(url: string, values: Values): DaemonElsewhere {
  const given = ofStarting.find((name) => values[name] !== undefined);
  if (given) throw new UsageError(`--${given} is for a daemon, and the one elsewhere has its own`);
  return { url, tokenFile: values['token-file'], ca: values.ca, sameMachine: values['same-machine'] ?? false };
}
