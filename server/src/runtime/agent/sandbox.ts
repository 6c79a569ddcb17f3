/** A sandbox in which an agent runs: everything that a sandbox does, on top of the connection to it. */
import type { Duplex } from 'node:stream';
import { type Clock, deadline, within } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { deferred } from '../../base/promises.ts';
import type { Isolation, LanguageId, Limits } from '../../protocol/index.ts';
import { findToolchain } from '../languages.ts';
import { Collector } from '../machine/collector.ts';
import { type AdjustableLimits, cannot, type Exit, type HeldProcess, type Process, type Program, type Sandbox, type SandboxCan, type SandboxPort, type Sink, type Toolchain } from '../ports.ts';
import { type AgentConnection, ConnectionLost } from './connection.ts';
import { gone, tooLong, MAX_WORD_BYTES } from './errors.ts';
import { type Facts, parseFacts } from './facts.ts';
import { AgentFiles, type Receiving } from './files.ts';
import { Type, Writer } from './frames.ts';
import { LiveLimits } from './live-limits.ts';
import { AgentProcess, type ProcessContext } from './process.ts';
import { Tunnel } from './tunnel.ts';

/** What a runtime must provide for a sandbox with an agent. */
export interface Surroundings {
  /** What is made of its facts, when these limits were asked for. */
  isolation(facts: Facts, limits: Limits): Isolation;
  /** Whether the sandbox was ended because it used too much memory. It is called when the agent has gone. Absent: that can't be known. */
  ranOutOfMemory?(): Promise<boolean>;
  /** Changes the limits of the sandbox. Absent: that can't be done. */
  adjust?(limits: AdjustableLimits): Promise<void>;
  /** How many processors the machine has on which it runs. Absent: that is not known. */
  readonly processors?: number | undefined;
  /** Removes the sandbox. Resolves when it is gone. */
  destroy(): Promise<void>;
  /** Copies a host folder into it. */
  copyIn(path: string, sandbox: Receiving, maxBytes: number, signal: AbortSignal): Promise<void>;
  /** How a language is run here; by default with the first tools that are found. */
  readonly findToolchain?: typeof findToolchain;
  /** Puts things where its programs can only read them. Absent: that can't be done, and it sees no packages. */
  readonly shown?: Pick<Sandbox, 'showModules' | 'showFile'> | undefined;
}

export interface AgentSandboxParts {
  readonly connection: AgentConnection;
  readonly surroundings: Surroundings;
  readonly facts: Facts;
  readonly limits: Limits;
  readonly image: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export class AgentSandbox implements Sandbox {
  readonly can: SandboxCan;
  readonly image: string | undefined;
  readonly memoryBytes: number | undefined;
  readonly files: AgentFiles;
  readonly #parts: AgentSandboxParts;
  readonly #tunnel: Tunnel;
  readonly #lost = deferred<string>();
  readonly #toolchains = new Map<LanguageId, Promise<Toolchain | undefined>>();
  readonly #running = new Set<AgentProcess>();
  readonly #limits: LiveLimits<Limits> | undefined;
  #isolation: Isolation;
  #lostExit: Promise<Exit> | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: AgentSandboxParts) {
    const { connection, surroundings, facts, limits, image } = parts;
    this.#parts = parts;
    this.can = { adjust: surroundings.adjust !== undefined, copyIn: true, tellPristine: true, hold: true, connections: true, packages: surroundings.shown !== undefined };
    this.image = image;
    this.memoryBytes = facts.usedBytes;
    this.#isolation = surroundings.isolation(facts, limits);
    this.files = new AgentFiles(connection);
    this.#tunnel = new Tunnel(connection, parts.clock);
    this.#limits = this.#liveLimits(parts);
    void connection.closed.then(() => this.#ended());
  }

  get isolation(): Isolation {
    return this.#isolation;
  }

  /** What was found in it when it was opened. */
  get facts(): Facts {
    return this.#parts.facts;
  }

  get lost(): Promise<string> {
    return this.#lost.promise;
  }

  /** What ran when memory ran out learns it first: a session that hears of the loss ends its commands. If nothing ran, the loss is told at once. */
  async #ended(): Promise<void> {
    if (this.#closing) return;
    const reason = this.#parts.connection.reason ?? 'the sandbox ended';
    const ran = [...this.#running].filter(({ waits }) => !waits);
    if (ran.length === 0) return this.#lost.resolve(reason);
    const exit = await this.#exitOfLost();
    if (exit.kind !== 'memoryLimit') return this.#lost.resolve(reason);
    await within(this.#parts.clock, SETTLE_DEADLINE_MS, Promise.all(ran.map(({ exited }) => exited)));
    this.#lost.resolve('the sandbox ran out of memory');
  }

  #exitOfLost(): Promise<Exit> {
    this.#lostExit ??= (async () => {
      const outOfMemory = !this.#closing && (await this.#parts.surroundings.ranOutOfMemory?.().catch(() => false));
      return outOfMemory ? { kind: 'memoryLimit', signal: 'SIGKILL', code: null } : { kind: 'lost', reason: 'the sandbox went away while the program ran' };
    })();
    return this.#lostExit;
  }

  toolchain(language: LanguageId): Promise<Toolchain | undefined> {
    const known = this.#toolchains.get(language);
    if (known) return known;
    const find = this.#parts.surroundings.findToolchain ?? findToolchain;
    const found = find(language, { which: (names) => this.#which(names), version: (command) => this.#version(command) });
    this.#toolchains.set(language, found);
    found.catch(() => this.#toolchains.delete(language));
    return found;
  }

  start(program: Program, sink: Sink, stop?: AbortSignal): Promise<Process> {
    return this.#launch(program, (context) => AgentProcess.start(context, program, sink, stop), stop);
  }

  hold(program: Program, path: string, sink: Sink): Promise<HeldProcess> {
    return this.#launch(program, (context) => AgentProcess.hold(context, program, path, sink));
  }

  async #launch(program: Program, launch: (context: ProcessContext) => Promise<AgentProcess>, stop?: AbortSignal): Promise<AgentProcess> {
    if (this.#closing) throw gone();
    stop?.throwIfAborted();
    checkLength(program);
    const { connection, clock } = this.#parts;
    const process = await lostAsGone(launch({
      connection, clock, lostExit: () => this.#exitOfLost(), giveUp: (why) => this.#abandon(why), hasten: (dying) => void this.#limits?.liftFor(dying),
    }));
    this.#running.add(process);
    void process.exited.then(() => this.#running.delete(process));
    return process;
  }

  /** Nothing is in its folders but what was prepared in them. A sandbox that does not say so soon is not believed. */
  async isPristine(): Promise<boolean> {
    const empty = async (path: string) => {
      const { entries } = await this.files.list(path, { recursive: false, limit: 1, accept: (name) => !name.startsWith('.codebeaker-') });
      return entries.length === 0;
    };
    const looking = Promise.all([empty('/workspace'), empty('/tmp')]).then((all) => all.every(Boolean));
    return deadline(this.#parts.clock, PRISTINE_DEADLINE_MS, looking, gone);
  }

  async adjust(limits: Limits): Promise<void> {
    if (!this.#limits) return cannot('be held to other limits');
    await this.#limits.change(limits);
    this.#isolation = this.#parts.surroundings.isolation(await this.#facts(), limits);
  }

  #liveLimits({ surroundings, limits, clock }: AgentSandboxParts): LiveLimits<Limits> | undefined {
    if (!surroundings.adjust) return undefined;
    const failed = () => {
      if (!this.#closing && !this.#lostExit) this.#abandon('its limit of the processor could not be put back');
    };
    return new LiveLimits({ limits, processors: surroundings.processors, clock, failed, apply: (to) => surroundings.adjust?.(to) ?? Promise.resolve() });
  }

  copyIn(path: string, maxBytes: number, signal: AbortSignal): Promise<void> {
    return this.#parts.surroundings.copyIn(path, this, maxBytes, signal);
  }

  async listen(port: number, accept: (connection: Duplex) => void): Promise<SandboxPort> {
    if (this.#closing) throw gone();
    return this.#tunnel.listen(port, accept);
  }

  async connect(port: number): Promise<Duplex> {
    if (this.#closing) throw gone();
    return this.#tunnel.connect(port);
  }

  watchPorts(signal: AbortSignal, changed: (ports: readonly number[]) => void): void {
    this.#tunnel.watchPorts(signal, changed);
  }

  showModules(links: ReadonlyMap<string, string>): Promise<void> {
    return this.#parts.surroundings.shown?.showModules(links) ?? cannot('see packages');
  }

  showFile(name: string, text: string): Promise<string> {
    return this.#parts.surroundings.shown?.showFile(name, text) ?? cannot('be shown files');
  }

  async #facts(): Promise<Facts> {
    const { connection } = this.#parts;
    const { payload } = await lostAsGone(connection.ask((channel) => connection.send(Type.facts, channel)));
    return parseFacts(payload.toString());
  }

  async #which(names: readonly string[]): Promise<ReadonlySet<string>> {
    const { connection } = this.#parts;
    const request = names.reduce((writer, name) => writer.text(Buffer.from(name)), new Writer()).bytes;
    const { payload } = await lostAsGone(connection.ask((channel) => connection.send(Type.find, channel, request)));
    return new Set(names.filter((_, at) => payload[at] === 1));
  }

  async #version(command: readonly string[]): Promise<string | undefined> {
    const output = new Collector(MAX_VERSION_BYTES);
    const running = await this.start({ command, cwd: '/', env: {}, stdin: 'none', pty: undefined }, output.sink);
    if (!(await within(this.#parts.clock, VERSION_DEADLINE_MS, running.exited))) await running.kill();
    return /\d+\.\d+(\.\d+)?/.exec(output.stdout().toString())?.[0];
  }

  /** A sandbox that does not do what it must is destroyed, not trusted. */
  #abandon(why: string): void {
    this.#parts.log.warn(`destroying a sandbox: ${why}`);
    this.#lost.resolve(why);
    void this.close().catch((fault) => this.#parts.log.error('a sandbox could not be removed', fault));
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      this.#parts.connection.destroy();
      await this.#parts.surroundings.destroy();
    })();
    return this.#closing;
  }
}

const PRISTINE_DEADLINE_MS = 500;
/** Who does not take output keeps a program from ending; the loss is told all the same. */
const SETTLE_DEADLINE_MS = 1_000;
const MAX_VERSION_BYTES = 4096;
const VERSION_DEADLINE_MS = 30_000;

/** The kernel would say the same, but not which word it is. @throws ProtocolError InvalidParams */
function checkLength({ command, env }: Program): void {
  const words = typeof command === 'string' ? [command] : command;
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  if ([...words, ...variables].some((word) => Buffer.byteLength(word) >= MAX_WORD_BYTES)) throw tooLong();
}

async function lostAsGone<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (fault) {
    throw fault instanceof ConnectionLost ? gone() : fault;
  }
}
