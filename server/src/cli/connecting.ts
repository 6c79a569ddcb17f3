/** The arguments of `codebeaker connect`: where the daemon is, and how it knows this client. */
import { UsageError } from './quantities.ts';
import type { Values } from './typed.ts';

export interface ConnectArguments {
  readonly command: 'connect';
  /** Is looked at by the command itself. */
  readonly url: string;
  readonly tokenFile: string | undefined;
  /** The file with the certificates of authorities; undefined: those that Node knows. */
  readonly ca: string | undefined;
  readonly sameMachine: boolean;
}

export function connecting([url, ...more]: readonly string[], values: Values): Omit<ConnectArguments, 'command'> {
  if (url === undefined) throw new UsageError('connect needs the address of a daemon: codebeaker connect URL');
  if (more.length > 0) throw new UsageError(`there are unexpected arguments: ${more.join(' ')}`);
  if (values.config !== undefined) throw new UsageError('--config is for a daemon, and the one elsewhere has its own');
  return { url, tokenFile: values['token-file'], ca: values.ca, sameMachine: values['same-machine'] ?? false };
}
