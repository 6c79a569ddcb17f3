/**
 * The first file of the process: it loads the files of the bundle. Those that every start needs are in one file, whose
 * compiled code is cached (code-cache.ts); the others are read when they are needed.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Script } from 'node:vm';
import { digest } from '../base/digest.ts';
import { homeFolder } from '../base/home.ts';
import { ownFolder } from '../policy/own-folder.ts';
import { readCode, writeCode } from './code-cache.ts';
import { stacksFrom, START } from './stacks.ts';

/** The function that the build makes of each file of the bundle. */
type Chunk = (exports: object, require: (name: string) => unknown, module: { exports: object }, filename: string) => void;

Error.prepareStackTrace = stacksFrom({ folder: __dirname, build: __BUILD__ });

const uid = process.getuid?.() ?? -1;
const source = readFileSync(join(__dirname, START), 'latin1');
const cachePath = pathOfCache();
const cachedData = readCode(cachePath, uid);
const script = new Script(source, { filename: START, ...(cachedData && { cachedData }) });
const start = script.runInThisContext() as Readonly<Record<string, Chunk>>;
const modules = new Map<string, { exports: object }>();

(load('main.js') as { main(started: () => void): void }).main(keepCode);

/** `name` is the file name of a file of the bundle, or the name of a module of Node or of a package. */
function load(name: string): unknown {
  if (!name.endsWith('.js')) return require(name) as unknown;
  const file = basename(name);
  const known = modules.get(file);
  if (known) return known.exports;
  const module = { exports: {} };
  modules.set(file, module);
  const path = join(__dirname, 'chunks', file);
  try {
    const chunk = start[file] ?? (new Script(readFileSync(path, 'latin1'), { filename: path }).runInThisContext() as Chunk);
    chunk(module.exports, load, module, path);
  } catch (fault) {
    modules.delete(file);
    throw fault;
  }
  return module.exports;
}

/**
 * Called when the start is over, so that only functions which the start has used are cached. V8's flags must not have been
 * changed by then.
 */
function keepCode(): void {
  if (cachedData && !script.cachedDataRejected) return;
  writeCode(cachePath, script.createCachedData(), { pid: process.pid, now: Date.now() });
}

/** There is one file for each build of CodeBeaker, version of V8, processor architecture and set of flags. */
function pathOfCache(): string {
  const { env, version, versions, arch, execArgv } = process;
  const key = digest(JSON.stringify([__BUILD__, version, versions.v8, arch, execArgv, env.NODE_OPTIONS]));
  return join(ownFolder('XDG_CACHE_HOME', { env, home: homeFolder() }), `${key}.code`);
}
