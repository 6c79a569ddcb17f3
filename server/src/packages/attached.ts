/** What the sessions of a connection have of packages: for each manager what was asked for, and how programs see it. */
import { posix } from 'node:path';
import { SHELF } from '../runtime/packages.ts';
import type { Session } from '../session/session.ts';
import type { Manager, ManagerId, View, Wish } from './ports.ts';
import type { EnvironmentRecord } from './shelf/records.ts';

interface Attached {
  readonly wish: Wish;
  readonly view: View;
  readonly record: EnvironmentRecord;
}

export class AttachedPackages {
  readonly #sessions = new WeakMap<Session, Map<ManagerId, Attached>>();

  /** What the session has of this manager. */
  wishOf(session: Session, manager: ManagerId): Wish | undefined {
    return this.#sessions.get(session)?.get(manager)?.wish;
  }

  /** From now on the programs of the session see the environment, in place of the one that the same manager had made before. */
  async attach(session: Session, manager: Manager, wish: Wish, record: EnvironmentRecord): Promise<void> {
    const all = this.#sessions.get(session) ?? new Map<ManagerId, Attached>();
    this.#sessions.set(session, all);
    all.set(manager.id, { wish, record, view: manager.view(homeOf(record), wish) });
    const attached = [...all.values()];
    const path = [...attached.flatMap(({ view }) => view.path), session.environment.own.PATH ?? record.searchPath].filter(Boolean).join(':');
    session.environment.equip({ ...Object.assign({}, ...attached.map(({ view }) => view.variables)) as Record<string, string>, ...(path === '' ? {} : { PATH: path }) });
    await session.sandbox.showModules(new Map(attached.flatMap(({ view: { modules }, record: { modules: names } }) =>
      modules === undefined ? [] : names.map((name) => [name, posix.join(modules, name)] as const))));
  }
}

export function homeOf({ name }: Pick<EnvironmentRecord, 'name'>): string {
  return `${SHELF}/${name}`;
}
