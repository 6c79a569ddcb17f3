/** How well a runtime suits a preference, from 0 to 100. Measured numbers are used where there are some. */
import type { Preference, RuntimeInfo } from '../../protocol/index.ts';

/** A start that takes HALF_MS, or an idle sandbox that uses HALF_MIB, gets half of the points. */
const HALF_MS = 100;
const HALF_MIB = 64;

const MiB = 2 ** 20;

/** How much each quality counts. Every row adds up to 1. The small weights decide between runtimes that are otherwise equal. */
const weights: Readonly<Record<Preference, readonly [security: number, speed: number, memory: number]>> = {
  security: [0.96, 0.02, 0.02],
  speed: [0.02, 0.96, 0.02],
  memory: [0.02, 0.02, 0.96],
  balanced: [0.5, 0.35, 0.15],
};

/** It is rounded to one decimal, as it is shown to people, so that the choice follows the numbers they see. */
export function score(info: RuntimeInfo, preference: Preference): number {
  const [security, speed, memory] = weights[preference];
  const points =
    security * info.isolation.score * 10 +
    speed * (100 / (1 + startMs(info) / HALF_MS)) +
    memory * (100 / (1 + info.memoryBytes / MiB / HALF_MIB));
  return Math.round(points * 10) / 10;
}

/** Milliseconds from no sandbox at all to the first output of a program in it. */
function startMs({ startup }: RuntimeInfo): number {
  return startup.coldMs + startup.warmMs;
}

/** What the score is made of, in words for people. */
export function merits(info: RuntimeInfo, prepared: boolean): string[] {
  const { isolation, startup, memoryBytes } = info;
  return [
    `isolation ${isolation.score} of 10`,
    `${Math.round(startMs(info))} ms from nothing to a program's first word, ${startup.measured ? 'measured' : 'estimated'}`,
    `${Math.round((memoryBytes / MiB) * 10) / 10} MiB for an idle sandbox`,
    prepared ? 'everything is at hand' : 'its image must be fetched first',
  ];
}
