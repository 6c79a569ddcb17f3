/**
 * Finds the address of the Docker engine as the docker command does: from the configuration, else DOCKER_HOST, else the
 * Docker context, else the usual sockets.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Agent } from 'node:http';
import { join } from 'node:path';
import { SshAgent } from './ssh.ts';

export interface EngineAddress {
  /** A name for the engine in messages, without paths and credentials. */
  readonly name: string;
  /** Whether the engine runs on this machine and can mount its folders. */
  readonly local: boolean;
  /** The options for dockerode. */
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
  /** Why what is configured can't be used. Absent: it can. */
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

/** Never throws: a wrong address has a `fault`, which is reported when the address is used. */
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
  // As in the docker command, a name without a scheme means TCP. A URL with the scheme tcp keeps its port, whichever it is.
  const [, scheme = 'tcp', rest = ''] = /^(?:(\w+):\/\/)?(.*)$/.exec(text) ?? [];
  const url = URL.canParse(`tcp://${rest}`) ? new URL(`tcp://${rest}`) : undefined;
  if (!url?.hostname || url.pathname.length > 1 || !['tcp', 'http', 'https', 'ssh'].includes(scheme)) {
    throw new Error('the Docker host must look like unix:///path, tcp://name:port or ssh://user@name');
  }
  const place = { name: `the Docker engine at ${scheme}://${url.host}`, local: false };
  if (scheme === 'ssh') {
    const agent = new SshAgent({ host: bare(url.hostname), user: decodeURIComponent(url.username) || undefined, port: url.port, env });
    // This goes into the Host header, which the engine ignores.
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

/** Removes the brackets that an IPv6 address has in a URL. */
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

/** The folder of the docker command's own configuration. */
export function configFolder(env: Env, home: string): string {
  return env.DOCKER_CONFIG || join(home, '.docker');
}

function currentContext(env: Env, home: string): string | undefined {
  const value = readJson(join(configFolder(env, home), 'config.json'))?.currentContext;
  return typeof value === 'string' ? value : undefined;
}

/** The docker command keeps the files of a context in folders whose name is the SHA-256 of the context's name. */
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
