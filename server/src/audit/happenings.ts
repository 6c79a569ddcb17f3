/** Records what happens beside the calls: sessions that are made and closed, what was installed, and where their programs went. */
import type { EventStream, HouseEvent } from '../events/events.ts';
import type { Entry, Fields } from './entry.ts';

/** Of the places that a session reaches or is kept from, so many are recorded, each once for each way in which it was decided. */
const MAX_PLACES = 1_000;
/** A record has so many packages at most. */
const PACKAGES_A_RECORD = 200;

export interface Recorder {
  record(entry: Entry): unknown;
}

/** Calling the returned function ends it. */
export function recordHappenings(log: Recorder, events: EventStream): () => void {
  const places = new Map<string, Set<string>>();
  return events.listen((event) => {
    switch (event.kind) {
      case 'sessionMade':
        return void log.record({ kind: 'session', event: 'made', fields: () => made(event) });
      case 'sessionChanged':
        if (event.state !== 'closed') return;
        places.delete(event.session.sessionId);
        return void log.record({ kind: 'session', event: 'closed', fields: { ...of(event.session), reason: event.reason } });
      case 'packagesInstalled':
        return recordPackages(log, event);
      case 'networkDecided': {
        const { visit, sessionId, host, port, allowed, by } = event;
        const known = places.get(sessionId) ?? new Set();
        places.set(sessionId, known);
        const key = `${host} ${port} ${allowed} ${by}`;
        if (known.has(key) || known.size >= MAX_PLACES) return;
        known.add(key);
        const isLast = known.size === MAX_PLACES;
        return void log.record({ kind: 'network', event: allowed ? 'allowed' : 'refused', fields: { visit, sessionId, host, port, by, ...(isLast ? { more: 'no more places of this session are recorded' } : {}) } });
      }
      default:
        return undefined;
    }
  });
}

type Event<K extends HouseEvent['kind']> = Extract<HouseEvent, { kind: K }>;

function of({ visit, sessionId }: { readonly visit: string; readonly sessionId: string }): Fields {
  return { visit, sessionId };
}

function made({ session, view }: Event<'sessionMade'>): Fields {
  const { image, isolation: { score, layers }, network, limits } = view;
  return {
    ...of(session), runtime: session.runtime, language: session.language, image, warm: session.warm,
    isolation: { score, weak: layers.filter(({ state }) => state !== 'enforced').map(({ name, state }) => `${name} ${state}`) },
    network: { mode: network.mode, hosts: network.hosts }, limits: { ...limits },
  };
}

function recordPackages(log: Recorder, { session, manager, cached, installed }: Event<'packagesInstalled'>): void {
  for (let from = 0; from === 0 || from < installed.length; from += PACKAGES_A_RECORD) {
    const some = installed.slice(from, from + PACKAGES_A_RECORD);
    log.record({ kind: 'install', event: 'installed', fields: () => ({ ...of(session), manager, cached, packages: some.map(({ name, version }) => `${name} ${version}`) }) });
  }
}
