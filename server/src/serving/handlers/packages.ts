/** The handler of `command/installPackages`, and what gives a new session its packages. */
import { abortable } from '../../base/promises.ts';
import type { ExecuteContext } from '../../command/execute.ts';
import { AttachedPackages } from '../../packages/attached.ts';
import { type InstallContext, installPackages } from '../../packages/install-packages.ts';
import type { Installer } from '../../packages/installer.ts';
import { programsOf } from '../../packages/key.ts';
import { ProtocolError, type SessionPackages } from '../../protocol/index.ts';
import type { Catalog } from '../../runtime/choice/catalog.ts';
import type { Session } from '../../session/session.ts';
import type { Line } from '../line/line.ts';
import type { Handlers } from './handler.ts';

export interface PackagesParts {
  readonly catalog: Catalog;
  /** The line of a session that was made here. */
  lineOf(session: Session): Line;
  context(session: Session, signal: AbortSignal, of?: AbortSignal): ExecuteContext;
  installer(): Promise<Installer> | undefined;
}

export function packagesHandler({ catalog, lineOf, context: contextOf, installer: find }: PackagesParts) {
  const attached = new AttachedPackages(async (record, path) => (await find())?.options.shelf.read(record, path));
  const programs = async (session: Session) => {
    const known = catalog.choosable.find(({ id }) => id === session.identity.runtime);
    if (!known) throw new Error('invariant: a session has a runtime of the catalog');
    return programsOf(known.runtime, session.identity.language, session.sandbox.image);
  };
  const contextFor = async (session: Session, signal: AbortSignal, report: (message: string) => void, of = signal): Promise<InstallContext> => {
    const installer = await find();
    if (!installer) throw new ProtocolError('PackageInstallFailed', 'this daemon installs no packages');
    return { ...contextOf(session, signal, of), installer, attached, programs, report };
  };

  const handlers = {
    'command/installPackages': async (session, params, signal) => {
      const { desk, leaving } = lineOf(session);
      const shown = desk.progress.begin(params.workDoneToken, 'Installing packages', signal);
      try {
        return await installPackages(session, params, await contextFor(session, shown.signal, shown.report, signal));
      } finally {
        // Nobody waits until a client that has left has taken it.
        await abortable(leaving, shown.end()).catch(() => undefined);
      }
    },
  } satisfies Partial<Handlers>;

  const provision = async (session: Session, { manager, names, manifest }: SessionPackages, signal: AbortSignal, report: (message: string) => void): Promise<void> => {
    if (names?.length === 0 && manifest === undefined) return;
    const params = { sessionId: session.id, ...(manager ? { manager } : {}), ...(names ? { packages: names } : {}), ...(manifest === undefined ? {} : { manifest }) };
    const { outcome } = await installPackages(session, params, await contextFor(session, signal, report));
    signal.throwIfAborted();
    if (outcome !== 'exited') throw new ProtocolError('PackageInstallFailed', `the packages of the session were not installed: the outcome was ${outcome}`, { outcome });
  };
  return { handlers, provision, advisoriesOf: (session: Session) => attached.advisoriesOf(session) };
}
