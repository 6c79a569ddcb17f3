/**
 * Deno is started with this file, which then imports the user's file.
 *
 * Deno does not check permissions for the static imports of the file that it is started with: the user's file could
 * import any file of the host as text. It does check them for a dynamic import, and for everything that is imported in
 * turn. So that the user's file still looks like the main one:
 *
 * - CODEBEAKER_MAIN is its URL. The program's own variables come as CODEBEAKER_ENV_<name>: they are not set when Deno
 *   starts, so that none of them can control the dynamic loader, V8 or Deno itself (LD_PRELOAD, DENO_V8_FLAGS, ...).
 * - Deno.mainModule, and so process.argv[1], name the user's file.
 * - import.meta.main is set by a statement that is put before the source, if the source uses it.
 * - A file in CommonJS, as most scripts for Node are, runs as CommonJS and has require.main.
 *
 * CODEBEAKER_LOADER is the path of what makes Deno understand the TypeScript of other runtimes (server/typescript/deno.ts).
 * Only programs that may need it wait for it: needs.mjs, which is put in front of this file too, says which.
 *
 * CODEBEAKER_DEBUGGED is there if somebody debugs the program. Deno's own way to wait for that one (--inspect-wait) waits
 * for nobody whose connection comes too early.
 *
 * Deno may have been started in advance, and be held where this file waits for the debugger or reads the user's file. Then its clocks leave that out:
 * warm-up/clocks.cjs is put in front of this file.
 *
 * This file confines nothing. Deno's permissions do, and they hold for this file, too.
 */
const main = Deno.env.get("CODEBEAKER_MAIN");
const given = Object.entries(Deno.env.toObject()).filter(([name]) => name.startsWith("CODEBEAKER_ENV_"));
const loader = Deno.env.get("CODEBEAKER_LOADER");
const debugged = Deno.env.get("CODEBEAKER_DEBUGGED") !== undefined;
for (const name of ["CODEBEAKER_MAIN", "CODEBEAKER_LOADER", "CODEBEAKER_DEBUGGED", ...given.map(([name]) => name)]) Deno.env.delete(name);
for (const [name, value] of given) Deno.env.set(name.slice("CODEBEAKER_ENV_".length), value);
Object.defineProperty(Deno, "mainModule", { get: () => main, enumerable: true, configurable: true });

const begin = performance.now();
if (debugged) await debuggerIsThere();
const source = read();
const held = heldFor(begin, performance.now());
if (held.waited > 0) correctClocks(held, globalThis);
if (needsLoader(main, source)) await runTranslated();
else if (isCommonJs()) await runCommonJs();
else await runModule();

/** Resolves when the debugger has set what it wants to set before the program begins (debug/node-bridge/script-gates.ts). */
async function debuggerIsThere() {
  const name = "codebeaker debugger";
  while (!Object.hasOwn(globalThis, name)) await new Promise((resolve) => globalThis.setTimeout(resolve, 1));
  delete globalThis[name];
}

async function runModule() {
  if (/\bimport\.meta\b/.test(source) && /\bmain\b/.test(source)) await markMain();
  if (/\b(?:await|import|export)\b/.test(source)) importMain();
  else await imported(); // it can't wait for anything, and so this is a third of a millisecond faster
}

/**
 * This file does not wait for the module: Deno blames the file that waits when a program awaits something for ever. For
 * Deno, everything is loaded when this file has ended, so that the program hears of it only from here.
 */
function importMain() {
  imported().then(() => dispatchEvent(new Event("load")));
}

function imported() {
  return import(main).catch((fault) => {
    throw withoutUs(fault);
  });
}

/** The error of a file that can't be loaded has no frame but that of this file, which means nothing to anybody. */
function withoutUs(fault) {
  if (!(fault instanceof Error) || typeof fault.stack !== "string") return fault;
  const frames = fault.stack.slice(fault.stack.indexOf(fault.message) + fault.message.length).split("\n").slice(1);
  if (frames.length === 0 || !frames.every((frame) => frame.includes(import.meta.url))) return fault;
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const same = new fault.constructor(fault.message);
  Error.stackTraceLimit = limit;
  return Object.assign(same, fault);
}

function read() {
  try {
    return Deno.readTextFileSync(new URL(main));
  } catch {
    return ""; // the import below fails with a message that says why
  }
}

function isCommonJs() {
  if (main.endsWith(".cjs")) return true;
  if (!main.endsWith(".js") || /^\s*(?:import|export)\b/m.test(source)) return false;
  return /\brequire\s*\(|\bmodule\.exports\b|\bexports\.\w|\b__(?:dirname|filename)\b/.test(source);
}

async function runTranslated() {
  const [{ default: Module, createRequire }, { fileURLToPath }] = await Promise.all([import("node:module"), import("node:url")]);
  const own = { exports: {} };
  const load = likeDenos(`(exports, require, module, __filename, __dirname) => {${Deno.readTextFileSync(loader)}\n}`);
  load(own.exports, createRequire(loader), own, loader, loader.slice(0, loader.lastIndexOf("/")));
  const { isCommonJs } = own.exports.register();
  const commonJs = isCommonJs(main);
  for (const kept of [Module._cache, Module._pathCache]) for (const name of Object.keys(kept)) delete kept[name];
  if (commonJs) await loadMain(Module, fileURLToPath(main));
  else await runModule();
}

async function runCommonJs() {
  const [{ default: Module }, { fileURLToPath }] = await Promise.all([import("node:module"), import("node:url")]);
  Module._extensions[".js"] = likeDenos("function loadCjs(module, path) { module._compile(Deno.readTextFileSync(path), path); }");
  try {
    await loadMain(Module, fileURLToPath(main));
  } catch (fault) {
    if (fault?.code !== "ERR_REQUIRE_ASYNC_MODULE") throw fault;
    importMain(); // it has a top-level await, so it is a module
  }
}

/** Nothing of this file waits for it or calls it, so that the stacks of the program do not lead here. */
function loadMain(Module, path) {
  const load = likeDenos("(Module, path, done, failed) => { try { Module._load(path, null, true); done(); } catch (fault) { failed(fault); } }");
  return new Promise((done, failed) => void Promise.resolve().then(load.bind(null, Module, path, done, failed)));
}

/** A function that stacks show as a part of Deno's loader for CommonJS, and not with the path of a file of ours. */
function likeDenos(text) {
  return (0, eval)(`(${text})\n//# sourceURL=node:module`);
}

async function markMain() {
  const { default: Module } = await import("node:module");
  const hooks = Module.registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (url !== main) return loaded;
      hooks.deregister();
      if (typeof loaded.source !== "string") return loaded;
      const shebang = loaded.source.startsWith("#!") ? "//" : "";
      return { ...loaded, source: "import.meta.main=true;" + shebang + loaded.source };
    },
  });
}
