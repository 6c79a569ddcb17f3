/**
 * The runtime of one kind of containers. Each sandbox is a hardened container whose first process is a held shell. The
 * connection to its stdin is the lease: when it is closed, the container ends.
 */
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import { abortable, closeAll } from '../../../base/promises.ts';
import type { Undo } from '../../../base/undo.ts';
import { type LanguageId, languageIds, ProtocolError, type RuntimeInfo } from '../../../protocol/index.ts';
import { checkNetwork, type CreateContext, type Runtime, type Sandbox, type SandboxSpec } from '../../ports.ts';
import { copyFolder } from '../../workspace/copy-in.ts';
import { mountOf } from '../../workspace/folder.ts';
import { furnish, type Furnishing } from '../../workspace/furnish.ts';
import { newMark, openSandbox } from '../../shell/index.ts';
import { SocketChannel } from './channel.ts';
import { containerOptions, type OciRuntime } from './container.ts';
import { type ContainerOptions, type Engine, type EngineInfo, withTag } from './engine.ts';
import { unavailable } from './faults.ts';
import { containerIsolation } from './isolation.ts';
import { type ContainerKind, HOST_KERNEL_SCORE, isGvisor } from './kinds.ts';
import { ContainerPipes, isMountRefused, type PipesParts } from './pipes.ts';
import { PullProgress } from './pull.ts';
import { Removals } from './removals.ts';
import { containerShells } from './shells.ts';
import { watchEngine } from './watch.ts';

export interface DockerOptions {
  readonly kind: ContainerKind;
  readonly engine: Engine;
  /** With this id containers are labelled. */
  readonly daemonId: string;
  /** The image for each language. */
  readonly images: Readonly<Partial<Record<LanguageId, string>>>;
  readonly clock: Clock;
  readonly log: Log;
  /** Called before a container is made. From then on what is labelled with `daemonId` is removed even if this daemon dies suddenly. */
  sweepOnDeath(): Promise<void>;
  /** For named pipes into containers, if the engine runs on this machine. undefined: everything goes through the engine. */
  readonly pipes: PipesParts | undefined;
}

/** What is known of a sandbox before its container is made. */
interface Parts {
  readonly spec: SandboxSpec;
  readonly image: string;
  readonly oci: OciRuntime;
  /** With this mark the first shell says that it is ready. */
  readonly mark: string;
  readonly furnishing: Furnishing;
}

export class DockerRuntime implements Runtime {
  readonly id: string;
  readonly can = { terminals: true, networks: ['none'] } as const;
  readonly #options: DockerOptions;
  #info: RuntimeInfo;
  /** The images that the engine has, as of the last `refresh`. */
  #images: ReadonlySet<string> = new Set();
  /** As of the last `refresh`. */
  #engineInfo: EngineInfo | undefined;
  readonly #sandboxes = new Set<Sandbox>();
  readonly #removals: Removals;
  readonly #closing = new AbortController();
  #pipesParts: PipesParts | undefined;

  constructor(options: DockerOptions) {
    this.#options = options;
    this.#removals = new Removals(options);
    if (options.engine.address.local) this.#pipesParts = options.pipes;
    this.id = options.kind.id;
    this.#info = this.#describe({ reason: 'not looked at yet' });
  }

  info(): RuntimeInfo {
    return this.#info;
  }

  async refresh(signal: AbortSignal): Promise<RuntimeInfo> {
    try {
      const { engine } = this.#options;
      const [info, images] = await Promise.all([engine.info(signal), engine.images(signal)]);
      this.#images = images;
      this.#engineInfo = info;
      this.#info = this.#describe(this.#judge(info));
    } catch (fault) {
      this.#info = this.#describe({ reason: (fault as Error).message });
    }
    return this.#info;
  }

  #judge(info: EngineInfo): { version: string } | { reason: string } {
    if (info.os !== 'linux') return { reason: `the engine runs ${info.os} containers; switch it to Linux containers` };
    const { find, missing } = this.#options.kind;
    return find(info) === undefined ? { reason: `${missing.reason}; ${missing.hint}` } : { version: info.version };
  }

  /** @throws ProtocolError RuntimeUnavailable */
  async #oci(signal: AbortSignal): Promise<OciRuntime> {
    const { engine, kind } = this.#options;
    const info = (this.#engineInfo ??= await engine.info(signal));
    const name = kind.find(info);
    if (name === undefined) throw unavailable(kind.missing.reason, kind.missing.hint, kind.id);
    return { name: name === info.defaultRuntime ? undefined : name, gvisor: isGvisor(name, info.runtimes.get(name)) };
  }

  prepared(language: LanguageId | undefined, image = this.#options.images[language ?? 'shellscript']): boolean {
    return image !== undefined && this.#images.has(withTag(image));
  }

  watch(signal: AbortSignal, changed: () => void): void {
    const { engine, clock } = this.#options;
    const { socketPath } = engine.address.options;
    void watchEngine({ socketPath, events: (until) => engine.events(until) }, clock, signal, changed);
  }

  async create(spec: SandboxSpec, context: CreateContext): Promise<Sandbox> {
    checkNetwork(this.can, spec.network);
    const { image } = spec;
    if (!image) throw new ProtocolError('LanguageUnsupported', 'no image is configured for this language: set images in the configuration');
    if (mountOf(spec.workspace) && !this.#options.engine.address.local) {
      throw new ProtocolError('PolicyDenied', 'the Docker engine is on another machine, with which no folder can be shared: use access copy', { policy: 'workspace', rule: 'remote engine' });
    }
    const signal = AbortSignal.any([context.signal, this.#closing.signal]);
    signal.throwIfAborted();
    const furnishing = await furnish(spec);
    await abortable(signal, this.#options.sweepOnDeath());
    const parts = { spec, image, oci: await this.#oci(signal), mark: newMark(), furnishing };
    return this.#removals.undoing(async (undo) => {
      const sandbox = await this.#build(parts, signal, context.report);
      undo.add(() => sandbox.close());
      await furnishing.finish(sandbox, { signal, report: context.report });
      return sandbox;
    });
  }

  /** Makes a sandbox with named pipes if possible, else without. If the engine can't mount the folder of pipes, that is not tried again. */
  async #build(parts: Parts, signal: AbortSignal, report: CreateContext['report']): Promise<Sandbox> {
    const pipes = parts.oci.gvisor ? undefined : await this.#makePipes();
    if (!pipes) return this.#buildOn(undefined, parts, signal, report);
    try {
      return await this.#buildOn(pipes, parts, signal, report);
    } catch (fault) {
      if (!isMountRefused(fault)) throw fault;
    }
    const sandbox = await this.#buildOn(undefined, parts, signal, report);
    this.#pipesParts = undefined;
    return sandbox;
  }

  /** undefined: this host can't make any. */
  async #makePipes(): Promise<ContainerPipes | undefined> {
    try {
      return this.#pipesParts && (await ContainerPipes.make(this.#pipesParts));
    } catch (fault) {
      this.#options.log.debug('no named pipes', fault);
      return undefined;
    }
  }

  /** What is undone after a failure on the way is undone when the sandbox is closed, too. */
  #buildOn(pipes: ContainerPipes | undefined, parts: Parts, signal: AbortSignal, report: CreateContext['report']): Promise<Sandbox> {
    return this.#removals.undoing(async (undo) => {
      if (pipes) undo.add(() => pipes.remove());
      const id = await this.#createContainer(pipes, parts, signal, report);
      undo.add(() => this.#options.engine.remove(id));
      return this.#boot(id, pipes, parts, undo, signal, report);
    });
  }

  /** Starts a container that has been created, and opens the sandbox in it. */
  async #boot(id: string, pipes: ContainerPipes | undefined, { spec, image, oci, mark }: Parts, undo: Undo, signal: AbortSignal, report: CreateContext['report']): Promise<Sandbox> {
    const { engine, kind, clock, log } = this.#options;
    report('starting the sandbox');
    const lease = new SocketChannel(await engine.attach(id, signal));
    const diverted = pipes?.first(lease, clock);
    const first = diverted ?? lease;
    undo.add(() => first.destroy());
    const expected = { score: kind.score, hostKernel: this.#engineInfo?.kernel ?? '' };
    const sandbox = await openSandbox({
      first, mark, image, limits: spec.limits, clock, log, signal, copyIn: copyFolder,
      start: async () => {
        await engine.start(id, signal);
        return { ended: undefined };
      },
      source: async (run) => {
        const short = pipes && diverted && (await pipes.divert(run, diverted)) ? pipes : undefined;
        return containerShells(id, first, { ...this.#options, place: { architecture: this.#engineInfo?.architecture, oci }, pipes: short, destroy: () => undo.all() });
      },
      isolation: (facts, limits) => containerIsolation(facts, { ...spec, limits }, expected),
      refusal: notASandbox,
    });
    this.#sandboxes.add(sandbox);
    void first.closed.then(() => this.#sandboxes.delete(sandbox));
    return sandbox;
  }

  /** Resolves with the id of the container. Pulls the image first if the engine does not have it. */
  async #createContainer(pipes: ContainerPipes | undefined, { spec, image, oci, mark, furnishing }: Parts, signal: AbortSignal, report: CreateContext['report']): Promise<string> {
    const options = containerOptions(spec, image, {
      name: `codebeaker-${spec.name}`,
      daemonId: this.#options.daemonId,
      mark,
      architecture: this.#engineInfo?.architecture,
      oci,
      user: furnishing.user,
      workspace: furnishing.mount,
      mounts: pipes ? [pipes.mount] : [],
    });
    try {
      return await this.#make(options, signal);
    } catch (fault) {
      if (!(fault instanceof ProtocolError) || fault.data.status !== 404) throw fault;
    }
    await this.#pull(image, signal, report);
    return this.#make(options, signal);
  }

  /** If it is cancelled, or the engine does not answer in time, the engine may still make the container: then that is removed. */
  async #make(options: ContainerOptions, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const { engine } = this.#options;
    const made = engine.create(options);
    try {
      return await abortable(signal, made);
    } catch (fault) {
      const refused = fault instanceof ProtocolError && fault.data.status !== undefined;
      if (!refused) await this.#removals.follow(made.then((id) => engine.remove(id), () => engine.remove(options.name)));
      throw fault;
    }
  }

  async #pull(image: string, signal: AbortSignal, report: CreateContext['report']): Promise<void> {
    report(`pulling ${image}`, 0);
    const progress = new PullProgress();
    try {
      await this.#options.engine.pull(image, signal, (event) => {
        const percentage = progress.add(event);
        if (percentage !== undefined) report(`pulling ${image}`, percentage);
      });
    } catch (fault) {
      if (signal.aborted) throw fault;
      const reason = `the image ${image} is not there and can't be pulled: ${(fault as Error).message}`;
      throw unavailable(reason, `check its name and the network, or run "docker pull ${image}" yourself`, this.id);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new ProtocolError('SandboxFailed', 'the daemon is shutting down'));
    try {
      await closeAll([...this.#sandboxes].map((sandbox) => sandbox.close()), 'some containers could not be removed');
    } finally {
      await this.#removals.settled();
    }
  }

  #describe({ version, reason }: { version?: string; reason?: string }): RuntimeInfo {
    const { score, startup, memoryBytes } = this.#options.kind;
    const languages = languageIds.flatMap((id) => {
      const image = this.#options.images[id];
      return image ? [{ id, image }] : [];
    });
    return {
      id: this.id,
      available: reason === undefined,
      ...(reason === undefined ? {} : { reason }),
      ...(version === undefined ? {} : { version }),
      languages,
      isolation: { score, layers: expectedLayers(score) },
      startup: { ...startup, measured: false },
      memoryBytes,
    };
  }
}

/** What a container on a healthy engine enforces. The isolation of a sandbox says what it really got. */
function expectedLayers(score: number): RuntimeInfo['isolation']['layers'] {
  const kernel = score > HOST_KERNEL_SCORE;
  const names = [...(kernel ? ['kernel'] : []), 'user', 'capabilities', 'noNewPrivileges', ...(kernel ? [] : ['seccomp']), 'filesystem', 'network', 'memory', 'cpu', 'pids', 'disk'];
  return names.map((name) => ({ name, state: 'enforced' }));
}

function notASandbox(why: string): ProtocolError {
  return new ProtocolError('SandboxFailed', `the container did not become a sandbox: ${why}; the image needs a POSIX sh`);
}
