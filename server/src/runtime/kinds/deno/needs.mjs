/**
 * Part of what runs in Deno before a program: whether Deno may not understand a program in TypeScript that other runtimes
 * understand. Most it understands by itself, and the loader takes longer than Deno's own start. So the text of the program
 * is looked through; where that leaves a doubt, the loader is used.
 */

/** Files are followed from import to import, but no more than these. */
const MOST_FILES = 100;
const IMPORT = /\b(?:import|export)\s*(type\b)?([\w$\s{},*]*?)\bfrom\s*["']([^"']+)["'](\s*with\s*\{[^}]*\})?|\bimport\s*\(?\s*["'`]([^"'`]+)["'`](\s*,\s*\{\s*with\b)?/g;
const NOT_A_FILE = /^(?:node|npm|jsr|https?|data|blob):/;
const COMMONJS = /(?<![.\w$])(?:require\s*\(|module\.exports\b|exports\.\w|export\s*=)/;
const DECORATOR = /^\s*(?:export\s+(?:default\s+)?)?@[A-Za-z_$]/m;
const TYPE = /\b(?:interface|type|declare\s+\w+(?:\s+class)?)\s+([A-Za-z_$][\w$]*)/g;

/** `main`: its URL, of which `source` is the text. */
function needsLoader(main, source) {
  if (!/\.(?:[cm]?ts|[tj]sx)$/.test(main)) return false;
  const texts = new Map([[main, source]]);
  const names = new Set();
  const types = new Set();
  // The loop comes to what is added on the way, too.
  for (const [url, text] of texts) {
    if (texts.size > MOST_FILES || /\.[cm]?jsx?$/.test(url) && url !== main || isSpecial(url, text)) return true;
    for (const [, onlyTypes, clause = "", from, attributes, bare, options] of text.matchAll(IMPORT)) {
      const specifier = from ?? bare;
      if (NOT_A_FILE.test(specifier) || attributes || options) continue;
      const found = fileFor(specifier, url, texts);
      if (found === undefined) return true;
      if (onlyTypes) continue;
      for (const [, name] of clause.replaceAll(/\btype\s+[\w$]+/g, "").matchAll(/([A-Za-z_$][\w$]*)/g)) names.add(name);
    }
    for (const [, name] of text.matchAll(TYPE)) types.add(name);
  }
  // Deno does not leave out an import because it is of a type.
  return [...names].some((name) => types.has(name));
}

function isSpecial(url, text) {
  if (/\.cts$/.test(url) || COMMONJS.test(text)) return true;
  const variables = ["__dirname", "__filename"].filter((name) => new RegExp(`(?<![.\\w$])${name}\\b`).test(text));
  if (variables.some((name) => !new RegExp(`\\b(?:const|let|var)\\s+${name}\\b`).test(text))) return true;
  return (url.endsWith("x") || DECORATOR.test(text)) && hasConfiguration(url);
}

/** The file of TypeScript that Deno finds by itself, which is added to `texts`. undefined: it may find none. */
function fileFor(specifier, parent, texts) {
  if (!/^(?:\.{0,2}\/|file:)/.test(specifier) || !URL.canParse(specifier, parent)) return undefined;
  const { href } = new URL(specifier, parent);
  const [name] = /[^/]*$/.exec(href);
  const file = name.includes(".") ? href : `${href}.ts`;
  if (name === "" || !/\.(?:m?ts|tsx)$/.test(file)) return undefined;
  if (texts.has(file)) return file;
  try {
    texts.set(file, Deno.readTextFileSync(new URL(file)));
    return file;
  } catch {
    return undefined;
  }
}

function hasConfiguration(url) {
  for (let folder = new URL(".", url); ; folder = new URL("..", folder)) {
    try {
      if (Deno.statSync(new URL("tsconfig.json", folder)).isFile) return true;
    } catch {
      // There is none, or the program may not look.
    }
    if (folder.pathname === "/") return false;
  }
}
