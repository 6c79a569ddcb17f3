/** The Docker engine's API. The only file that uses dockerode. */
import type Docker from 'dockerode';
import type { IncomingMessage } from 'node:http';
import { Duplex, type Readable } from 'node:stream';
import type { Clock } from '../../../base/clock.ts';
import type { AdjustableLimits } from '../../ports.ts';
import { type CallKind, Calls, type Repeats } from './calls.ts';
import { diedOfMemory } from './ending.ts';
import { statusOf, unavailable } from './faults.ts';
import type { EngineAddress } from './address.ts';
import type { Credentials } from './credentials.ts';
import { followPull, type PullEvent } from './pull.ts';
import { wholeAnswers } from './whole-answers.ts';

export interface EngineInfo {
  readonly version: string;
  /** The OCI runtimes that it offers: name to path. The path is empty where containerd knows it. */
  readonly runtimes: ReadonlyMap<string, string>;
  /** The OCI runtime of a container that names none. */
  readonly defaultRuntime: string;
  /** The release of its host's kernel. */
  readonly kernel: string;
  readonly os: string;
  /** Of its host's processor, as `uname -m` says it: x86_64, aarch64. */
  readonly architecture: string;
  /** Whether it is Podman, which serves the API of Docker and differs in a few things. */
  readonly podman: boolean;
  /** How many processors its host has. undefined: it does not say. */
  readonly processors: number | undefined;
}

export interface EngineParts {
  /** As `Docker Desktop 4.38.0 (181591)`; empty where it says nothing. */
  readonly product: string;
  /** Name → version. */
  readonly components: ReadonlyMap<string, string>;
}

export interface FoundContainer {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether its first process runs, or is about to start or end. */
  readonly runs: boolean;
  /** In milliseconds since the epoch, by the clock of the engine. */
  readonly createdAt: number;
}

export type ContainerOptions = Docker.ContainerCreateOptions & { readonly name: string };
export type MountSettings = Docker.MountSettings & { readonly BindOptions?: { readonly NonRecursive: boolean } };

/** A file that is put into a container. Its name may have folders in it. */
export interface PutFile {
  readonly name: string;
  readonly mode: number;
  readonly content: Buffer;
}

/** When a connection has been quiet for so long, TCP checks that it still exists. */
const KEEP_ALIVE_MS = 30_000;

/** dockerode takes options that are missing from the environment. What address.ts did not choose must not be used. */
const nothingElse = {
  socketPath: undefined, host: undefined, port: undefined, username: undefined, timeout: undefined,
  ca: undefined, cert: undefined, key: undefined, protocol: 'http', pathPrefix: '/',
} as const;

/** The options of the agent that Node itself uses. */
const keepingConnections = { keepAlive: true, scheduling: 'lifo', timeout: 5_000 } as const;

/** The published types of dockerode are one major version behind: they don't have these options. */
interface Untyped {
  info(options: { abortSignal: AbortSignal }): Promise<RawInfo>;
  version(options: { abortSignal: AbortSignal }): Promise<RawVersion>;
  getEvents(options: { since: number; filters: Record<string, string[]>; abortSignal: AbortSignal }): Promise<NodeJS.ReadableStream>;
  pull(image: string, options: { abortSignal: AbortSignal }, callback: undefined, login: Credentials | undefined): Promise<NodeJS.ReadableStream>;
  /** `_query` goes into the URL, `_body` into the body of the request. */
  createContainer(options: { _query: { name: string }; _body: object; abortSignal: AbortSignal }): Promise<{ id: string }>;
}

/** Podman says them as Go does. */
const architectures: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'aarch64' };

interface RawInfo {
  readonly ServerVersion: string;
  readonly OSType: string;
  readonly Architecture: string;
  readonly KernelVersion?: string;
  readonly NCPU?: number;
  readonly BuildahVersion?: string;
  readonly DefaultRuntime?: string;
  readonly Runtimes?: Readonly<Record<string, { readonly path?: string; readonly runtimeType?: string }>>;
}

interface RawVersion {
  readonly Platform?: { readonly Name?: string };
  readonly Components?: readonly { readonly Name: string; readonly Version: string }[];
}

export class Engine {
  readonly address: EngineAddress;
  readonly #clock: Clock;
  readonly #calls: Calls;
  #docker: Promise<Docker> | undefined;

  constructor(address: EngineAddress, clock: Clock) {
    this.address = address;
    this.#clock = clock;
    this.#calls = new Calls(address.name, clock);
  }

  async info(signal?: AbortSignal): Promise<EngineInfo> {
    const info = await this.#call('probe', 'never', signal, (docker, abortSignal) => untyped(docker).info({ abortSignal }));
    return {
      version: info.ServerVersion,
      runtimes: new Map(Object.entries(info.Runtimes ?? {}).map(([name, { path, runtimeType }]) => [name, path || runtimeType || ''])),
      defaultRuntime: info.DefaultRuntime ?? 'runc',
      kernel: info.KernelVersion ?? '',
      os: info.OSType,
      architecture: architectures[info.Architecture] ?? info.Architecture,
      podman: info.BuildahVersion !== undefined,
      processors: info.NCPU,
    };
  }

  /** The programs of which it consists, by the names that it gives them, and the product that it belongs to. */
  async parts(signal?: AbortSignal): Promise<EngineParts> {
    const { Platform, Components } = await this.#call('probe', 'never', signal, (docker, abortSignal) => untyped(docker).version({ abortSignal }));
    return { product: Platform?.Name ?? '', components: new Map((Components ?? []).map(({ Name, Version }) => [Name, Version])) };
  }

  /** Resolves with the id of the container. It can't be aborted, because the engine would make the container all the same. */
  async create({ name, ...options }: ContainerOptions): Promise<string> {
    const container = await this.#call('call', 'untaken', undefined, (docker, abortSignal) =>
      untyped(docker).createContainer({ _query: { name }, _body: options, abortSignal }));
    return container.id;
  }

  /** Connects to the three streams of the container's first process. Its stdin is open as long as this connection. */
  attach(id: string, signal: AbortSignal): Promise<Duplex> {
    return this.#call('call', 'untaken', signal, async (docker, abortSignal) =>
      connection(await upgraded(docker, `/containers/${id}/attach?`, { stream: true, stdin: true, stdout: true, stderr: true }, abortSignal)));
  }

  async start(id: string, signal: AbortSignal): Promise<void> {
    await this.#call('start', 'untaken', signal, (docker, abortSignal) => docker.getContainer(id).start({ abortSignal }));
  }

  /** Changes the limits of a container that runs. */
  async adjust(id: string, limits: AdjustableLimits): Promise<void> {
    await this.#call('call', 'always', undefined, (docker, abortSignal) => docker.getContainer(id).update({ ...engineLimits(limits), abortSignal }));
  }

  /** The processor time in milliseconds that a container has used. */
  async cpuMs(id: string): Promise<number> {
    return this.#call('call', 'always', undefined, async (docker, abortSignal) => {
      const once = { stream: false, 'one-shot': true, abortSignal } as const;
      const { cpu_stats: { cpu_usage: { total_usage: nanoseconds } } } = await docker.getContainer(id).stats(once);
      return nanoseconds / 1e6;
    });
  }

  /** Puts files into a folder of a container that does not run yet. */
  async put(id: string, folder: string, files: readonly PutFile[], signal: AbortSignal): Promise<void> {
    const { default: tar } = await import('tar-stream');
    const pack = tar.pack();
    for (const { content, ...header } of files) pack.entry(header, content);
    pack.finalize();
    const pieces: Buffer[] = [];
    for await (const piece of pack) pieces.push(piece as Buffer);
    const archive = Buffer.concat(pieces);
    await this.#call('start', 'always', signal, (docker, abortSignal) => docker.getContainer(id).putArchive(archive, { path: folder, abortSignal }));
  }

  /** Whether a container, which has ended, was ended because it used too much memory. Rejects if the engine does not say so soon. */
  async ranOutOfMemory(id: string): Promise<boolean> {
    return this.#call('ending', 'never', undefined, async (docker, abortSignal) => {
      const filters = { container: [id], event: ['oom', 'die'] };
      return diedOfMemory((await untyped(docker).getEvents({ since: 1, filters, abortSignal })) as Readable);
    });
  }

  /** Kills and removes a container, and waits until it is gone. It is no error if it is gone already. */
  async remove(id: string): Promise<void> {
    await this.#call('start', 'always', undefined, async (docker, abortSignal) => {
      const container = docker.getContainer(id);
      try {
        await container.remove({ force: true, v: true, abortSignal });
      } catch (fault) {
        if (statusOf(fault) === 404) return;
        if (statusOf(fault) !== 409) throw fault;
        await container.wait({ condition: 'removed', abortSignal }).catch((late: unknown) => {
          if (statusOf(late) !== 404) throw late;
        });
      }
    });
  }

  /** Resolves when a container that is about to end by itself has been removed. Rejects if that takes longer than a second. */
  async awaitRemoval(id: string): Promise<void> {
    await this.#call('ending', 'never', undefined, async (docker, abortSignal) => {
      await docker.getContainer(id).wait({ condition: 'removed', abortSignal }).catch((fault: unknown) => {
        if (statusOf(fault) !== 404) throw fault;
      });
    });
  }

  /** The containers with a label, whether they run or not. */
  async find(label: string): Promise<FoundContainer[]> {
    const list = await this.#call('call', 'always', undefined, (docker, abortSignal) =>
      docker.listContainers({ all: true, filters: { label: [label] }, abortSignal }));
    return list.map(({ Id, Labels, State, Created }) => ({ id: Id, labels: Labels, runs: !['created', 'exited', 'dead'].includes(State), createdAt: Created * 1000 }));
  }

  /** The names, with their tags, of the images that the engine has, and the id of each. */
  async images(signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const list = await this.#call('probe', 'never', signal, (docker, abortSignal) => docker.listImages({ abortSignal }));
    return new Map(list.flatMap(({ Id, RepoTags }) => (RepoTags ?? []).map((name) => [name, Id] as const)));
  }

  /**
   * The engine's events about images and about itself, as they happen, until `signal` aborts or the engine ends. The
   * connection does not keep the daemon's process from ending.
   */
  async events(signal: AbortSignal): Promise<Readable> {
    const stream = await this.#call('call', 'never', signal, (docker, abortSignal) =>
      docker.getEvents({ filters: { type: ['image', 'daemon'] }, abortSignal }));
    // A connection to another machine may break without either end noticing.
    (stream as IncomingMessage).socket.setKeepAlive(true, KEEP_ALIVE_MS).unref();
    return stream as Readable;
  }

  /** Downloads an image. `onEvent` gets what the engine reports on the way. Resolves when the image is there. */
  async pull(image: string, credentials: Credentials | undefined, signal: AbortSignal, onEvent: (event: PullEvent) => void): Promise<void> {
    const stream = await this.#call('start', 'untaken', signal, (docker, abortSignal) =>
      untyped(docker).pull(withTag(image), { abortSignal }, undefined, credentials));
    await followPull(stream as Readable, this.#clock, signal, onEvent);
  }

  #connect(): Promise<Docker> {
    const { options, fault } = this.address;
    if (fault !== undefined) return Promise.reject(unavailable(fault, 'set docker.host, DOCKER_HOST or the Docker context'));
    this.#docker ??= (async () => {
      const [{ default: Client }, { Agent }] = await Promise.all([import('dockerode'), options.protocol === 'https' ? import('node:https') : import('node:http')]);
      const all = { ...nothingElse, ...options, agent: wholeAnswers(options.agent ?? new Agent(keepingConnections)) };
      return new Client(all);
    })();
    return this.#docker;
  }

  /** Runs one call, as `Calls` does. */
  #call<T>(kind: CallKind, repeats: Repeats, signal: AbortSignal | undefined, work: (docker: Docker, signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.#calls.run(kind, repeats, signal, async (abort) => work(await this.#connect(), abort));
  }
}

/** The limits as the engine names them. The limit of memory and swap is that of memory, so that there is no swap. */
export function engineLimits({ memoryBytes, cpus, pids }: AdjustableLimits): { Memory: number; MemorySwap: number; NanoCpus: number; PidsLimit: number } {
  return { Memory: memoryBytes, MemorySwap: memoryBytes, NanoCpus: Math.round(cpus * 1e9), PidsLimit: pids };
}

/** The name of an image with the tag `latest` where it has neither a tag nor a digest. */
export function withTag(image: string): string {
  return /[:@][^/]*$/.test(image) ? image : `${image}:latest`;
}

function untyped(docker: Docker): Untyped {
  return docker;
}

/**
 * Posts a request without a body, for a connection. dockerode would send the query as a body too, of which an engine takes
 * as input whatever a proxy passes on behind the headers.
 */
function upgraded({ modem }: Docker, path: string, query: object, abortSignal: AbortSignal): Promise<NodeJS.ReadWriteStream> {
  const request = {
    path, method: 'POST', options: { _query: query }, headers: { 'Content-Type': 'text/plain' }, file: Buffer.alloc(0),
    isStream: true, hijack: true, openStdin: true, statusCodes: { 200: true, 404: 'no such container', 500: 'server error' }, abortSignal,
  };
  return new Promise((resolve, reject) => modem.dial(request, (fault: Error | null, stream) => (fault ? reject(fault) : resolve(stream as NodeJS.ReadWriteStream))));
}

/** The engine gives the connection itself for the streams of a process. A proxy that does not support that answers with a response, which carries no input. */
function connection(stream: NodeJS.ReadWriteStream): Duplex {
  if (stream instanceof Duplex) return stream;
  (stream as Duplex).destroy();
  throw new Error('it did not upgrade the connection; if a proxy is on the way, it must allow that');
}
