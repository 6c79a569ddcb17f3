/** Records what happens beside the calls: sessions that are made and closed, what was installed, and where their programs went. */
import type { EventStream, HouseEvent } from '../events/events.ts';
import type { Fields, Recorder } from './entry.ts';

/** Of the places that a session reaches or is kept from, so many are recorded, each once for each way in which it was decided. The last of them says that it is. */
const MAX_PLACES = 1_000;
/** A record has so many packages at most. */
const PACKAGES_A_RECORD = 100;

/** Calling the returned function ends it. */
export function recordHappenings(log: Recorder, events: EventStream): () => void {
  const places = new Places(log);
  return events.listen((event) => {
    if (event.kind === 'sessionMade') log.record({ kind: 'session', event: 'made', fields: () => made(event) });
    else if (event.kind === 'packagesInstalled') recordPackages(log, event);
    else if (event.kind === 'sessionDetached') log.record({ kind: 'session', event: 'detached', fields: { ...of(event.session), graceMs: event.graceMs, by: event.by } });
    else if (event.kind === 'sessionAttached') log.record({ kind: 'session', event: 'attached', fields: { ...of(event.session), to: event.to } });
    else if (event.kind === 'networkDecided') places.record(event);
    else if (event.kind === 'sessionChanged' && event.state === 'closed') {
      places.forget(event.session.sessionId);
      log.record({ kind: 'session', event: 'closed', fields: { ...of(event.session), reason: event.reason } });
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

/** The places that sessions asked for. */
class Places {
  readonly #log: Recorder;
  readonly #known = new Map<string, Set<string>>();

  constructor(log: Recorder) {
    this.#log = log;
  }

  record({ visit, sessionId, host, port, allowed, by }: Event<'networkDecided'>): void {
    const known = this.#known.get(sessionId) ?? new Set();
    this.#known.set(sessionId, known);
    const key = `${host} ${port} ${allowed} ${by}`;
    if (known.has(key) || known.size >= MAX_PLACES) return;
    known.add(key);
    const last = known.size === MAX_PLACES ? { last: true } : {};
    this.#log.record({ kind: 'network', event: allowed ? 'allowed' : 'refused', fields: { visit, sessionId, host, port, by, ...last } });
  }

  forget(sessionId: string): void {
    this.#known.delete(sessionId);
  }
}
