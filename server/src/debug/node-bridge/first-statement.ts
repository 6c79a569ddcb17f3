/** Where a script begins to run. */
import type { Debugger } from 'node:inspector';
import type { Cdp } from './cdp.ts';
import type { Script } from './scripts.ts';

/** How many places are looked at. A script that has more of them in functions before its first statement is not found. */
const MAX_PLACES = 300;

/**
 * The first statement that is in no function. The inspector does not say in which function a place is, but which places after
 * it are in the same function, and the last place of a script is in none.
 */
export async function firstStatement(cdp: Cdp, { id, isModule }: Script): Promise<Debugger.Location | undefined> {
  const { locations: all } = await cdp.send('Debugger.getPossibleBreakpoints', { start: { scriptId: id, lineNumber: 0, columnNumber: 0 } });
  // Node makes a function of what is no module, and the very last place is behind it.
  const locations = isModule ? all : all.slice(0, -1);
  const last = locations.at(-1);
  if (!last) return undefined;
  const found = await Promise.all(locations.slice(0, MAX_PLACES).map(async (place) => {
    const { lineNumber, columnNumber } = place;
    const { locations: same } = await cdp.send('Debugger.getPossibleBreakpoints', { start: { scriptId: id, lineNumber, columnNumber }, restrictToFunction: true });
    return isSame(same.at(-1), last) ? place : undefined;
  }));
  const place = found.find((each) => each !== undefined);
  return place && { scriptId: id, lineNumber: place.lineNumber, columnNumber: place.columnNumber };
}

const isSame = (one: Debugger.Location | undefined, other: Debugger.Location) => one?.lineNumber === other.lineNumber && one.columnNumber === other.columnNumber;
