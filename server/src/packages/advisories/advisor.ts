/** Asks a service that the configuration names which weaknesses of installed packages are known. */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Advise } from '../ports.ts';
import type { MirrorBounds } from '../registries/bounds.ts';
import type { Dialled } from '../registries/dialler.ts';
import { type Dial, Upstream } from '../registries/upstream.ts';
import { type Entry, entryFor, idsIn, once, question } from './osv.ts';

export interface AdvisorParts {
  /** Such as https://api.osv.dev/. */
  readonly url: string;
  readonly dialler: (set: Dialled) => Dial;
  /** The texts of PEM files. */
  certificates(): Promise<readonly string[]>;
  readonly bounds: MirrorBounds;
  readonly clock: Clock;
  readonly log: Log;
}

/** The service may take so long for everything. */
const ADVICE_MS = 30_000;
/** One question names at most so many packages. */
const MAX_QUERIES = 1000;
/** So many entries are read. */
const MAX_ENTRIES = 200;
const AT_ONCE = 8;

export function createAdvisor({ url, dialler, certificates, bounds, clock, log }: AdvisorParts): Advise {
  const dial = dialler({ registries: [{ scope: undefined, url }], proxy: () => undefined });
  return async (manager, installed, signal) => {
    const late = new AbortController();
    const cancel = clock.after(ADVICE_MS, () => late.abort(new Error(`the service did not answer within ${ADVICE_MS / 1000} s`)));
    const upstream = new Upstream(dial, { authorization: () => undefined, certificates: await certificates(), insecure: () => false }, bounds);
    const stop = AbortSignal.any([signal, late.signal]);
    const ask = (path: string, body?: string) => textOf(upstream, new URL(path, url.replace(/\/*$/, '/')), body, bounds.pageBytes, stop);
    try {
      const found: { id: string; at: number }[] = [];
      for (let from = 0; from < installed.length; from += MAX_QUERIES) {
        const some = installed.slice(from, from + MAX_QUERIES);
        const ids = idsIn(await ask('v1/querybatch', question(manager, some)), some.length);
        found.push(...ids.flatMap((each, at) => each.map((id) => ({ id, at: from + at }))));
      }
      const texts = await readEntries([...new Set(found.map(({ id }) => id))].slice(0, MAX_ENTRIES), (id) => ask(`v1/vulns/${id}`));
      const entries = found.flatMap(({ id, at }): Entry[] => {
        const [text, each] = [texts.get(id), installed[at]];
        const entry = text === undefined || !each ? undefined : entryFor(each, manager, text);
        return entry ? [entry] : [];
      });
      return once(entries);
    } catch (fault) {
      signal.throwIfAborted();
      log.info('known weaknesses could not be asked for', fault);
      return undefined;
    } finally {
      cancel();
      upstream.close();
    }
  };
}

async function readEntries(ids: readonly string[], read: (id: string) => Promise<string>): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    await Promise.all(ids.slice(from, from + AT_ONCE).map(async (id) => void texts.set(id, await read(id))));
  }
  return texts;
}

/** The text of an answer. @throws Error where it is none, or larger than `maxBytes` */
async function textOf(upstream: Upstream, url: URL, body: string | undefined, maxBytes: number, signal: AbortSignal): Promise<string> {
  const headers = { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const { message } = await upstream.ask({ method: body === undefined ? 'GET' : 'POST', url, headers, body: body === undefined ? undefined : Buffer.from(body), signal });
  if (message.statusCode !== 200) {
    message.destroy();
    throw new Error(`${url.host} answered with status ${message.statusCode}`);
  }
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of message as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > maxBytes) throw new Error(`an answer of ${url.host} is larger than ${maxBytes} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
