/** Places in sources, as programs name them. */

/** Lines and columns count from 1. */
export interface Frame {
  readonly path: string;
  readonly line: number;
  readonly column?: number;
}

/** `frames`: where it happened first, then who called. */
export interface Trace {
  readonly message: string;
  readonly frames: readonly Frame[];
}

/** Takes the lines of the output, without colours. */
export type TraceReader = (lines: readonly string[]) => readonly Trace[];

/** Of a match with the groups `path`, `line` and perhaps `column`. */
export function frameOf(match: RegExpExecArray): Frame {
  const { path = '', line, column } = match.groups ?? {};
  const place = { path, line: Number(line) };
  return column === undefined ? place : { ...place, column: Number(column) };
}
