/** The scripts that one thread of a program has loaded, and the sources that they were made from. */
import type { Debugger } from 'node:inspector';
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pathOf, type Paths } from './paths.ts';
import { SourceMap, type Place } from './source-map.ts';

export interface Mapped {
  readonly map: SourceMap;
  /** The file of each source of the map; undefined for what is no file. */
  readonly paths: readonly (string | undefined)[];
}

export interface Script {
  readonly id: string;
  /** Empty for code that was given as text. */
  readonly url: string;
  /** Its file, without symbolic links. */
  readonly path: string | undefined;
  /** Whether it is a part of Node or Deno, or of this bundle, which says of itself that it is. No step ends there. */
  readonly internal: boolean;
  readonly isModule: boolean;
  /** Its source map, once that has been read. */
  readonly mapped: Mapped | undefined;
  /** When the source map has been read and the breakpoints in the script are set. */
  readonly ready: Promise<void>;
}

/** A place in a source, as people see it. Without `source` it is in the script itself. */
export interface SourcePlace extends Place {
  readonly script: Script;
  readonly source?: number;
}

const MAX_MAP_BYTES = 64 * 1024 * 1024;

/** @param bind sets the breakpoints in a script whose source map has been read */
export function scriptOf({ scriptId, url, sourceMapURL, isModule }: Debugger.ScriptParsedEventDataType, paths: Paths, bind: (script: Script) => Promise<void>): Script {
  const file = pathOf(url);
  const script = {
    id: scriptId,
    url,
    path: file === undefined ? undefined : paths.real(file),
    internal: /^(?:node|ext):/.test(url),
    isModule: isModule === true,
    mapped: undefined as Mapped | undefined,
    ready: Promise.resolve(),
  };
  const load = async () => {
    if (sourceMapURL && !script.internal) script.mapped = await mapOf(sourceMapURL, file, paths);
    await bind(script);
  };
  // A map that is missing or damaged is as none.
  if (url !== '' && !script.internal) script.ready = load();
  return script;
}

async function mapOf(url: string, script: string | undefined, paths: Paths): Promise<Mapped | undefined> {
  const base = script === undefined ? '/' : dirname(script);
  try {
    const [text, folder] = await read(url, base);
    const map = new SourceMap(text);
    return { map, paths: map.sources.map((source) => fileOf(source, folder, paths)) };
  } catch {
    return undefined;
  }
}

/** The text of a map, and the folder that its sources are relative to. */
async function read(url: string, base: string): Promise<readonly [text: string, folder: string]> {
  const [, encoding, data] = /^data:[^,]*?(;base64)?,(.*)$/s.exec(url) ?? [];
  if (data !== undefined) return [encoding ? Buffer.from(data, 'base64').toString() : decodeURIComponent(data), base];
  if (/^(?!file:)\w+:/.test(url)) throw new Error('The map is not a file.');
  const file = pathOf(url) ?? resolve(base, decodeURIComponent(url));
  const found = await stat(file);
  if (!found.isFile() || found.size > MAX_MAP_BYTES) throw new Error('The map is no file, or too large.');
  return [await readFile(file, 'utf8'), dirname(file)];
}

function fileOf(source: string, folder: string, paths: Paths): string | undefined {
  if (/^(?!file:)\w[\w+.-]+:/.test(source)) return undefined;
  const file = pathOf(source) ?? resolve(folder, source);
  return paths.real(file);
}

/** Where code of a script comes from. In a script with a map, code that comes from nowhere has no `source`. */
export function sourcePlace(script: Script, place: Place): SourcePlace {
  const original = script.mapped?.map.originalOf(place);
  return original ? { script, source: original.source, line: original.line, column: original.column } : { script, line: place.line, column: place.column };
}

/** Whether code is in the script only, such as the helpers of a compiler, and is no place where a step should end. */
export const isBetween = (script: Script, place: Place): boolean => script.mapped !== undefined && !script.mapped.map.originalOf(place);

/** Where the code for a place of a file begins in this script; undefined where there is none. */
export function generatedPlace({ path, mapped }: Script, file: string, place: Place): Place | undefined {
  const source = mapped?.paths.indexOf(file) ?? -1;
  if (mapped && source >= 0) return mapped.map.generatedOf(source, place);
  return path === file ? place : undefined;
}

/** Whether the file is what the script was made from, or the script itself. */
export const isMadeFrom = ({ path, mapped }: Script, file: string): boolean => path === file || mapped?.paths.includes(file) === true;
