/**
 * The runtime of one kind of containers. Each sandbox is a hardened container whose first process is an agent. The
 * connection to its stdin is the lease: when it is closed, the container ends.
 */
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import { abortable, closeAll } from '../../../base/promises.ts';
import type { Undo } from '../../../base/undo.ts';
import { type LanguageId, ProtocolError, type RuntimeInfo, type Weakness } from '../../../protocol/index.ts';
import { weakened } from '../../holes/find.ts';
import { type CreateContext, everyNetwork, type Runtime, type Sandbox, type SandboxSpec } from '../../ports.ts';
import { copyFolder } from '../../workspace/copy-in.ts';
import { mountOf } from '../../workspace/folder.ts';
import { furnish, type Furnishing } from '../../workspace/furnish.ts';
import { type AgentSandbox, layers, type Machine, openSandbox, sealedCarrier } from '../../agent/index.ts';
import type { Keeper } from '../../machine/keeper.ts';
import { attachedCarrier, chosenCarrier } from './carriers.ts';
import { containerOptions, type OciRuntime, onMachine } from './container.ts';
import type { Credentials } from './credentials.ts';
import { describe } from './describe.ts';
import { type ContainerOptions, type Engine, type EngineInfo, withTag } from './engine.ts';
import { isUndone, noMounts, notASandbox, unavailable } from './faults.ts';
import { unfit } from './fitness.ts';
import { containerIsolation } from './isolation.ts';
import { type ContainerKind, isGvisor } from './kinds.ts';
import { type Door, isMountRefused, mountedDoor, volumeDoor } from './entrance.ts';
import { pullImage } from './pull-image.ts';
import { Removals } from './removals.ts';
import { Volumes } from './volumes.ts';
import { watchEngine } from './watch.ts';
import { noParts, weaknessesOfEngine } from './weaknesses.ts';

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
  /** For the files that an engine on this machine mounts. */
  readonly keeper: Pick<Keeper, 'folder'>;
  /** Finds the credentials for the registry of an image. Absent: there are none. */
  credentials?(image: string): Promise<Credentials | undefined>;
}

/** What is known of a sandbox before its container is made. */
interface Parts {
  readonly spec: SandboxSpec;
  readonly image: string;
  readonly oci: OciRuntime;
  readonly machine: Machine;
  readonly furnishing: Furnishing;
}

export class DockerRuntime implements Runtime {
  readonly id: string;
  readonly can = { terminals: true, networks: everyNetwork, packages: true } as const;
  readonly #options: DockerOptions;
  #info: RuntimeInfo;
  /** The images that the engine has, as of the last time it was asked. */
  #images: ReadonlyMap<string, string> = new Map();
  /** As of the last `refresh`. */
  #engineInfo: EngineInfo | undefined;
  #weaknesses: readonly Weakness[] = [];
  readonly #sandboxes = new Set<Sandbox>();
  readonly #removals: Removals;
  readonly #closing = new AbortController();
  readonly #volumes = new Volumes();
  /** Whether the engine can mount files of this machine. */
  #mounts: boolean;

  constructor(options: DockerOptions) {
    this.#options = options;
    this.#removals = new Removals(options);
    this.#mounts = options.engine.address.local;
    this.id = options.kind.id;
    this.#info = this.#describe({ reason: 'not looked at yet' });
  }

  info(): RuntimeInfo {
    return this.#info;
  }

  async refresh(signal: AbortSignal): Promise<RuntimeInfo> {
    try {
      const { engine } = this.#options;
      const [info, images] = await Promise.all([this.#learn(signal), engine.images(signal)]);
      this.#images = images;
      this.#info = this.#describe(this.#judge(info));
    } catch (fault) {
      this.#info = this.#describe({ reason: (fault as Error).message });
    }
    return this.#info;
  }

  async #learn(signal: AbortSignal): Promise<EngineInfo> {
    const { engine, kind } = this.#options;
    const [info, parts] = await Promise.all([engine.info(signal), engine.parts(signal).catch(() => noParts)]);
    this.#weaknesses = weaknessesOfEngine(parts, kind, info);
    return (this.#engineInfo = info);
  }

  #judge(info: EngineInfo): { version: string } | { reason: string } {
    const fault = unfit(info, this.#options.kind);
    return fault ? { reason: `${fault.reason}; ${fault.hint}` } : { version: info.version };
  }

  /** @throws ProtocolError RuntimeUnavailable */
  async #host(signal: AbortSignal): Promise<{ oci: OciRuntime; machine: Machine }> {
    const { kind } = this.#options;
    const info = this.#engineInfo ?? (await this.#learn(signal));
    const fault = unfit(info, kind);
    if (fault) throw unavailable(fault.reason, fault.hint, kind.id);
    const { name, gvisor } = ociOf(kind, info);
    return { machine: info.architecture as Machine, oci: { name: name === info.defaultRuntime ? undefined : name, gvisor } };
  }

  prepared(language: LanguageId | undefined, image = this.#options.images[language ?? 'shellscript']): boolean {
    return image !== undefined && this.#images.has(withTag(image));
  }

  async programs(language: LanguageId | undefined, image = this.#options.images[language ?? 'shellscript'] ?? ''): Promise<string> {
    // It may have been pulled since the last `refresh`. An id, or a name with a digest, means the same image for ever.
    if (!this.#images.has(withTag(image)) && !/@|^sha256:/.test(image)) this.#images = await this.#options.engine.images(this.#closing.signal);
    return JSON.stringify([this.#engineInfo?.architecture, this.#options.kind.id, this.#images.get(withTag(image)) ?? image]);
  }

  watch(signal: AbortSignal, changed: () => void): void {
    const { engine, clock } = this.#options;
    const { socketPath } = engine.address.options;
    void watchEngine({ socketPath, events: (until) => engine.events(until) }, clock, signal, changed);
  }

  async create(spec: SandboxSpec, context: CreateContext): Promise<Sandbox> {
    const { image } = spec;
    if (!image) throw new ProtocolError('LanguageUnsupported', 'no image is configured for this language: set images in the configuration');
    if (mountOf(spec.workspace) && !this.#options.engine.address.local) {
      throw new ProtocolError('PolicyDenied', 'the Docker engine is on another machine, with which no folder can be shared: use access copy', { policy: 'workspace', rule: 'remote engine' });
    }
    const signal = AbortSignal.any([context.signal, this.#closing.signal]);
    signal.throwIfAborted();
    const furnishing = await furnish(spec);
    await abortable(signal, this.#options.sweepOnDeath());
    const parts = { spec, image, ...(await this.#host(signal)), furnishing };
    return this.#removals.undoing(async (undo) => {
      const sandbox = await this.#buildBounded(parts, signal, context.report);
      undo.add(() => sandbox.close());
      await furnishing.finish(sandbox, { signal, report: context.report });
      return sandbox;
    });
  }

  /** Where an image asks for volumes, its first sandbox shows that, and is replaced. */
  async #buildBounded(parts: Parts, signal: AbortSignal, report: CreateContext['report']): Promise<AgentSandbox> {
    const sandbox = await this.#build(parts, signal, report);
    if (!this.#volumes.learn(parts.image, layers.boundless(sandbox.facts))) return sandbox;
    await sandbox.close();
    return this.#build(parts, signal, report);
  }

  /** Has the engine mount the agent if possible. If it can't, that is not tried again. */
  async #build(parts: Parts, signal: AbortSignal, report: CreateContext['report']): Promise<AgentSandbox> {
    const mounted = this.#mounts ? await this.#mountedDoor(parts) : undefined;
    if (!mounted && parts.spec.packages?.kind === 'staging') throw noMounts();
    if (mounted) {
      try {
        return await this.#buildWith(mounted, parts, signal, report);
      } catch (fault) {
        if (!isMountRefused(fault)) throw fault;
        if (parts.spec.packages?.kind === 'staging') throw noMounts();
      }
    }
    const sandbox = await this.#buildWith(volumeDoor(parts.machine), parts, signal, report);
    if (mounted) this.#mounts = false;
    return sandbox;
  }

  /** Resolves with undefined where the files for the engine can't be made, as on a full disk. */
  async #mountedDoor({ machine, spec }: Parts): Promise<Door | undefined> {
    try {
      return await mountedDoor(machine, this.#options.keeper, spec.packages);
    } catch (fault) {
      this.#options.log.warn('the agent has no place in the folder of the daemon, and is put into the container by the engine', fault);
      return undefined;
    }
  }

  /** What is undone after a failure on the way is undone when the sandbox is closed, too. */
  #buildWith(door: Door, parts: Parts, signal: AbortSignal, report: CreateContext['report']): Promise<AgentSandbox> {
    return this.#removals.undoing(async (undo) => {
      undo.add(() => door.remove());
      const id = await this.#createContainer(door, parts, signal, report);
      undo.add(() => this.#options.engine.remove(id));
      await door.fill(this.#options.engine, id, signal);
      return this.#boot(id, door, parts, undo, signal, report);
    });
  }

  /** Starts a container that has been created, and opens the sandbox in it. */
  async #boot(id: string, door: Door, { spec, image, oci, furnishing }: Parts, undo: Undo, signal: AbortSignal, report: CreateContext['report']): Promise<AgentSandbox> {
    const { engine, kind, clock, log } = this.#options;
    report('starting the sandbox');
    const streams = attachedCarrier(await engine.attach(id, signal));
    const chosen = chosenCarrier(streams, door.connected, clock);
    // Under gVisor programs can open the streams of the agent.
    const carrier = oci.gvisor ? sealedCarrier(chosen) : chosen;
    undo.add(() => carrier.destroy());
    const expected = { score: kind.score, hostKernel: this.#engineInfo?.kernel ?? '' };
    await engine.start(id, signal);
    const sandbox = await openSandbox({
      carrier, image, limits: spec.limits, clock, log: log.child('agent', { session: spec.name }), signal, writable: furnishing.mount ? ['/tmp'] : ['/workspace', '/tmp'], ended: undefined, refusal: notASandbox,
      surroundings: {
        copyIn: copyFolder,
        shown: door.shown,
        processors: this.#engineInfo?.processors,
        isolation: (facts, limits) => weakened(containerIsolation(facts, { ...spec, limits }, expected), this.#weaknesses),
        ranOutOfMemory: () => engine.ranOutOfMemory(id),
        cpuMs: () => engine.cpuMs(id),
        // Under gVisor some limits are in force inside the sandbox, where the engine can't change them.
        ...(oci.gvisor ? {} : { adjust: (limits) => engine.adjust(id, onMachine(limits, this.#engineInfo?.processors)) }),
        destroy: async () => {
          // The end of the lease ends the container. Under gVisor it is given the time to end so: the engine takes a second
          // for each process of a container that it has to kill.
          if (oci.gvisor) await engine.awaitRemoval(id).catch(() => undefined);
          await undo.all();
        },
      },
    });
    this.#sandboxes.add(sandbox);
    void carrier.closed.then(() => this.#sandboxes.delete(sandbox));
    return sandbox;
  }

  /** Resolves with the id of the container. Pulls the image first if the engine does not have it. */
  async #createContainer(entrance: Door, { spec, image, oci, furnishing }: Parts, signal: AbortSignal, report: CreateContext['report']): Promise<string> {
    const options = containerOptions(spec, image, {
      name: `codebeaker-${spec.name}`,
      daemonId: this.#options.daemonId,
      oci, processors: this.#engineInfo?.processors,
      user: furnishing.user, workspace: furnishing.mount, volumes: this.#volumes.of(image),
      entrance: oci.gvisor ? { ...entrance, args: [...entrance.args, '--sealed'] } : entrance,
    });
    try {
      return await this.#make(options, signal);
    } catch (fault) {
      if (!(fault instanceof ProtocolError) || fault.data.status !== 404) throw fault;
    }
    await pullImage(image, { ...this.#options, id: this.id }, signal, report);
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
      if (!isUndone(fault)) await this.#removals.follow(made.then((id) => engine.remove(id), () => engine.remove(options.name)));
      throw fault;
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

  #describe(found: { version?: string; reason?: string }): RuntimeInfo {
    const { kind, images } = this.#options;
    const gvisor = this.#engineInfo !== undefined && ociOf(kind, this.#engineInfo).gvisor;
    return describe(kind, images, { ...found, gvisor, weaknesses: found.reason === undefined ? this.#weaknesses : [] });
  }
}

/** The OCI runtime of the kind. */
function ociOf(kind: ContainerKind, info: EngineInfo): { readonly name: string; readonly gvisor: boolean } {
  const name = kind.find(info) ?? info.defaultRuntime;
  return { name, gvisor: isGvisor(name, info.runtimes.get(name)) };
}
