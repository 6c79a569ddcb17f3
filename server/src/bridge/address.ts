/** Where a daemon is that listens, as people write it: ws://, wss://, unix: and ssh:// */

/** The address is none, or none at which a daemon can be reached. The message says what to write instead. */
export class WrongAddress extends Error {}

interface Tcp {
  readonly kind: 'tcp';
  /** As people wrote it. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

interface Unix {
  readonly kind: 'unix';
  readonly url: string;
  readonly path: string;
}

interface Ssh {
  readonly kind: 'ssh';
  readonly url: string;
  readonly host: string;
  readonly user: string | undefined;
  /** Empty: ssh decides. */
  readonly port: string;
  /** Over there: a port of its loopback interface, or the path of a socket. */
  readonly to: number | string;
}

export type DaemonAddress = Tcp | Unix | Ssh;

const EXAMPLES = 'such as wss://box:7070, ws://127.0.0.1:7070, unix:PATH, ssh://me@box/run/user/1000/codebeaker/daemon.sock or ssh://me@box?port=7070';

/** @throws WrongAddress */
export function parseAddress(url: string): DaemonAddress {
  const [, path] = /^unix:(?:\/\/)?(.+)$/.exec(url) ?? [];
  if (path !== undefined) return { kind: 'unix', url, path };
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed?.hostname || !['ws:', 'wss:', 'ssh:'].includes(parsed.protocol) || parsed.hash !== '') throw new WrongAddress(`connect needs the address of a daemon, ${EXAMPLES}; ${url || 'an empty value'} is none`);
  if (parsed.password !== '') throw new WrongAddress('no password or token can stand in the address, because everybody can see it there: use --token-file FILE');
  return parsed.protocol === 'ssh:' ? ssh(url, parsed) : tcp(url, parsed);
}

function tcp(url: string, { protocol, hostname, port, pathname, search, username }: URL): Tcp {
  if (pathname !== '/' || search !== '' || username !== '') throw new WrongAddress(`the address of a daemon has a host and a port, and nothing else: ${protocol}//${hostname}:${port || '7070'}`);
  const tls = protocol === 'wss:';
  return { kind: 'tcp', url, host: bare(hostname), port: Number(port) || (tls ? 443 : 80), tls };
}

function ssh(url: string, { hostname, port, pathname, searchParams, username }: URL): Ssh {
  const there = Number(searchParams.get('port') ?? Number.NaN);
  const path = decoded(pathname);
  const isPort = Number.isInteger(there) && there > 0 && there < 65_536;
  const isPath = path !== '' && path !== '/';
  if (isPort === isPath || [...searchParams.keys()].some((name) => name !== 'port')) throw new WrongAddress(`an address with ssh names either the socket of the daemon or its port over there, ${EXAMPLES}`);
  return { kind: 'ssh', url, host: bare(hostname), user: decoded(username) || undefined, port, to: isPort ? there : path };
}

/** @throws WrongAddress where a % begins no escape */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new WrongAddress(`in an address, % begins an escape such as %20, which ${text} does not have; write %25 for the sign itself`);
  }
}

/** Whether everything that is sent there stays on this machine, or is encrypted. */
export function isPrivate(address: DaemonAddress): boolean {
  return address.kind !== 'tcp' || address.tls || /^(?:localhost|127(?:\.\d+){3}|::1)$/.test(address.host);
}

/** Removes the brackets that an IPv6 address has in a URL. */
function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
