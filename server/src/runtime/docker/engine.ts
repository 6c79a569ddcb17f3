/** The only file that knows dockerode. Every call has a deadline; every fault becomes words for a person. */
import type Docker from 'dockerode';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import { ProtocolError } from '../../protocol/index.ts';
import type { TerminalSize } from '../ports.ts';
import type { EngineAddress } from './host.ts';

export interface EngineInfo {
  readonly version: string;
  readonly runtimes: readonly string[];
  readonly os: string;
}

export type ContainerOptions = Docker.ContainerCreateOptions;

export interface PullEvent {
  readonly id?: string;
  readonly status?: string;
  readonly error?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

/** An engine that says nothing for this long is stuck. */
const DEADLINE_MS = { probe: 4_000, call: 30_000, start: 60_000 };
/** A pull that moves nothing for this long is given up. */
const PULL_STALL_MS = 60_000;

/** The published types are a major version behind: they don't know that `info` takes options. */
interface AbortableInfo {
  info(options: { abortSignal: AbortSignal }): Promise<{ ServerVersion: string; OSType: string; Runtimes?: object }>;
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
    const info = await this.#call('probe', signal, (docker, abortSignal) =>
      (docker as unknown as AbortableInfo).info({ abortSignal }));
    return { version: info.ServerVersion, runtimes: Object.keys(info.Runtimes ?? {}), os: info.OSType };
  }

  async create(options: ContainerOptions, signal: AbortSignal): Promise<string> {
    const container = await this.#call('call', signal, (docker, abortSignal) =>
      docker.createContainer({ ...options, abortSignal }));
    return container.id;
  }

  /** The three streams of the container's first process: its stdin lives as long as this connection. */
  attach(id: string, signal: AbortSignal): Promise<Duplex> {
    return this.#call('call', signal, async (docker) =>
      duplex(await docker.getContainer(id).attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true })));
  }

  async start(id: string, signal: AbortSignal): Promise<void> {
    await this.#call('start', signal, (docker, abortSignal) => docker.getContainer(id).start({ abortSignal }));
  }

  /** Starts another process in the container. */
  async exec(
    id: string,
    options: { command: readonly string[]; env?: readonly string[]; cwd?: string; terminal?: boolean },
  ): Promise<{ execId: string; stream: Duplex }> {
    return this.#call('call', undefined, async (docker) => {
      const exec = await docker.getContainer(id).exec({
        Cmd: [...options.command],
        Env: [...(options.env ?? [])],
        ...(options.cwd ? { WorkingDir: options.cwd } : {}),
        Tty: options.terminal ?? false,
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
      });
      const stream = await exec.start({ hijack: true, stdin: true, Tty: options.terminal ?? false });
      return { execId: exec.id, stream: duplex(stream) };
    });
  }

  async resize(execId: string, size: TerminalSize): Promise<void> {
    await this.#call('call', undefined, (docker) => docker.getExec(execId).resize({ h: size.rows, w: size.cols }));
  }

  /** undefined while it runs. */
  async exitCode(execId: string): Promise<number | undefined> {
    const state = await this.#call('call', undefined, (docker) => docker.getExec(execId).inspect());
    return state.Running ? undefined : (state.ExitCode ?? undefined);
  }

  /** Kills and removes it, and waits until it is gone. One that is gone already is no fault. */
  async remove(id: string): Promise<void> {
    await this.#call('start', undefined, async (docker) => {
      const container = docker.getContainer(id);
      try {
        await container.remove({ force: true, v: true });
      } catch (fault) {
        if (statusOf(fault) === 404) return;
        if (statusOf(fault) !== 409) throw fault;
        await container.wait({ condition: 'removed' }).catch((late: unknown) => {
          if (statusOf(late) !== 404) throw late;
        });
      }
    });
  }

  /** Ids of the containers with a label, running or not. */
  async find(label: string): Promise<{ id: string; labels: Readonly<Record<string, string>> }[]> {
    const list = await this.#call('call', undefined, (docker) =>
      docker.listContainers({ all: true, filters: { label: [label] } }));
    return list.map((container) => ({ id: container.Id, labels: container.Labels }));
  }

  /** The names of the images that are there. */
  async images(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const list = await this.#call('probe', signal, (docker) => docker.listImages());
    return new Set(list.flatMap(({ RepoTags }) => RepoTags ?? []));
  }

  async pull(image: string, signal: AbortSignal, onEvent: (event: PullEvent) => void): Promise<void> {
    const stream = await this.#call('start', signal, (docker) => docker.pull(withTag(image)));
    const docker = await this.#connect();
    await new Promise<void>((resolve, reject) => {
      let cancel = () => {};
      const stop = (fault?: Error | null) => {
        cancel();
        signal.removeEventListener('abort', aborted);
        (stream as Duplex).destroy();
        if (fault) reject(fault);
        else resolve();
      };
      const aborted = () => stop(signal.reason as Error);
      const watch = () => {
        cancel();
        cancel = this.#clock.after(PULL_STALL_MS, () => stop(new Error('the registry sends nothing')));
      };
      signal.addEventListener('abort', aborted, { once: true });
      watch();
      docker.modem.followProgress(stream, stop, (event: PullEvent) => {
        watch();
        onEvent(event);
      });
    });
  }

  #connect(): Promise<Docker> {
    this.#docker ??= import('dockerode').then(({ default: Client }) => new Client(this.address.options));
    return this.#docker;
  }

  async #call<T>(
    kind: keyof typeof DEADLINE_MS,
    signal: AbortSignal | undefined,
    work: (docker: Docker, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const abort = new AbortController();
    const cancelled = () => abort.abort(signal?.reason);
    signal?.addEventListener('abort', cancelled, { once: true });
    if (signal?.aborted) cancelled();
    const late = new Error(`no answer within ${DEADLINE_MS[kind] / 1000} s`);
    const cancel = this.#clock.after(DEADLINE_MS[kind], () => abort.abort(late));
    try {
      const stopped = new Promise<never>((_, reject) => {
        abort.signal.addEventListener('abort', () => reject(abort.signal.reason), { once: true });
      });
      stopped.catch(() => undefined);
      if (abort.signal.aborted) throw abort.signal.reason;
      return await Promise.race([this.#connect().then((docker) => work(docker, abort.signal)), stopped]);
    } catch (fault) {
      if (signal?.aborted) throw signal.reason;
      throw explain(fault);
    } finally {
      cancel();
      signal?.removeEventListener('abort', cancelled);
    }
  }
}

/** `latest` where a name says neither tag nor digest. */
export function withTag(image: string): string {
  return /[:@][^/]*$/.test(image) ? image : `${image}:latest`;
}

function duplex(stream: NodeJS.ReadWriteStream): Duplex {
  return stream as Duplex;
}

function statusOf(fault: unknown): number | undefined {
  return (fault as { statusCode?: number }).statusCode;
}

const hints: Readonly<Record<string, string>> = {
  ENOENT: 'is Docker installed and running? Start it, or set DOCKER_HOST',
  ECONNREFUSED: 'nothing listens there: start Docker, or set DOCKER_HOST',
  EACCES: 'this user may not use Docker: add it to the docker group, or use rootless Docker',
  ENOTFOUND: 'the host name is unknown: check DOCKER_HOST or the Docker context',
};

/** What the engine or the connection to it said, without paths: `status` is the HTTP code where there is one. */
function explain(fault: unknown): ProtocolError {
  if (fault instanceof ProtocolError) return fault;
  const status = statusOf(fault);
  if (status !== undefined) {
    const words = (fault as Error).message.replace(/^\(HTTP code \d+\) [^-]*- /, '').trim();
    return new ProtocolError('SandboxFailed', `Docker refused: ${words.split('\n')[0]?.slice(0, 500)}`, { status });
  }
  const code = (fault as { code?: string }).code ?? '';
  const reason = hints[code] ? `the Docker engine can't be reached (${code})` : `the Docker engine gives no answer: ${(fault as Error).message}`;
  return new ProtocolError('RuntimeUnavailable', `${reason}; ${hints[code] ?? 'check that Docker is healthy (docker info)'}`, {
    runtime: 'docker',
    reason,
    hint: hints[code] ?? 'check that Docker is healthy (docker info)',
  });
}
