/**
 * Stacks that name our sources (server/src/wire/server.ts:42:7) and not the bundle. The source maps lie beside the
 * files of the bundle, and are read when somebody looks at a stack: a start that goes well reads none of them.
 */
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';

interface Frame extends NodeJS.CallSite {
  toString(): string;
}

interface Place {
  /** The folder of the bundle, and which bundle it is: after an update, the maps beside it belong to another one. */
  readonly folder: string;
  readonly build: string;
}

/** For `Error.prepareStackTrace`. Where there is no map, a frame says what it would have said. */
export function stacksFrom({ folder, build }: Place): NonNullable<typeof Error.prepareStackTrace> {
  const maps = new Map<string, SourceMap | undefined>();

  const mapOf = (file: string): SourceMap | undefined => {
    if (!maps.has(file)) maps.set(file, readMap(`${file}.map`, build));
    return maps.get(file);
  };

  const described = (frame: Frame): string => {
    const text = frame.toString();
    const [file, line, column] = [frame.getFileName(), frame.getLineNumber(), frame.getColumnNumber()];
    if (!file?.startsWith(folder) || line === null || column === null) return text;
    // A frame counts from 1, a map from 0. `findOrigin`, which counts from 1 too, guesses at columns between two entries.
    const entry = mapOf(file)?.findEntry(line - 1, column - 1);
    if (!entry || !('originalSource' in entry) || !entry.originalSource) return text;
    return text.replace(`${file}:${line}:${column}`, () => `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`);
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

/** What has been thrown may be anything. */
function headOf(fault: Error): string {
  try {
    return Error.prototype.toString.call(fault);
  } catch {
    return 'Error';
  }
}
