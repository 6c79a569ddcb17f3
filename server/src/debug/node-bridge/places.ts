/** The places in a range of a source where breakpoints can be. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Paths } from './paths.ts';
import { generatedPlace, isMadeFrom, sourcePlace } from './scripts.ts';
import type { Thread } from './thread.ts';
import type { View } from './view.ts';

const MAX_PLACES = 500;

export async function possiblePlaces(
  threads: readonly Thread[],
  { source, line, column, endLine = line, endColumn }: DebugProtocol.BreakpointLocationsArguments,
  { paths, view }: { readonly paths: Paths; readonly view: View },
): Promise<DebugProtocol.BreakpointLocation[]> {
  if (source.path === undefined) return [];
  const path = paths.real(source.path);
  const from = view.read(line, column);
  const to = endColumn === undefined ? { line: view.read(endLine).line + 1, column: 0 } : view.read(endLine, endColumn);
  for (const thread of threads) {
    const script = [...thread.scripts.values()].find((each) => isMadeFrom(each, path));
    if (!script) continue;
    const start = generatedPlace(script, path, from);
    if (!start) return [];
    const end = generatedPlace(script, path, to);
    const scriptId = script.id;
    const { locations } = await thread.cdp.send('Debugger.getPossibleBreakpoints', {
      start: { scriptId, lineNumber: start.line, columnNumber: start.column },
      ...(end ? { end: { scriptId, lineNumber: end.line, columnNumber: end.column } } : {}),
    });
    const places = locations.map(({ lineNumber, columnNumber = 0 }) => sourcePlace(script, { line: lineNumber, column: columnNumber }));
    return places.filter((each) => each.line >= from.line && (each.line < to.line || (each.line === to.line && each.column < to.column))).slice(0, MAX_PLACES).map((each) => view.show(each));
  }
  return [];
}
