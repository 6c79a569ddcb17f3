/**
 * Where the process begins: the loader of our own files. What every start needs lies in one file, whose compiled code
 * is kept; the rest is read when it is asked for.
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { Script } from 'node:vm';
import { digest } from '../base/digest.ts';
import { ownFolder } from '../policy/own-folder.ts';
import { readCode, writeCode } from './code-cache.ts';
import { stacksFrom } from './stacks.ts';

/** As the build wraps our files. */
type Chunk = (exports: object, require: (name: string) => unknown, module: { exports: object }, filename: string) => void;

Error.prepareStackTrace = stacksFrom({ folder: __dirname, build: __BUILD__ });

const uid = process.getuid?.() ?? -1;
const startPath = join(__dirname, 'start.cjs');
const source = readFileSync(startPath, 'latin1');
const cachePath = pathOfCache();
const cachedData = readCode(cachePath, uid);
const script = new Script(source, { filename: startPath, ...(cachedData && { cachedData }) });
const start = script.runInThisContext() as Readonly<Record<string, Chunk>>;
const modules = new Map<string, { exports: object }>();

(load('main.js') as { main(started: () => void): void }).main(keepCode);

/** Node's own modules and others by their names, ours by the names of their files. */
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

/** For when the start is over: what it did not need is not worth keeping. V8's flags must still be those of the start. */
function keepCode(): void {
  if (cachedData && !script.cachedDataRejected) return;
  writeCode(cachePath, script.createCachedData(), { pid: process.pid, now: Date.now() });
}

/** One file for each build of ours, V8, processor and set of flags. */
function pathOfCache(): string {
  const { env, version, versions, arch, execArgv } = process;
  const key = digest(JSON.stringify([__BUILD__, version, versions.v8, arch, execArgv, env.NODE_OPTIONS]));
  return join(ownFolder('XDG_CACHE_HOME', { env, home: homedir() }), `${key}.code`);
}
