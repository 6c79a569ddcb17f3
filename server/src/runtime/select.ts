/** Which runtime a session gets, when the client leaves it open. */
import { type LanguageId, type Preference, ProtocolError, type RuntimeInfo } from '../protocol/index.ts';
import type { Runtime } from './ports.ts';

export interface Wish {
  readonly runtime: string | undefined;
  readonly language: LanguageId | undefined;
  readonly preference: Preference;
}

/** What has everything at hand comes before what must fetch an image first. */
const PREPARED = 1000;

/** @throws ProtocolError RuntimeUnavailable, LanguageUnsupported */
export function selectRuntime(runtimes: readonly Runtime[], { runtime: id, language, preference }: Wish): Runtime {
  const named = id === undefined ? runtimes : runtimes.filter((runtime) => runtime.id === id);
  if (named.length === 0) {
    throw unavailable(id ?? '', 'there is no runtime of this name', `known: ${runtimes.map((runtime) => runtime.id).join(', ')}`);
  }
  const speaking = named.filter((runtime) => speaks(runtime.info(), language));
  if (speaking.length === 0) {
    throw new ProtocolError('LanguageUnsupported', `${id ?? 'no runtime'} runs ${language}${id ? ' not' : ''}; see runtime/list`, { language });
  }
  const usable = speaking.filter((runtime) => runtime.info().available);
  const rank = (runtime: Runtime) => score(runtime.info(), preference) + (runtime.prepared(language) ? PREPARED : 0);
  const [best] = usable.sort((a, b) => rank(b) - rank(a));
  if (best) return best;
  const { id: missing, reason = 'it is not available' } = (speaking[0] as Runtime).info();
  throw unavailable(missing, reason, 'codebeaker doctor says what to do');
}

function speaks(info: RuntimeInfo, language: LanguageId | undefined): boolean {
  return language === undefined || info.languages.some(({ id }) => id === language);
}

function score(info: RuntimeInfo, preference: Preference): number {
  const speed = 1000 / (100 + info.startup.coldMs);
  const memory = 64 / (64 + info.memoryBytes / 2 ** 20);
  const security = info.isolation.score / 10;
  switch (preference) {
    case 'speed':
      return speed;
    case 'memory':
      return memory;
    case 'security':
      return security;
    case 'balanced':
      return security * 2 + speed / 10 + memory / 2;
  }
}

function unavailable(runtime: string, reason: string, hint: string): ProtocolError {
  return new ProtocolError('RuntimeUnavailable', `${runtime}: ${reason}; ${hint}`, { runtime, reason, hint });
}
