/** Which engine: configuration, then DOCKER_HOST, then the Docker context, then the usual sockets. As the docker command does. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Agent } from 'node:http';
import { join } from 'node:path';
import { SshAgent } from './ssh.ts';

export interface EngineAddress {
  /** For messages: the engine, without paths and credentials. */
  readonly name: string;
  /** Whether it sees this machine's folders. */
  readonly local: boolean;
  /** What dockerode is given. */
  readonly options: {
    socketPath?: string;
    protocol?: 'http' | 'https';
    host?: string;
    port?: number;
    ca?: Buffer;
    cert?: Buffer;
    key?: Buffer;
    agent?: Agent;
  };
  /** Why there is no such engine: what is configured makes no sense. */
  readonly fault?: string;
}

type Env = Readonly<Record<string, string | undefined>>;

export interface AddressSources {
  /** `docker.host` of the configuration. */
  readonly configured: string | undefined;
  readonly env: Env;
  readonly home: string;
  readonly platform: string;
}

const SOCKET = '/var/run/docker.sock';

/** Never throws: an address that makes no sense says so when it is used. */
export function resolveEngine(sources: AddressSources): EngineAddress {
  try {
    return resolve(sources);
  } catch (fault) {
    return { name: 'the Docker engine', local: false, options: {}, fault: (fault as Error).message };
  }
}

function resolve({ configured, env, home, platform }: AddressSources): EngineAddress {
  const given = configured || env.DOCKER_HOST;
  if (given) return parseAddress(given, env, env.DOCKER_TLS_VERIFY ? env.DOCKER_CERT_PATH || configFolder(env, home) : undefined);
  const context = env.DOCKER_CONTEXT || currentContext(env, home);
  if (context && context !== 'default') return contextAddress(context, env, home);
  if (platform === 'win32') return socket('//./pipe/docker_engine');
  const sockets = [
    SOCKET,
    join(home, '.docker/run/docker.sock'),
    ...(env.XDG_RUNTIME_DIR ? [join(env.XDG_RUNTIME_DIR, 'docker.sock')] : []),
  ];
  return socket(sockets.find((path) => existsSync(path)) ?? SOCKET);
}

function socket(path: string): EngineAddress {
  return { name: 'the Docker engine', local: true, options: { socketPath: path } };
}

/** `tlsFolder` holds ca.pem, cert.pem and key.pem for TCP. */
function parseAddress(text: string, env: Env, tlsFolder: string | undefined): EngineAddress {
  const path = /^(?:unix|npipe):\/\/(.*)$/.exec(text)?.[1];
  if (path !== undefined) return socket(path || SOCKET);
  // As in the docker command, a name alone means TCP. For URL no port is the usual one of tcp, so it leaves none out.
  const [, scheme = 'tcp', rest = ''] = /^(?:(\w+):\/\/)?(.*)$/.exec(text) ?? [];
  const url = URL.canParse(`tcp://${rest}`) ? new URL(`tcp://${rest}`) : undefined;
  if (!url?.hostname || url.pathname.length > 1 || !['tcp', 'http', 'https', 'ssh'].includes(scheme)) {
    throw new Error('the Docker host must look like unix:///path, tcp://name:port or ssh://user@name');
  }
  const place = { name: `the Docker engine at ${scheme}://${url.host}`, local: false };
  if (scheme === 'ssh') {
    const agent = new SshAgent({ host: bare(url.hostname), user: decodeURIComponent(url.username) || undefined, port: url.port, env });
    // What stands in Host: nobody over there looks at it.
    return { ...place, options: { protocol: 'http', host: 'docker', port: 80, agent } };
  }
  const secure = scheme === 'https' || tlsFolder !== undefined;
  return {
    ...place,
    options: {
      protocol: secure ? 'https' : 'http',
      host: url.hostname,
      port: Number(url.port) || (secure ? 2376 : 2375),
      ...(tlsFolder === undefined ? {} : readTls(tlsFolder)),
    },
  };
}

/** An IPv6 address stands in brackets in a URL only. */
function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

function readTls(folder: string): { ca: Buffer; cert: Buffer; key: Buffer } {
  const read = (name: string) => {
    try {
      return readFileSync(join(folder, name));
    } catch {
      throw new Error(`TLS is asked for, but ${name} can't be read: check DOCKER_CERT_PATH`);
    }
  };
  return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
}

function configFolder(env: Env, home: string): string {
  return env.DOCKER_CONFIG || join(home, '.docker');
}

function currentContext(env: Env, home: string): string | undefined {
  const value = readJson(join(configFolder(env, home), 'config.json'))?.currentContext;
  return typeof value === 'string' ? value : undefined;
}

/** The docker command keeps a context in folders named by the SHA-256 of its name. */
function contextAddress(context: string, env: Env, home: string): EngineAddress {
  const id = createHash('sha256').update(context).digest('hex');
  const folder = join(configFolder(env, home), 'contexts');
  const endpoints = readJson(join(folder, 'meta', id, 'meta.json'))?.Endpoints as { docker?: { Host?: string } } | undefined;
  const address = endpoints?.docker?.Host;
  if (!address) throw new Error(`the Docker context "${context}" does not exist; see docker context ls`);
  const tls = join(folder, 'tls', id, 'docker');
  return parseAddress(address, env, existsSync(join(tls, 'ca.pem')) ? tls : undefined);
}

function readJson(path: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
