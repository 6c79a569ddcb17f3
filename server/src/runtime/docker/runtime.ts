/** Docker as a runtime: one hardened container a sandbox, its first process a held shell whose stdin is the lease. */
import { stat } from 'node:fs/promises';
import { type Clock, deadline } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { abortable } from '../../base/promises.ts';
import { type LanguageId, languageIds, ProtocolError, type RuntimeInfo } from '../../protocol/index.ts';
import type { CreateContext, Runtime, Sandbox, SandboxSpec, TerminalSize } from '../ports.ts';
import type { ShellHost } from '../shell/channel.ts';
import { type Facts, parseFacts } from '../shell/facts.ts';
import { prelude } from '../shell/prelude.ts';
import { ShellSandbox } from '../shell/sandbox.ts';
import { HeldShell, newMark } from '../shell/shell.ts';
import { copyFolder } from '../shell/transfer.ts';
import { SocketChannel, SocketTerminal } from './channel.ts';
import { containerOptions, DAEMON_LABEL } from './container.ts';
import { type Engine, withTag } from './engine.ts';
import { containerIsolation } from './isolation.ts';
import { PullProgress } from './pull.ts';
import { checkMount, folderOwner } from './share.ts';

export interface DockerOptions {
  readonly engine: Engine;
  readonly daemonId: string;
  /** Which image runs which language. */
  readonly images: Readonly<Partial<Record<LanguageId, string>>>;
  readonly clock: Clock;
  readonly log: Log;
  /** Called before the first container is made: whatever happens to us, somebody will remove what is labelled ours. */
  guard(): Promise<void>;
}

/** A container whose shell does not speak within this time is no sandbox. */
const FACTS_DEADLINE_MS = 20_000;

export class DockerRuntime implements Runtime {
  readonly id = 'docker';
  readonly #options: DockerOptions;
  #info: RuntimeInfo;
  #present: ReadonlySet<string> = new Set();
  readonly #sandboxes = new Set<Sandbox>();

  constructor(options: DockerOptions) {
    this.#options = options;
    this.#info = this.#describe({ reason: 'not looked at yet' });
  }

  info(): RuntimeInfo {
    return this.#info;
  }

  async refresh(signal: AbortSignal): Promise<RuntimeInfo> {
    try {
      const { engine } = this.#options;
      const [{ version, os }, images] = await Promise.all([engine.info(signal), engine.images(signal)]);
      this.#present = images;
      this.#info = this.#describe(os === 'linux' ? { version } : { reason: `the engine runs ${os} containers; Linux ones are needed` });
    } catch (fault) {
      this.#info = this.#describe({ reason: (fault as Error).message });
    }
    return this.#info;
  }

  prepared(language: LanguageId | undefined): boolean {
    const image = this.#options.images[language ?? 'shellscript'];
    return image !== undefined && this.#present.has(withTag(image));
  }

  async create(spec: SandboxSpec, context: CreateContext): Promise<Sandbox> {
    if (spec.network.mode !== 'none') throw new ProtocolError('IsolationUnavailable', 'this runtime gives no network; use mode none', { layers: ['network'] });
    const image = spec.image;
    if (!image) throw new ProtocolError('LanguageUnsupported', 'no image is configured for this language: set images in the configuration');
    if (spec.workspace && !this.#options.engine.address.local) {
      throw new ProtocolError('PolicyDenied', 'the engine is on another machine: no folder can be shared with it, use access copy', { policy: 'workspace', rule: 'remote engine' });
    }
    const shared = spec.workspace && spec.workspace.access !== 'copy' ? await stat(spec.workspace.path) : undefined;
    await this.#options.guard();
    const mark = newMark();
    const identity = { name: `codebeaker-${spec.sessionId}`, daemonId: this.#options.daemonId, mark, user: shared && folderOwner(shared) };
    const id = await this.#createContainer(spec, image, identity, context);
    try {
      return await this.#boot(id, spec, image, mark, context);
    } catch (fault) {
      await this.#remove(id);
      throw fault;
    }
  }

  /** From a created container to a sandbox that says what it is. */
  async #boot(id: string, spec: SandboxSpec, image: string, mark: string, { signal, report }: CreateContext): Promise<Sandbox> {
    const { engine, clock, log } = this.#options;
    report('starting the sandbox');
    const first = new SocketChannel(await engine.attach(id, signal));
    const { shell, facts: spoken } = HeldShell.open(first, mark);
    await engine.start(id, signal);
    const text = await abortable(signal, deadline(clock, FACTS_DEADLINE_MS, spoken, () => notASandbox('its shell says nothing')));
    if (text === undefined) throw notASandbox('its shell ended at once');
    const facts: Facts = parseFacts(text);
    const host = this.#host(id, first);
    const sandbox = new ShellSandbox({ host, first: shell, facts, image, isolation: containerIsolation(facts, spec), clock, log });
    this.#sandboxes.add(sandbox);
    void first.closed.then(() => this.#sandboxes.delete(sandbox));
    if (spec.workspace?.access === 'copy') {
      report('copying the folder');
      await abortable(signal, copyFolder(spec.workspace.path, sandbox, spec.limits.diskBytes));
    } else if (spec.workspace) await checkMount(spec.workspace.path, sandbox);
    return sandbox;
  }

  #host(id: string, first: SocketChannel): ShellHost {
    const { engine, log } = this.#options;
    return {
      first,
      open: async (mark) => {
        const { stream } = await engine.exec(id, { command: ['sh', '-c', prelude, 'sh', mark] });
        return new SocketChannel(stream);
      },
      openTerminal: async ({ command, env, cwd, size }) => {
        const { execId, stream } = await engine.exec(id, {
          command: ['sh', '-c', sized(size), 'sh', ...command],
          cwd,
          terminal: true,
          env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
        });
        return new SocketTerminal(stream, {
          // A program that has just ended has no size any more.
          resize: (to) => engine.resize(execId, to).catch((fault: unknown) => log.debug('resize', fault)),
          exitCode: () => this.#exitCode(execId),
        });
      },
      destroy: () => this.#remove(id, first),
    };
  }

  /** The stream may end a moment before the engine knows the code. */
  async #exitCode(execId: string): Promise<number | undefined> {
    for (let tries = 0; tries < 20; tries++) {
      try {
        const code = await this.#options.engine.exitCode(execId);
        if (code !== undefined) return code;
      } catch {
        return undefined;
      }
      await new Promise<void>((resolve) => this.#options.clock.after(50, resolve));
    }
    return undefined;
  }

  async #createContainer(
    spec: SandboxSpec,
    image: string,
    identity: Parameters<typeof containerOptions>[2],
    { signal, report }: CreateContext,
  ): Promise<string> {
    const { engine } = this.#options;
    const create = async () => {
      const pending = engine.create(containerOptions(spec, image, identity), signal);
      // Nobody may hear of it any more, but the engine may make it all the same.
      pending.catch(() => (signal.aborted ? this.#remove(identity.name) : undefined));
      return pending;
    };
    try {
      return await create();
    } catch (fault) {
      if (!(fault instanceof ProtocolError) || fault.data.status !== 404) throw fault;
    }
    report(`pulling ${image}`, 0);
    const progress = new PullProgress();
    try {
      await engine.pull(image, signal, (event) => {
        const percentage = progress.add(event);
        if (percentage !== undefined) report(`pulling ${image}`, percentage);
      });
    } catch (fault) {
      if (signal.aborted) throw fault;
      const reason = `the image ${image} is not there and can't be pulled: ${(fault as Error).message}`;
      throw new ProtocolError('RuntimeUnavailable', `${reason}; check the name and the network, or docker pull it yourself`, {
        runtime: 'docker',
        reason,
        hint: `docker pull ${image}`,
      });
    }
    return create();
  }

  async #remove(id: string, first?: SocketChannel): Promise<void> {
    first?.destroy();
    await this.#options.engine.remove(id);
  }

  /** Removes what daemons that are gone left behind. `alive` says whether a daemon's id is still somebody's. */
  async sweep(alive: (daemonId: string) => boolean): Promise<number> {
    const found = await this.#options.engine.find(DAEMON_LABEL);
    const stray = found.filter(({ labels }) => !alive(labels[DAEMON_LABEL] ?? ''));
    await Promise.all(stray.map(({ id }) => this.#options.engine.remove(id)));
    return stray.length;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sandboxes].map((sandbox) => sandbox.close()));
  }

  #describe({ version, reason }: { version?: string; reason?: string }): RuntimeInfo {
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
      isolation: { score: 7, layers: expectedLayers },
      startup: { coldMs: 320, warmMs: 320, measured: false },
      memoryBytes: 8 * 1024 * 1024,
    };
  }
}

/** What a container on a healthy engine enforces. What a session really got is in its own isolation. */
const expectedLayers = ['user', 'capabilities', 'noNewPrivileges', 'seccomp', 'filesystem', 'network', 'memory', 'cpu', 'pids', 'disk'].map(
  (name) => ({ name, state: 'enforced' as const }),
);

/** The terminal has its size before the program sees it. */
function sized({ cols, rows }: TerminalSize): string {
  return `stty cols ${cols} rows ${rows} 2>/dev/null; exec "$@"`;
}

function notASandbox(why: string): ProtocolError {
  return new ProtocolError('SandboxFailed', `the container did not become a sandbox: ${why}; the image needs a POSIX sh`);
}
