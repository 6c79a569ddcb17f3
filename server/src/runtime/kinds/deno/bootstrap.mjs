/**
 * Deno is started with this file instead of the user's own, which it then imports.
 *
 * Deno checks no permission for the static imports of the file it is started with, so that such a file could import
 * any file of the host as text. It does check a dynamic import, with everything that is imported in turn. The user's
 * file is made to look like the main one:
 *
 * - CODEBEAKER_MAIN is its URL; without one, an order on stdin tells it. The program's own variables come as
 *   CODEBEAKER_ENV_<name>: none of them is there when Deno starts, so that none can set the loader, V8 or Deno itself
 *   (LD_PRELOAD, DENO_V8_FLAGS, ...).
 * - Deno.mainModule and, derived from it, process.argv[1] name the user's file.
 * - import.meta.main is set by a first statement, where the source speaks of it.
 * - CommonJS, as most scripts for Node are, runs as CommonJS, with require.main.
 *
 * None of this is what confines the program: Deno's permissions are, and they hold for this file too.
 */
const main = Deno.env.get("CODEBEAKER_MAIN") ?? ordered();
const given = Object.entries(Deno.env.toObject()).filter(([name]) => name.startsWith("CODEBEAKER_ENV_"));
for (const name of ["CODEBEAKER_MAIN", ...given.map(([name]) => name)]) Deno.env.delete(name);
for (const [name, value] of given) Deno.env.set(name.slice("CODEBEAKER_ENV_".length), value);
Object.defineProperty(Deno, "mainModule", { get: () => main, enumerable: true, configurable: true });

const source = read();
if (isCommonJs()) await runCommonJs();
else {
  if (/\bimport\.meta\b/.test(source) && /\bmain\b/.test(source)) await markMain();
  await import(main);
}

// Deno was started ahead: it waits for its order (prime/order.ts), in which there are no variables and no arguments.
function ordered() {
  const take = (count) => {
    const taken = new Uint8Array(count);
    for (let at = 0; at < count; ) {
      const bytes = Deno.stdin.readSync(taken.subarray(at));
      if (bytes === null) Deno.exit(125);
      at += bytes;
    }
    return new TextDecoder().decode(taken);
  };
  const [cwd, file] = take(parseInt(take(8), 16)).split("\0");
  Deno.chdir(cwd);
  const url = new URL("file:///");
  url.pathname = file.replace(/[%\\\n\r\t]/g, (character) => "%" + character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0"));
  return url.href;
}

function read() {
  try {
    return Deno.readTextFileSync(new URL(main));
  } catch {
    return ""; // the import says what is wrong
  }
}

function isCommonJs() {
  if (main.endsWith(".cjs")) return true;
  if (!main.endsWith(".js") || /^\s*(?:import|export)\b/m.test(source)) return false;
  return /\brequire\s*\(|\bmodule\.exports\b|\bexports\.\w|\b__(?:dirname|filename)\b/.test(source);
}

async function runCommonJs() {
  const [{ default: Module }, { fileURLToPath }] = await Promise.all([import("node:module"), import("node:url")]);
  Module._extensions[".js"] = (module, path) => module._compile(Deno.readTextFileSync(path), path);
  try {
    Module._load(fileURLToPath(main), null, true);
  } catch (fault) {
    if (fault?.code !== "ERR_REQUIRE_ASYNC_MODULE") throw fault;
    await import(main); // top-level await: it was a module after all
  }
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
