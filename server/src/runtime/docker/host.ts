/** Which engine: configuration, then DOCKER_HOST, then the Docker context, then the usual sockets. As the docker command does. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What dockerode is given. `local`: the engine sees this machine's folders. */
export interface EngineAddress {
  /** For messages: an address without credentials. */
  readonly name: string;
  readonly local: boolean;
  readonly options: {
    socketPath?: string;
    protocol?: 'http' | 'https' | 'ssh';
    host?: string;
    port?: number;
    username?: string;
    ca?: Buffer;
    cert?: Buffer;
    key?: Buffer;
  };
}

export interface HostSources {
  /** `docker.host` of the configuration. */
  readonly configured: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly platform: string;
}

/** @throws Error where what is configured makes no sense; the message says what. */
export function resolveEngine({ configured, env, home, platform }: HostSources): EngineAddress {
  const tls = env.DOCKER_TLS_VERIFY ? env.DOCKER_CERT_PATH : undefined;
  if (configured) return parseHost(configured, tls);
  if (env.DOCKER_HOST) return parseHost(env.DOCKER_HOST, tls);
  const context = env.DOCKER_CONTEXT ?? currentContext(env, home);
  if (context && context !== 'default') return contextHost(context, env, home);
  if (platform === 'win32') return parseHost('npipe:////./pipe/docker_engine', undefined);
  const sockets = [
    '/var/run/docker.sock',
    join(home, '.docker/run/docker.sock'),
    ...(env.XDG_RUNTIME_DIR ? [join(env.XDG_RUNTIME_DIR, 'docker.sock')] : []),
  ];
  return parseHost(`unix://${sockets.find((path) => existsSync(path)) ?? '/var/run/docker.sock'}`, undefined);
}

function parseHost(text: string, tlsFolder: string | undefined): EngineAddress {
  const socket = /^(?:unix|npipe):\/\/(.+)$/.exec(text)?.[1];
  if (socket) return { name: text, local: true, options: { socketPath: socket } };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const protocol = { 'tcp:': 'http', 'http:': 'http', 'https:': 'https', 'ssh:': 'ssh' }[url?.protocol ?? ''];
  if (!url || !protocol) {
    throw new Error(`the Docker host must look like unix:///path, tcp://name:port or ssh://user@name`);
  }
  const secure = tlsFolder !== undefined;
  const file = (name: string) => readFileSync(join(tlsFolder ?? '', name));
  return {
    name: `${url.protocol}//${url.host}`,
    local: false,
    options: {
      host: url.hostname,
      port: Number(url.port) || (protocol === 'ssh' ? 22 : secure ? 2376 : 2375),
      protocol: (secure && protocol === 'http' ? 'https' : protocol) as 'http' | 'https' | 'ssh',
      ...(url.username ? { username: decodeURIComponent(url.username) } : {}),
      ...(secure ? { ca: file('ca.pem'), cert: file('cert.pem'), key: file('key.pem') } : {}),
    },
  };
}

function configFolder(env: HostSources['env'], home: string): string {
  return env.DOCKER_CONFIG ?? join(home, '.docker');
}

function currentContext(env: HostSources['env'], home: string): string | undefined {
  const value = readJson(join(configFolder(env, home), 'config.json'))?.currentContext;
  return typeof value === 'string' ? value : undefined;
}

/** The docker command keeps a context in folders named by the SHA-256 of its name. */
function contextHost(context: string, env: HostSources['env'], home: string): EngineAddress {
  const id = createHash('sha256').update(context).digest('hex');
  const folder = join(configFolder(env, home), 'contexts');
  const endpoints = readJson(join(folder, 'meta', id, 'meta.json'))?.Endpoints as { docker?: { Host?: string } } | undefined;
  const host = endpoints?.docker?.Host;
  if (!host) throw new Error(`the Docker context "${context}" does not exist; see docker context ls`);
  const tls = join(folder, 'tls', id, 'docker');
  return parseHost(host, existsSync(join(tls, 'ca.pem')) ? tls : undefined);
}

function readJson(path: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
