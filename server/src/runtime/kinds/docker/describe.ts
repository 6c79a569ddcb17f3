/** What is told of a kind of containers before a sandbox is made. */
import { type LanguageId, languageIds, type RuntimeInfo, type Weakness } from '../../../protocol/index.ts';
import { weakened } from '../../holes/find.ts';
import { expectedLayers } from './isolation.ts';
import type { ContainerKind } from './kinds.ts';

export interface Found {
  readonly version?: string;
  /** Why it is not available. undefined: it is. */
  readonly reason?: string;
  readonly weaknesses: readonly Weakness[];
  /** Whether system calls are answered by gVisor, as far as is known. */
  readonly gvisor: boolean;
}

/** `images`: the image for each language. */
export function describe({ id, score, startup, memoryBytes }: ContainerKind, images: Readonly<Partial<Record<LanguageId, string>>>, { version, reason, weaknesses, gvisor }: Found): RuntimeInfo {
  const languages = languageIds.flatMap((language) => {
    const image = images[language];
    return image ? [{ id: language, image }] : [];
  });
  return {
    id,
    available: reason === undefined,
    ...(reason === undefined ? {} : { reason }),
    ...(version === undefined ? {} : { version }),
    languages,
    isolation: weakened({ score, layers: expectedLayers(score, gvisor) }, weaknesses),
    startup: { ...startup, measured: false },
    memoryBytes,
    ...(weaknesses.length === 0 ? {} : { weaknesses: [...weaknesses] }),
  };
}
