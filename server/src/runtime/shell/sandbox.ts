/** A sandbox made of held shells: everything a runtime needs to be one, but for making the first shell. */
import { randomBytes } from 'node:crypto';
import { type Clock, deadline, within } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { deferred } from '../../base/promises.ts';
import { type Isolation, type LanguageId, type Limits, ProtocolError } from '../../protocol/index.ts';
import { findToolchain } from '../languages.ts';
import { cannot, type Exit, type Process, type Program, type Sandbox, type SandboxCan, type Sink, type Toolchain } from '../ports.ts';
import type { ShellSource, TerminalChannel } from './channel.ts';
import { type Facts, parseFacts } from './facts.ts';
import { type OperationOptions, type OperationResult, ShellFiles } from './files.ts';
import { COMMAND_ID, MAX_INLINE_STDIN_BYTES, operationLine, ROOM } from './lines.ts';
import { Collector } from '../machine/collector.ts';
import { HeldProcess, OwnStdinProcess, type ProcessContext } from './process.ts';
import { quote } from './quote.ts';
import type { HeldShell } from './shell.ts';
import { ShellPool } from './pool.ts';
import { TerminalProcess } from './terminal.ts';

export interface ShellSandboxParts {
  readonly source: ShellSource;
  readonly first: HeldShell;
  readonly facts: Facts;
  /** What is made of its facts, when these limits were asked for. */
  isolation(facts: Facts, limits: Limits): Isolation;
  readonly limits: Limits;
  readonly image: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Copies a host folder into it. */
  copyIn(path: string, sandbox: Sandbox, maxBytes: number, signal: AbortSignal): Promise<void>;
  /** How a language is run here; by default with the first tools that are found. */
  readonly findToolchain?: typeof findToolchain;
}

export class ShellSandbox implements Sandbox {
  readonly can: SandboxCan;
  readonly image: string | undefined;
  readonly memoryBytes: number | undefined;
  readonly files: ShellFiles;
  readonly #parts: ShellSandboxParts;
  readonly #shells: ShellPool;
  readonly #lost = deferred<string>();
  readonly #toolchains = new Map<LanguageId, Promise<Toolchain | undefined>>();
  /** The highest out-of-memory count seen: only a rise is a command's. */
  #oomKills = 0;
  #commands = 0;
  #isolation: Isolation;
  readonly #running = new Set<Process>();
  readonly #terminals = new Set<TerminalChannel>();
  #closing: Promise<void> | undefined;

  constructor(parts: ShellSandboxParts) {
    this.#parts = parts;
    this.can = { adjust: parts.source.adjust !== undefined, copyIn: true, tellPristine: true };
    this.image = parts.image;
    this.#isolation = parts.isolation(parts.facts, parts.limits);
    this.memoryBytes = parts.facts.usedBytes;
    this.#shells = new ShellPool(parts.source, parts.first, parts.clock, () => this.#gone());
    this.files = new ShellFiles((script, options) => this.#operate(script, options));
    void parts.source.first.closed.then(() => this.#ended());
  }

  /** Of its first shell. What ran for want of memory no more learns it first: a session that hears of the loss ends its commands. */
  async #ended(): Promise<void> {
    if (this.#closing) return;
    const { kind } = await this.#lostExit();
    // The engine may forget to close a connection to what is no more.
    const over = this.#settled(DRAIN_MS).then(() => {
      this.#shells.close();
      for (const channel of this.#terminals) channel.destroy();
    });
    if (kind !== 'memoryLimit') return this.#lost.resolve('the sandbox ended');
    await over;
    await this.#settled(SETTLE_DEADLINE_MS);
    this.#lost.resolve('the sandbox ran out of memory');
  }

  /** Resolves when no program runs any more, or after `deadlineMs`. */
  async #settled(deadlineMs: number): Promise<void> {
    await within(this.#parts.clock, deadlineMs, Promise.all([...this.#running].map(({ exited }) => exited)));
  }

  async #lostExit(): Promise<Exit> {
    const outOfMemory = !this.#closing && (await this.#parts.source.ranOutOfMemory?.().catch(() => false));
    return outOfMemory ? { kind: 'memoryLimit', signal: 'SIGKILL', code: null } : { kind: 'lost', reason: 'the sandbox went away while the program ran' };
  }

  get isolation(): Isolation {
    return this.#isolation;
  }

  get lost(): Promise<string> {
    return this.#lost.promise;
  }

  toolchain(language: LanguageId): Promise<Toolchain | undefined> {
    const known = this.#toolchains.get(language);
    if (known) return known;
    const find = this.#parts.findToolchain ?? findToolchain;
    const found = find(language, {
      which: (names) => this.#which(names),
      version: (command) => this.#version(command),
    });
    this.#toolchains.set(language, found);
    found.catch(() => this.#toolchains.delete(language));
    return found;
  }

  async start(program: Program, sink: Sink): Promise<Process> {
    const id = `${++this.#commands}.${randomBytes(4).toString('hex')}`;
    if (program.cwd !== '/workspace') await this.#checkDirectory(program.cwd);
    const process = await this.#begin(program, id, sink);
    this.#running.add(process);
    void process.exited.then(() => this.#running.delete(process));
    return process;
  }

  async #begin(program: Program, id: string, sink: Sink): Promise<Process> {
    if (program.pty) return this.#startTerminal(program, id, sink);
    const inline = program.stdin === 'none' || (program.stdin !== 'open' && program.stdin.length <= MAX_INLINE_STDIN_BYTES);
    if (!inline) return this.#startOwnStdin(program, id, sink);
    const borrowed = await this.#shells.borrow();
    return new HeldProcess(this.#context(id), borrowed, program, sink);
  }

  async #startOwnStdin(program: Program, id: string, sink: Sink): Promise<Process> {
    const { shell, facts } = await this.#shells.openOwn();
    return new OwnStdinProcess(this.#context(id), shell, facts.pid, program, sink);
  }

  async #startTerminal(program: Program, id: string, sink: Sink): Promise<Process> {
    const size = program.pty ?? { cols: 80, rows: 24 };
    const command = typeof program.command === 'string' ? ['sh', '-c', program.command] : program.command;
    const env = { TERM: 'xterm-256color', ...program.env, [COMMAND_ID]: id };
    const release = await this.#shells.reserve();
    try {
      const channel = await this.#parts.source.openTerminal({ command, env, cwd: program.cwd, size });
      this.#terminals.add(channel);
      const process = new TerminalProcess(this.#context(id), channel, sink);
      void process.exited.then(release).then(() => this.#terminals.delete(channel));
      return process;
    } catch (fault) {
      release();
      throw fault;
    }
  }

  #context(id: string): ProcessContext {
    return {
      id,
      clock: this.#parts.clock,
      control: (line: string) => this.#parts.first.control(line),
      operate: (script: string) => this.#operate(script),
      oomKills: { get: () => this.#oomKills, set: (count: number) => (this.#oomKills = Math.max(this.#oomKills, count)) },
      lostExit: () => this.#lostExit(),
      giveUp: (why: string) => this.#abandon(why),
    };
  }

  /** Runs shell builtins and tools in a shell's foreground, with their output as bytes. */
  async #operate(script: string, { body, limit = Infinity }: OperationOptions = {}): Promise<OperationResult> {
    const borrowed = await this.#shells.borrow();
    const output = new Collector(limit);
    const cancel = this.#parts.clock.after(OPERATION_DEADLINE_MS, () => this.#abandon('a file command did not end'));
    try {
      const carryOut = async (wanted: string, bytes?: Buffer): Promise<number> => {
        const trailer = await borrowed.shell.run((mark) => operationLine(mark, wanted, bytes !== undefined), output.sink, bytes);
        if (trailer === undefined) throw this.#gone();
        return Number(trailer);
      };
      const room = body && body.length > MAX_UNASKED_BYTES ? await carryOut(ROOM) : 0;
      const status = room === 0 ? await carryOut(script, body) : room;
      return { status, stdout: output.stdout(), stderr: output.stderr().toString() };
    } finally {
      cancel();
      borrowed.giveBack(true);
    }
  }

  /** Nothing in its folders but what was prepared in them. A shell that does not say so soon is not believed. */
  async isPristine(): Promise<boolean> {
    const looking = this.#operate(PRISTINE).then(({ status }) => status === 0);
    return deadline(this.#parts.clock, PRISTINE_DEADLINE_MS, looking, () => this.#gone());
  }

  async adjust(limits: Limits): Promise<void> {
    const { source } = this.#parts;
    if (!source.adjust) return cannot('be held to other limits');
    await source.adjust(limits);
    const { stdout } = await this.#operate('facts 2>/dev/null');
    this.#isolation = this.#parts.isolation(parseFacts(stdout.toString()), limits);
  }

  copyIn(path: string, maxBytes: number, signal: AbortSignal): Promise<void> {
    return this.#parts.copyIn(path, this, maxBytes, signal);
  }

  async #checkDirectory(path: string): Promise<void> {
    const { status } = await this.#operate(`[ -d ${quote(path)} ] || r=1`);
    if (status !== 0) throw new ProtocolError('FileNotFound', `the working directory ${path} does not exist`, { path });
  }

  async #which(names: readonly string[]): Promise<ReadonlySet<string>> {
    const { stdout } = await this.#operate(
      `for c in ${names.map(quote).join(' ')};do command -v $c >/dev/null&&printf '%s\\n' $c;done`,
    );
    return new Set(stdout.toString().split('\n').filter(Boolean));
  }

  async #version(command: readonly string[]): Promise<string | undefined> {
    const { stdout } = await this.#operate(`${command.map(quote).join(' ')} </dev/null`, { limit: 4096 });
    return /\d+\.\d+(\.\d+)?/.exec(stdout.toString())?.[0];
  }

  #gone(): ProtocolError {
    return new ProtocolError('SandboxLost', 'the sandbox is gone; create a new session');
  }

  /** A sandbox that does not do what it must is destroyed, not trusted. */
  #abandon(why: string): void {
    this.#parts.log.warn(`destroying a sandbox: ${why}`);
    this.#lost.resolve(why);
    void this.close().catch((fault) => this.#parts.log.error('a sandbox could not be removed', fault));
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      this.#shells.close();
      await this.#parts.source.destroy();
    })();
    return this.#closing;
  }
}

const PRISTINE = 'for f in /workspace/* /workspace/.* /tmp/* /tmp/.*;do case $f in */.|*/..|*/.codebeaker-*);;*)[ -e "$f" ]&&r=1;;esac;done';
const PRISTINE_DEADLINE_MS = 500;

/** A body up to this size may have to be read by the shell itself, byte by byte. */
const MAX_UNASKED_BYTES = 64 * 1024;
/** What was on its way when a sandbox ended has this time to arrive. */
const DRAIN_MS = 300;
/** Who does not take output keeps a program from ending; the loss is told all the same. */
const SETTLE_DEADLINE_MS = 1_000;
/** A file command moves 32 MiB at the most; one that takes longer hangs on something hostile. */
const OPERATION_DEADLINE_MS = 60_000;
