/** The types of what trace readers find in the output of a program that failed. */

/** A place in a source, with the path as the program printed it. Lines and columns count from 1. */
export interface Frame {
  readonly path: string;
  readonly line: number;
  readonly column?: number;
}

/** An error with the places it came from. */
export interface Trace {
  readonly message: string;
  /** The innermost first, then its callers. */
  readonly frames: readonly Frame[];
}

/** Finds traces in the lines of an output without colours. */
export type TraceReader = (lines: readonly string[]) => readonly Trace[];

/** @param match of an expression with the groups `path`, `line` and perhaps `column` */
export function frameOf(match: RegExpExecArray | RegExpMatchArray): Frame {
  const { path = '', line, column } = match.groups ?? {};
  const place = { path, line: Number(line) };
  return column === undefined ? place : { ...place, column: Number(column) };
}
