/** `command/installPackages`: from what the client asks for to programs that can use it. */
import { execute, type ExecuteContext } from '../command/execute.ts';
import type { RunningCommand } from '../command/running-command.ts';
import { type InstallPackagesParams, type InstallPackagesResult, ProtocolError } from '../protocol/index.ts';
import type { Session } from '../session/session.ts';
import type { AttachedPackages } from './attached.ts';
import { failed, Tail } from './failed.ts';
import type { Runner } from './installation.ts';
import type { Installer, Provided } from './installer.ts';
import { keyOf } from './key.ts';
import type { Manager, Mirrors } from './ports.ts';
import { managerFor, wishFor } from './wish.ts';

export interface InstallContext extends ExecuteContext {
  readonly installer: Installer;
  readonly attached: AttachedPackages;
  /** What tells the programs of the session's sandbox from others. */
  programs(session: Session): Promise<string>;
  /** Tells the client what is going on. */
  report(message: string): void;
}

/** An installation may take longer than other commands of the session, but not longer than this. */
export const LIMIT_MS = 600_000;
/** A session without a maximum lifetime is taken to live this long. */
const LONG_MS = 30 * 24 * 3_600_000;

/** @throws ProtocolError PackageInstallFailed, DiskFull, LanguageUnsupported, PolicyDenied, InvalidParams, FileNotFound, … */
export async function installPackages(session: Session, params: InstallPackagesParams, context: InstallContext): Promise<InstallPackagesResult> {
  const { installer, attached } = context;
  const asked = { manager: params.manager, names: params.packages, manifest: params.manifest };
  const manager = managerFor(asked, session.language, installer.options.managers);
  requireShelf(session);
  if (params.packages) manager.checkNames(params.packages);
  const tail = new Tail();
  let provided: Provided | undefined;
  let trouble: string | undefined;
  let notes: readonly string[] = [];
  let fault: unknown;
  const result = await execute(session, { ...params, stderrToStdout: undefined }, context, async (running) => {
    const wish = await wishFor(asked, attached.wishOf(session, manager.id), manager, session.sandbox.files);
    const { shelf } = installer.options;
    const mirrors = await installer.options.registries.open(manager.id, params.registry);
    try {
      provided = await provide(session, manager, wish, mirrors, running, tail, context);
      if (!provided) return;
      const { record } = provided;
      void session.closed.then(() => shelf.release(record)).catch(() => undefined);
      await attach(session, manager, wish, provided, context);
      running.succeed();
    } catch (thrown) {
      throw (fault = thrown);
    } finally {
      trouble = mirrors.trouble();
      notes = mirrors.notes;
      mirrors.close();
    }
  }, LIMIT_MS);
  const { phases: _, ...execution } = result;
  if (provided && execution.outcome === 'exited') {
    const { record, cached, advisories } = provided;
    context.events.emit({ kind: 'packagesInstalled', session: session.identity, manager: manager.id, cached, installed: record.installed });
    return { ...execution, manager: manager.id, installed: [...record.installed], cached, ...(advisories ? { advisories: [...advisories] } : {}) };
  }
  // What ended the installation has closed its sandbox, in which a program ran.
  if (execution.outcome === 'sandboxLost' && fault instanceof ProtocolError && fault.kind !== 'RequestCancelled') throw fault;
  if (execution.outcome === 'exited' || execution.outcome === 'signaled') throw failed(manager, execution, session.environment.secrets?.redact(tail.text) ?? tail.text, trouble, notes);
  return { ...execution, manager: manager.id, installed: [], cached: false };
}

async function provide(session: Session, manager: Manager, wish: Parameters<Manager['view']>[1], mirrors: Mirrors, running: RunningCommand, tail: Tail, context: InstallContext): Promise<Provided | undefined> {
  const { installer, clock } = context;
  const key = keyOf({ manager, wish, mirrors, programs: await context.programs(session) });
  const stop = new AbortController();
  void running.halted.then(() => stop.abort(new ProtocolError('RequestCancelled', 'the installation was ended')));
  const runner: Runner = {
    signal: stop.signal,
    report: context.report,
    run: async (sandbox, program) => {
      await running.run('compile', program, () => undefined, { sandbox, start: (sink, halt) => sandbox.start(program, tail.before(sink), halt) });
      return running.mayGoOn;
    },
  };
  const plan = {
    key, manager, wish, mirrors, maxBytes: session.limits.packageBytes, until: clock.now() + Math.min(session.mayLiveMs, LONG_MS),
    makeSandbox: ({ path, name }: { path: string; name: string }, signal: AbortSignal) => session.sibling({ kind: 'staging', path, name }, { signal, report: context.report }),
  };
  return installer.provide(plan, runner);
}

async function attach(session: Session, manager: Manager, wish: Parameters<Manager['view']>[1], provided: Provided, { attached, warm }: InstallContext): Promise<void> {
  await attached.attach(session, manager, wish, provided);
  // An interpreter that waits does not know of the packages.
  const waiting = warm.take(session);
  if (waiting) warm.discard(session, waiting);
  if (session.language) warm.prepareSoon(session, session.language);
}

/** @throws ProtocolError LanguageUnsupported */
function requireShelf({ sandbox }: Session): void {
  if (sandbox.can.packages) return;
  throw new ProtocolError('LanguageUnsupported', 'the sandbox of this session can\'t have packages: use the runtime docker with an engine on this machine, gvisor, native or bun, or an image that has the packages');
}
