/**
 * What the configuration names is installed before anybody asks for it: one entry after the other, while the daemon has
 * nothing else to do, and as a session of that language would get it. Nothing and nobody waits for it.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { abortable } from '../base/promises.ts';
import { type Limits, type PackagesAhead, ProtocolError } from '../protocol/index.ts';
import type { CreateContext, Exit, Runtime, SandboxSpec } from '../runtime/ports.ts';
import { failed, Tail } from './failed.ts';
import { hostFiles } from './host-files.ts';
import { LIMIT_MS } from './install-packages.ts';
import type { Runner } from './installation.ts';
import type { Installer } from './installer.ts';
import { keyOf, programsOf } from './key.ts';
import { managerFor, wishFor } from './wish.ts';

export interface AheadParts {
  readonly entries: readonly PackagesAhead[];
  readonly limits: Limits;
  /** The runtime and the image that a session would get. @throws ProtocolError where there is none */
  choose(entry: PackagesAhead): { readonly runtime: Runtime; readonly image: string };
  installer(): Promise<Installer>;
  /** Resolves when the daemon has nothing else to do. Rejects with the reason of the signal. */
  quiet(signal: AbortSignal): Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

export class Ahead {
  readonly #parts: AheadParts;
  readonly #closing = new AbortController();
  /** Resolves when nothing more is installed. Never rejects. */
  readonly done: Promise<void>;

  constructor(parts: AheadParts) {
    this.#parts = parts;
    this.done = this.#all();
  }

  /** Ends what is being installed. */
  close(): Promise<void> {
    this.#closing.abort(new ProtocolError('RequestCancelled', 'the daemon is shutting down'));
    return this.done;
  }

  async #all(): Promise<void> {
    const { entries, quiet, log } = this.#parts;
    const { signal } = this.#closing;
    for (const [index, entry] of entries.entries()) {
      try {
        await quiet(signal);
        await this.#one(entry, signal);
      } catch (fault) {
        if (signal.aborted) return;
        log.warn(`packages.ahead.${index} (${wordsOf(entry)}) was not installed: ${(fault as Error).message}`);
      }
    }
  }

  async #one(entry: PackagesAhead, closing: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const late = new AbortController();
    const cancel = clock.after(LIMIT_MS, () => late.abort(new Error(`it took longer than ${LIMIT_MS / 60_000} minutes`)));
    try {
      await this.#install(entry, AbortSignal.any([closing, late.signal]));
    } finally {
      cancel();
    }
  }

  async #install(entry: PackagesAhead, signal: AbortSignal): Promise<void> {
    const { limits, choose, clock } = this.#parts;
    const { language, names } = entry;
    const { runtime, image } = choose(entry);
    const installer = await this.#parts.installer();
    const { shelf, managers, registries } = installer.options;
    const host = entry.manifest === undefined ? undefined : hostFiles(entry.manifest);
    const asked = { manager: undefined, names, manifest: host?.path };
    const manager = managerFor(asked, language, managers);
    if (host) await requireThere(host, entry.manifest);
    const wish = await wishFor(asked, undefined, manager, (host ?? nothing).files);
    const context: CreateContext = { signal, report: () => undefined };
    const make = (packages: SandboxSpec['packages'], { signal }: CreateContext) => runtime.create({ language, image, limits, name: randomBytes(8).toString('hex'), workspace: undefined, packages }, { ...context, signal });
    // What the runtime lacks is downloaded for a sandbox, and what is installed depends on it.
    if (!runtime.prepared(language, image)) await (await make(undefined, context)).close();
    const mirrors = await registries.open(manager.id, undefined);
    const run = new Run(signal);
    try {
      const key = keyOf({ manager, wish, mirrors, programs: await programsOf(runtime, language, image) });
      const provided = await installer.provide({
        key, manager, wish, mirrors, maxBytes: limits.packageBytes, until: clock.now() + LIMIT_MS, background: true,
        makeSandbox: ({ path, name }, signal) => make({ kind: 'staging', path, name }, { ...context, signal }),
      }, run.runner);
      if (!provided) throw failed(manager, run.ending, run.tail.text, mirrors.trouble(), mirrors.notes);
      await shelf.release(provided.record);
    } finally {
      mirrors.close();
    }
  }
}

/** The programs of one installation, of which nobody sees the output unless one fails. */
class Run {
  readonly tail = new Tail();
  readonly runner: Runner;
  #exit: Exit | undefined;

  constructor(signal: AbortSignal) {
    this.runner = {
      signal,
      report: () => undefined,
      run: async (sandbox, program) => {
        const { exited } = await sandbox.start(program, this.tail.before(() => undefined), signal);
        this.#exit = await abortable(signal, exited);
        return this.#exit.kind === 'exited' && this.#exit.code === 0;
      },
    };
  }

  /** How the last program ended. */
  get ending(): { readonly exitCode: number | null; readonly signal: string | null } {
    const exit = this.#exit;
    if (exit?.kind === 'exited') return { exitCode: exit.code, signal: null };
    if (exit?.kind === 'memoryLimit') return { exitCode: null, signal: 'the memory limit (limits.memoryBytes)' };
    return { exitCode: null, signal: exit?.kind === 'signaled' ? exit.signal : 'the end of its sandbox' };
  }
}

/** Without a manifest no file is read. */
const nothing = hostFiles('/');

async function requireThere({ path, files }: ReturnType<typeof hostFiles>, manifest: string | undefined): Promise<void> {
  await files.read(path, 0, 0).catch((fault: unknown) => {
    throw fault instanceof ProtocolError ? new Error(`there is no file ${manifest}`) : fault;
  });
}

function wordsOf({ language, names = [], manifest }: PackagesAhead): string {
  return `${language}: ${[...(manifest === undefined ? [] : [manifest]), ...names].join(' ')}`;
}
