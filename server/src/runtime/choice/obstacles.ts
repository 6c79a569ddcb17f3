/** What keeps a runtime from being chosen, in words for people. No score makes up for an obstacle. */
import type { LanguageId, Requirements, RuntimeInfo } from '../../protocol/index.ts';
import type { Runtime } from '../ports.ts';

/** What a client requires. What is absent is not required, but an absent `network` means the mode `none`. An empty `runtimes` allows no runtime. */
export type Demands = Readonly<Requirements> & {
  /** Whether its sandboxes must see packages. */
  readonly packages?: boolean;
};

/** The result is empty where nothing speaks against the runtime. */
export function obstacles(
  { can }: Pick<Runtime, 'can'>,
  { id, available, reason, languages, isolation }: RuntimeInfo,
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
  for (const name of enforced ?? []) {
    const state = isolation.layers.find((layer) => layer.name === name)?.state;
    if (state !== 'enforced') against.push(state === undefined ? `has no layer ${name}` : `${name} is ${state}, not enforced`);
  }
  return against;
}
