/** A source map: which place in a source a place in the generated code comes from, and the other way round. Lines and columns count from 0. */
import { decode } from './vlq.ts';

export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface OriginalPlace extends Place {
  /** Number of the source. */
  readonly source: number;
}

interface Segment extends OriginalPlace {
  /** Where it begins in the generated code. */
  readonly at: Place;
}

interface Json {
  readonly mappings?: unknown;
  readonly sources?: readonly (string | null)[];
  readonly sourceRoot?: string;
  readonly sourcesContent?: readonly (string | null)[];
}

export class SourceMap {
  /** As they are named in the map, below its root. */
  readonly sources: readonly string[];
  readonly #contents: readonly (string | null)[];
  /** For each line of the generated code, by column. */
  readonly #lines: readonly (readonly Segment[])[];

  /** @throws Error where the text is no source map */
  constructor(text: string) {
    // Some put a line before the JSON, so that nobody runs it as a script.
    const { mappings, sources = [], sourceRoot = '', sourcesContent = [] } = JSON.parse(text.replace(/^\)\]\}.*\n/, '')) as Json;
    if (typeof mappings !== 'string') throw new Error('The source map has no mappings.');
    const root = sourceRoot === '' || sourceRoot.endsWith('/') ? sourceRoot : `${sourceRoot}/`;
    this.sources = sources.map((source) => `${root}${source ?? ''}`);
    this.#contents = sourcesContent;
    this.#lines = segmentsOf(mappings);
  }

  contentOf(source: number): string | undefined {
    return this.#contents[source] ?? undefined;
  }

  /** Undefined for code that comes from no source. */
  originalOf({ line, column }: Place): OriginalPlace | undefined {
    const segments = this.#lines[line] ?? [];
    let low = 0;
    let high = segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((segments[middle] as Segment).at.column <= column) low = middle + 1;
      else high = middle;
    }
    const found = segments[low - 1] ?? segments[0];
    return found && found.source >= 0 ? found : undefined;
  }

  /** The first generated code for this place, or for the next place in the source for which there is some. */
  generatedOf(source: number, { line, column }: Place): Place | undefined {
    let best: Segment | undefined;
    for (const segment of this.#lines.flat()) {
      if (segment.source !== source || segment.line < line || (segment.line === line && segment.column < column)) continue;
      if (!best || segment.line < best.line || (segment.line === best.line && segment.column < best.column)) best = segment;
    }
    return best?.at;
  }
}

function segmentsOf(mappings: string): Segment[][] {
  let source = 0;
  let line = 0;
  let column = 0;
  return mappings.split(';').map((text, generated) => {
    let at = 0;
    const segments = text.split(',').filter(Boolean).map((each): Segment => {
      const [first = 0, ...rest] = decode(each);
      at += first;
      if (rest.length === 0) return { at: { line: generated, column: at }, source: -1, line: -1, column: -1 };
      source += rest[0] ?? 0;
      line += rest[1] ?? 0;
      column += rest[2] ?? 0;
      return { at: { line: generated, column: at }, source, line, column };
    });
    return segments.sort((one, other) => one.at.column - other.at.column);
  });
}
