/**
 * Makes stack traces name the source files (server/src/wire/server.ts:42:7) instead of the bundle. The source maps are
 * beside the files of the bundle. They are read only when a stack trace is printed, so they do not slow down a start.
 */
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join } from 'node:path';

interface Frame extends NodeJS.CallSite {
  toString(): string;
}

/**
 * The file that every start runs, under its name alone: the compiled code that is kept carries the name of its script, and
 * every copy of the same bundle uses it, wherever it lies.
 */
export const START = 'start.cjs';

interface Bundle {
  readonly folder: string;
  /** The id of the bundle. If the files were updated while this process runs, their maps have another id and are not used. */
  readonly build: string;
}

/** A function for `Error.prepareStackTrace`. A frame without a source map is shown as it is. */
export function stacksFrom({ folder, build }: Bundle): NonNullable<typeof Error.prepareStackTrace> {
  const maps = new Map<string, SourceMap | undefined>();

  const mapOf = (file: string): SourceMap | undefined => {
    if (!maps.has(file)) maps.set(file, readMap(`${file}.map`, build));
    return maps.get(file);
  };

  const described = (frame: Frame): string => {
    const text = frame.toString();
    const [name, line, column] = [frame.getFileName(), frame.getLineNumber(), frame.getColumnNumber()];
    const file = name === START ? join(folder, START) : name;
    if (!file?.startsWith(folder) || line === null || column === null) return text;
    const place = `${name}:${line}:${column}`;
    // Frames count from 1, maps from 0. `findOrigin` counts from 1 as well, but it guesses columns between two entries.
    const entry = mapOf(file)?.findEntry(line - 1, column - 1);
    if (!entry || !('originalSource' in entry) || !entry.originalSource) return text.replace(place, () => `${file}:${line}:${column}`);
    return text.replace(place, () => `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`);
  };

  return (fault, frames) => [headOf(fault), ...frames.map((frame) => `    at ${described(frame)}`)].join('\n');
}

function readMap(path: string, build: string): SourceMap | undefined {
  try {
    const map = JSON.parse(readFileSync(path, 'utf8')) as ConstructorParameters<typeof SourceMap>[0] & { readonly debugId: string };
    return map.debugId === build ? new SourceMap(map) : undefined;
  } catch {
    return undefined;
  }
}

/** The first line of the stack. The thrown value may be anything, so this may itself throw. */
function headOf(fault: Error): string {
  try {
    return Error.prototype.toString.call(fault);
  } catch {
    return 'Error';
  }
}
