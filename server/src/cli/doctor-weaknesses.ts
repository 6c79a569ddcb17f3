/** The part of the doctor's report about holes that are known in the programs which make sandboxes. */
import type { RuntimeInfo, Weakness } from '../protocol/index.ts';

/** One paragraph for each version that is or may be broken, and one for all holes that no sandbox reaches. Runtimes with the same programs share a paragraph. */
export function weaknessNotes(infos: readonly RuntimeInfo[]): string[] {
  const ids = new Map<string, string[]>();
  for (const { id, available, weaknesses = [] } of infos) {
    for (const text of available ? paragraphs(weaknesses) : []) ids.set(text, [...(ids.get(text) ?? []), id]);
  }
  const all = infos.flatMap(({ available, weaknesses = [] }) => (available ? weaknesses : []));
  return [...[...ids].map(([text, runtimes]) => `${runtimes.join(', ')}: ${text}`), ...unreached(all)];
}

function paragraphs(weaknesses: readonly Weakness[]): string[] {
  const told = weaknesses.filter(({ state }) => state !== 'unreached');
  return [...new Set(told.map(nameOf))].map((name) => inWords(name, told.filter((each) => nameOf(each) === name)));
}

function inWords(name: string, holes: readonly Weakness[]): string {
  const what = holes.map(({ allows, id }) => `It ${allows} (${id}).`).join(' ');
  const fixed = holes.at(-1)?.fixedIn.join(', ') ?? '';
  if (holes[0]?.state === 'open') return `${name} is known to be broken. ${what} Update it to ${fixed} or later.`;
  return `${name} is of a version that is known to be broken, and may have been mended by your distribution. ${what} Install the updates of your distribution. ${holes[0]?.component} itself is mended in ${fixed}.`;
}

function unreached(weaknesses: readonly Weakness[]): string[] {
  const names = new Map<string, Set<string>>();
  for (const each of weaknesses) {
    if (each.state === 'unreached') names.set(nameOf(each), (names.get(nameOf(each)) ?? new Set()).add(each.id));
  }
  if (names.size === 0) return [];
  const list = [...names].map(([name, found]) => `${name} (${[...found].join(', ')})`);
  return [`Known holes that no sandbox reaches: ${list.join('; ')}. With --json the doctor says why.`];
}

const nameOf = ({ component, version }: Weakness) => `${component} ${version}`;
