/** What the sessions of a connection have of packages: for each manager what was asked for, and how programs see it. */
import { posix } from 'node:path';
import { SHELF } from '../runtime/packages.ts';
import type { Session } from '../session/session.ts';
import type { Advisory, Manager, ManagerId, View, Wish } from './ports.ts';
import type { Made } from './installation.ts';
import type { EnvironmentRecord } from './shelf/records.ts';

interface Attached {
  readonly wish: Wish;
  readonly view: View;
  readonly record: EnvironmentRecord;
  readonly advisories: readonly Advisory[];
}

interface Held {
  readonly byManager: Map<ManagerId, Attached>;
  /** What was put into the session for packages, by path. */
  readonly files: Map<string, Buffer>;
}

export class AttachedPackages {
  readonly #sessions = new WeakMap<Session, Held>();
  readonly #read: (record: EnvironmentRecord, path: string) => Promise<Buffer | undefined>;

  /** `read` reads a file of an environment. */
  constructor(read: (record: EnvironmentRecord, path: string) => Promise<Buffer | undefined>) {
    this.#read = read;
  }

  /** What the session has of this manager. */
  wishOf(session: Session, manager: ManagerId): Wish | undefined {
    return this.#sessions.get(session)?.byManager.get(manager)?.wish;
  }

  /** The known weaknesses of what the session has. */
  advisoriesOf(session: Session): Advisory[] {
    return [...(this.#sessions.get(session)?.byManager.values() ?? [])].flatMap(({ advisories }) => advisories);
  }

  /** From now on the programs of the session see the environment, in place of the one that the same manager had made before. */
  async attach(session: Session, manager: Manager, wish: Wish, { record, advisories = [] }: Made): Promise<void> {
    const held = this.#sessions.get(session) ?? { byManager: new Map<ManagerId, Attached>(), files: new Map<string, Buffer>() };
    this.#sessions.set(session, held);
    const view = manager.view(homeOf(record), wish);
    await this.#putFiles(session, held.files, view, record);
    held.byManager.set(manager.id, { wish, record, advisories, view });
    const attached = [...held.byManager.values()];
    const path = [...attached.flatMap(({ view }) => view.path), session.environment.own.PATH ?? record.searchPath].filter(Boolean).join(':');
    session.environment.equip({ ...Object.assign({}, ...attached.map(({ view }) => view.variables)) as Record<string, string>, ...(path === '' ? {} : { PATH: path }) });
    await session.sandbox.showModules(new Map(attached.flatMap(({ view: { modules }, record: { modules: names } }) =>
      modules === undefined ? [] : names.map((name) => [name, posix.join(modules, name)] as const))));
  }

  /** What the session has at such a path stays, unless it was put there for other packages and is still the same. */
  async #putFiles({ sandbox: { files } }: Session, put: Map<string, Buffer>, view: View, record: EnvironmentRecord): Promise<void> {
    for (const { from, to } of view.files) {
      const content = await this.#read(record, from);
      const there = await files.read(to, 0, undefined).then(({ bytes }) => bytes, () => undefined);
      if (!content || (there && !put.get(to)?.equals(there))) continue;
      await files.write(to, content, { mode: 'overwrite', executable: undefined });
      put.set(to, content);
    }
  }
}

function homeOf({ name }: Pick<EnvironmentRecord, 'name'>): string {
  return `${SHELF}/${name}`;
}
