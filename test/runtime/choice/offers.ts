/** Runtimes to choose from, with numbers like those of a real machine. */
import type { Layer, LanguageId, RuntimeInfo } from '../../../server/src/protocol/index.ts';
import type { Choosable } from '../../../server/src/runtime/choice/select.ts';

const MiB = 2 ** 20;
const everyLanguage: readonly LanguageId[] = ['python', 'javascript', 'typescript', 'go', 'csharp', 'ruby', 'shellscript'];

export interface Offer {
  readonly languages?: readonly LanguageId[];
  readonly image?: string;
  readonly score: number;
  readonly startMs: number;
  readonly memoryMiB: number;
  readonly layers?: Readonly<Record<string, Layer['state']>>;
  readonly networks?: Choosable['can']['networks'];
  readonly prepared?: boolean | ((image: string | undefined) => boolean);
  readonly reason?: string;
  readonly measured?: boolean;
  readonly version?: string;
  readonly weaknesses?: RuntimeInfo['weaknesses'];
}

export const usual: Readonly<Record<string, Offer>> = {
  docker: { image: 'python:3', score: 7, startMs: 150, memoryMiB: 2, layers: { filesystem: 'enforced', network: 'enforced', seccomp: 'enforced' } },
  gvisor: { image: 'python:3', score: 9, startMs: 600, memoryMiB: 40, layers: { filesystem: 'enforced', network: 'enforced', pids: 'degraded' } },
  native: { languages: ['python', 'javascript', 'shellscript'], score: 6, startMs: 45, memoryMiB: 3, layers: { filesystem: 'enforced', network: 'enforced', disk: 'degraded' } },
  deno: { languages: ['javascript', 'typescript'], score: 3, startMs: 50, memoryMiB: 1, layers: { filesystem: 'degraded', network: 'degraded', seccomp: 'off' } },
};

export function offers(change: Readonly<Record<string, Partial<Offer> | undefined>> = {}): Choosable[] {
  const ids = Object.keys({ ...usual, ...change }).filter((id) => !(id in change) || change[id]);
  return ids.map((id) => choosable(id, { ...(usual[id] as Offer), ...change[id] }));
}

function choosable(id: string, offer: Offer): Choosable {
  const { languages = everyLanguage, image, score, startMs, memoryMiB, layers = {}, networks = ['none'], prepared = true, reason, measured = true, version, weaknesses } = offer;
  const info: RuntimeInfo = {
    id,
    available: reason === undefined,
    ...(reason === undefined ? {} : { reason }),
    languages: languages.map((language) => ({ id: language, ...(image === undefined ? {} : { image }) })),
    isolation: { score, layers: Object.entries(layers).map(([name, state]) => ({ name, state })) },
    startup: { coldMs: startMs * 0.9, warmMs: startMs * 0.1, measured },
    memoryBytes: memoryMiB * MiB,
    ...(version === undefined ? {} : { version }),
    ...(weaknesses === undefined ? {} : { weaknesses }),
  };
  return {
    id,
    can: { terminals: true, networks, packages: false },
    info: () => info,
    prepared: (_language, wanted) => (typeof prepared === 'function' ? prepared(wanted) : prepared),
  };
}
