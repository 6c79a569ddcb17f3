/** What keeps a runtime from being chosen, in words for people. No score makes up for an obstacle. */
import type { Isolation, LanguageId, LayerName, Requirements, RuntimeInfo, Weakness } from '../../protocol/index.ts';
import type { Runtime } from '../ports.ts';

/** What a client requires. What is absent is not required, but an absent `network` means the mode `none`. An empty `runtimes` allows no runtime. */
export type Demands = Readonly<Requirements> & {
  /** Whether its sandboxes must see packages. */
  readonly packages?: boolean;
};

/** The result is empty where nothing speaks against the runtime. */
export function obstacles(
  { can }: Pick<Runtime, 'can'>,
  { id, available, reason, version, languages, isolation, weaknesses }: RuntimeInfo,
  language: LanguageId | undefined,
  { runtimes, network = 'none', isolation: least = 0, enforced, image, packages = false }: Demands,
): string[] {
  const against: string[] = [];
  if (runtimes && !runtimes.includes(id)) against.push('not among the runtimes asked for');
  if (language !== undefined && !languages.some((each) => each.id === language)) against.push(`does not run ${language}`);
  if (!available) against.push(reason ?? 'it is not available');
  if (image !== undefined && !languages.some((each) => each.image !== undefined)) against.push('has no images');
  if (packages && !can.packages) against.push('its sandboxes can\'t have packages');
  if (!can.networks.includes(network)) against.push(`its sandboxes can't have the network mode ${network}`);
  else if (network !== 'full' && isolation.layers.some(({ name, state }) => name === 'network' && state === 'off')) {
    against.push('does not hold programs back from the network');
  }
  if (isolation.score < least) against.push(`isolation ${isolation.score} of 10 is less than ${least}`);
  for (const name of enforced ?? []) against.push(...(name === VERSIONS ? doubtsIn(version, weaknesses) : lackOf(name, isolation)));
  return against;
}

/** The layer that is there only where it does not hold, because a program that makes the sandboxes has a hole that is known. */
const VERSIONS: LayerName = 'versions';

function lackOf(name: string, { layers }: Isolation): string[] {
  const state = layers.find((layer) => layer.name === name)?.state;
  if (state === 'enforced') return [];
  return [state === undefined ? `has no layer ${name}` : `${name} is ${state}, not enforced`];
}

/** Versions are good where they are known and have no hole that code in a sandbox might use. */
function doubtsIn(version: string | undefined, weaknesses: readonly Weakness[] = []): string[] {
  if (version === undefined) return ['its version is not known, so neither are its holes'];
  return weaknesses.flatMap(({ component, version: found, id, state, fixedIn }) => {
    if (state === 'unreached') return [];
    return state === 'open' ? `${component} ${found} has ${id}, which ${fixedIn.join(', ')} has no more` : `${component} ${found} may have ${id}, because nobody knows what its distribution has mended`;
  });
}
