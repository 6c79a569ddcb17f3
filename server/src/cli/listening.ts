/** The arguments of `codebeaker serve --listen`: where it listens, and who is let in. */
import type { Config, Network } from '../protocol/index.ts';
import type { Address } from '../remote/address.ts';
import { ranges, UsageError, whole } from './quantities.ts';
import { optional, type Values } from './typed.ts';

const DEFAULT_CONNECTIONS = 64;

/** The options that mean something only with --listen. */
export const listeningOptions = ['token-file', 'tls-cert', 'tls-key', 'share', 'allow-origin', 'allow-host', 'max-connections'] as const;

export interface ListenArguments {
  readonly command: 'listen';
  readonly at: Address;
  /** undefined: whoever reaches the unix socket is let in. */
  readonly tokenFile: string | undefined;
  /** Files; undefined: it speaks no TLS. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** The folders of this machine of which clients may share anything. */
  readonly share: readonly string[];
  readonly origins: readonly string[];
  readonly hosts: readonly string[];
  readonly maxConnections: number;
  readonly networkModes: readonly Network['mode'][];
  readonly log: Config['log'];
  /** The file that gets the conversations with all clients. */
  readonly record: string | undefined;
  readonly config: string | undefined;
}

export function listening(given: string, values: Values): Omit<ListenArguments, 'command' | 'networkModes' | 'log' | 'record' | 'config'> {
  if (values.clientProcessId !== undefined) throw new UsageError('--clientProcessId is for a daemon with one client, and not for --listen');
  const at = address(given);
  const tokenFile = values['token-file'];
  if (at.kind === 'tcp' && tokenFile === undefined) throw new UsageError('who can reach a port may be anybody, so --listen HOST:PORT needs --token-file FILE; a socket that only you can reach needs none: --listen unix:PATH');
  const [cert, key] = [values['tls-cert'], values['tls-key']];
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('--tls-cert and --tls-key need each other');
  if (cert !== undefined && at.kind === 'unix') throw new UsageError('--tls-cert is for a port, and not for a unix socket');
  return {
    at,
    tokenFile,
    tls: cert === undefined || key === undefined ? undefined : { cert, key },
    share: values.share ?? [],
    origins: (values['allow-origin'] ?? []).map(origin),
    hosts: values['allow-host'] ?? [],
    maxConnections: optional(values['max-connections'], (text) => whole(text, '--max-connections', ranges.connections)) ?? DEFAULT_CONNECTIONS,
  };
}

function address(given: string): ListenArguments['at'] {
  const [, path] = /^unix:(.+)$/.exec(given) ?? [];
  if (path !== undefined) return { kind: 'unix', path };
  const [, host, port] = /^(.+):(\d+)$/.exec(given) ?? [];
  if (host === undefined || port === undefined || /[/:]/.test(host.replace(/^\[[^\]]*\]$/, ''))) {
    throw new UsageError(`--listen needs HOST:PORT, such as 127.0.0.1:7070 or [::1]:7070, or unix:PATH; ${given || 'an empty value'} is neither`);
  }
  return { kind: 'tcp', host: host.replace(/^\[(.*)\]$/, '$1'), port: whole(port, '--listen', ranges.listening) };
}

/** As browsers send it. */
function origin(given: string): string {
  const parsed = URL.canParse(given) ? new URL(given).origin : 'null';
  if (!/^https?:/.test(parsed) || new URL(given).href !== `${parsed}/`) throw new UsageError(`--allow-origin needs an origin such as https://example.com; ${given || 'an empty value'} is none`);
  return parsed;
}
