/** The only file that knows dockerode. Every call has a deadline; every fault becomes words for a person. */
import type Docker from 'dockerode';
import type { IncomingMessage } from 'node:http';
import { Duplex, type Readable } from 'node:stream';
import { type Clock, deadline } from '../../../base/clock.ts';
import { abortable } from '../../../base/promises.ts';
import type { AdjustableLimits, TerminalSize } from '../../ports.ts';
import { diedOfMemory } from './ending.ts';
import { explain, statusOf, unavailable } from './faults.ts';
import type { EngineAddress } from './address.ts';
import { followPull, type PullEvent } from './pull.ts';

export interface EngineInfo {
  readonly version: string;
  /** The OCI runtimes it offers: name to path, which is empty where containerd finds the program. */
  readonly runtimes: ReadonlyMap<string, string>;
  /** The one of a container that names none. */
  readonly defaultRuntime: string;
  /** The release of its host's kernel. */
  readonly kernel: string;
  readonly os: string;
  /** Of its host's processor, as `uname -m` says it: x86_64, aarch64. */
  readonly architecture: string;
}

export type ContainerOptions = Docker.ContainerCreateOptions & { readonly name: string };
export type MountSettings = Docker.MountSettings & { readonly BindOptions?: { readonly NonRecursive: boolean } };

/** A quiet connection is asked after so long whether it is still there. */
const KEEP_ALIVE_MS = 30_000;

/** An engine that says nothing for this long is stuck. */
const DEADLINE_MS = { ending: 1_000, probe: 4_000, exec: 10_000, call: 30_000, start: 60_000 };

/** dockerode takes what is missing from the environment, where nobody asked for it. */
const nothingElse = {
  socketPath: undefined, host: undefined, port: undefined, username: undefined, timeout: undefined,
  ca: undefined, cert: undefined, key: undefined, protocol: 'http', pathPrefix: '/',
} as const;

/** The published types are a major version behind: they don't know these options. */
interface Untyped {
  info(options: { abortSignal: AbortSignal }): Promise<RawInfo>;
  getEvents(options: { since: number; filters: Record<string, string[]>; abortSignal: AbortSignal }): Promise<NodeJS.ReadableStream>;
  /** What is in `_query` only goes into the address, what is in `_body` only into the body. */
  createContainer(options: { _query: { name: string }; _body: object; abortSignal: AbortSignal }): Promise<{ id: string }>;
}

interface RawInfo {
  readonly ServerVersion: string;
  readonly OSType: string;
  readonly Architecture: string;
  readonly KernelVersion?: string;
  readonly DefaultRuntime?: string;
  readonly Runtimes?: Readonly<Record<string, { readonly path?: string; readonly runtimeType?: string }>>;
}

export class Engine {
  readonly address: EngineAddress;
  readonly #clock: Clock;
  #docker: Promise<Docker> | undefined;

  constructor(address: EngineAddress, clock: Clock) {
    this.address = address;
    this.#clock = clock;
  }

  async info(signal?: AbortSignal): Promise<EngineInfo> {
    const info = await this.#call('probe', signal, (docker, abortSignal) => untyped(docker).info({ abortSignal }));
    return {
      version: info.ServerVersion,
      runtimes: new Map(Object.entries(info.Runtimes ?? {}).map(([name, { path, runtimeType }]) => [name, path || runtimeType || ''])),
      defaultRuntime: info.DefaultRuntime ?? 'runc',
      kernel: info.KernelVersion ?? '',
      os: info.OSType,
      architecture: info.Architecture,
    };
  }

  /** Can't be aborted: an engine that was asked makes the container all the same. */
  async create({ name, ...options }: ContainerOptions): Promise<string> {
    const container = await this.#call('call', undefined, (docker, abortSignal) =>
      untyped(docker).createContainer({ _query: { name }, _body: options, abortSignal }));
    return container.id;
  }

  /** The three streams of the container's first process: its stdin lives as long as this connection. */
  attach(id: string, signal: AbortSignal): Promise<Duplex> {
    return this.#call('call', signal, async (docker, abortSignal) =>
      connection(await docker.getContainer(id).attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true, abortSignal })));
  }

  async start(id: string, signal: AbortSignal): Promise<void> {
    await this.#call('start', signal, (docker, abortSignal) => docker.getContainer(id).start({ abortSignal }));
  }

  /** Holds a container that runs to other limits. */
  async adjust(id: string, limits: AdjustableLimits): Promise<void> {
    await this.#call('call', undefined, (docker, abortSignal) => docker.getContainer(id).update({ ...heldTo(limits), abortSignal }));
  }

  /** Starts another process in the container. */
  async exec(
    id: string,
    options: { command: readonly string[]; env?: readonly string[]; cwd?: string; terminal?: boolean },
  ): Promise<{ execId: string; stream: Duplex }> {
    return this.#call('exec', undefined, async (docker, abortSignal) => {
      const exec = await docker.getContainer(id).exec({
        Cmd: [...options.command],
        Env: [...(options.env ?? [])],
        ...(options.cwd ? { WorkingDir: options.cwd } : {}),
        Tty: options.terminal ?? false,
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
        abortSignal,
      });
      const stream = await exec.start({ hijack: true, stdin: true, Tty: options.terminal ?? false, abortSignal });
      return { execId: exec.id, stream: connection(stream) };
    });
  }

  async resize(execId: string, size: TerminalSize): Promise<void> {
    await this.#call('call', undefined, (docker, abortSignal) =>
      docker.getExec(execId).resize({ h: size.rows, w: size.cols, abortSignal }));
  }

  /** undefined while it runs. */
  async exitCode(execId: string): Promise<number | undefined> {
    const state = await this.#call('call', undefined, (docker, abortSignal) => docker.getExec(execId).inspect({ abortSignal }));
    return state.Running ? undefined : (state.ExitCode ?? undefined);
  }

  /** Whether a container that has ended ended for want of memory. Rejects where the engine does not know soon. */
  async ranOutOfMemory(id: string): Promise<boolean> {
    return this.#call('ending', undefined, async (docker, abortSignal) => {
      const filters = { container: [id], event: ['oom', 'die'] };
      return diedOfMemory((await untyped(docker).getEvents({ since: 1, filters, abortSignal })) as Readable);
    });
  }

  /** Kills and removes it, and waits until it is gone. One that is gone already is no fault. */
  async remove(id: string): Promise<void> {
    await this.#call('start', undefined, async (docker, abortSignal) => {
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

  /** Resolves when a container that ends by itself, soon, is removed. Rejects where it does not. */
  async awaitRemoval(id: string): Promise<void> {
    await this.#call('ending', undefined, async (docker, abortSignal) => {
      await docker.getContainer(id).wait({ condition: 'removed', abortSignal }).catch((fault: unknown) => {
        if (statusOf(fault) !== 404) throw fault;
      });
    });
  }

  /** Ids of the containers with a label, running or not. */
  async find(label: string): Promise<{ id: string; labels: Readonly<Record<string, string>> }[]> {
    const list = await this.#call('call', undefined, (docker, abortSignal) =>
      docker.listContainers({ all: true, filters: { label: [label] }, abortSignal }));
    return list.map((container) => ({ id: container.Id, labels: container.Labels }));
  }

  /** The names of the images that are there. */
  async images(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const list = await this.#call('probe', signal, (docker, abortSignal) => docker.listImages({ abortSignal }));
    return new Set(list.flatMap(({ RepoTags }) => RepoTags ?? []));
  }

  /** What happens to its images and to itself, as it happens, until `signal` aborts or the engine goes. Holds no process open. */
  async events(signal: AbortSignal): Promise<Readable> {
    const stream = await this.#call('call', signal, (docker, abortSignal) =>
      docker.getEvents({ filters: { type: ['image', 'daemon'] }, abortSignal }));
    // A connection to an engine on another machine may break without a word.
    (stream as IncomingMessage).socket.setKeepAlive(true, KEEP_ALIVE_MS).unref();
    return stream as Readable;
  }

  async pull(image: string, signal: AbortSignal, onEvent: (event: PullEvent) => void): Promise<void> {
    const stream = await this.#call('start', signal, (docker, abortSignal) => docker.pull(withTag(image), { abortSignal }));
    await followPull(stream as Readable, this.#clock, signal, onEvent);
  }

  #connect(): Promise<Docker> {
    const { options, fault } = this.address;
    if (fault !== undefined) return Promise.reject(unavailable(fault, 'set docker.host, DOCKER_HOST or the Docker context'));
    this.#docker ??= import('dockerode').then(({ default: Client }) => new Client({ ...nothingElse, ...options }));
    return this.#docker;
  }

  /** However it ends, no socket and no timer of it is left. */
  async #call<T>(
    kind: keyof typeof DEADLINE_MS,
    signal: AbortSignal | undefined,
    work: (docker: Docker, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const abort = new AbortController();
    const cancelled = () => abort.abort(signal?.reason);
    signal?.addEventListener('abort', cancelled, { once: true });
    const late = () => new Error(`no answer within ${DEADLINE_MS[kind] / 1000} s`);
    try {
      const answer = this.#connect().then((docker) => work(docker, abort.signal));
      return await deadline(this.#clock, DEADLINE_MS[kind], abortable(abort.signal, answer), late);
    } catch (fault) {
      // Ends a request that is late. One with an open body that the engine refused would keep its connection for ever.
      abort.abort(fault);
      if (signal?.aborted) throw signal.reason;
      throw explain(fault, this.address.name);
    } finally {
      // What is done with the connection later has nothing to do with this signal.
      signal?.removeEventListener('abort', cancelled);
    }
  }
}

/** In the engine's words. Without swap: memory that is paged out would be over the limit all the same. */
export function heldTo({ memoryBytes, cpus, pids }: AdjustableLimits): { Memory: number; MemorySwap: number; NanoCpus: number; PidsLimit: number } {
  return { Memory: memoryBytes, MemorySwap: memoryBytes, NanoCpus: Math.round(cpus * 1e9), PidsLimit: pids };
}

/** `latest` where a name says neither tag nor digest. */
export function withTag(image: string): string {
  return /[:@][^/]*$/.test(image) ? image : `${image}:latest`;
}

function untyped(docker: Docker): Untyped {
  return docker;
}

/** What was asked for is the connection itself. A proxy that answers instead can't carry input. */
function connection(stream: NodeJS.ReadWriteStream): Duplex {
  if (stream instanceof Duplex) return stream;
  (stream as Duplex).destroy();
  throw new Error('it did not give its connection; a proxy on the way must let connections be upgraded');
}
