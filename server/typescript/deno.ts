/**
 * Makes Deno understand the TypeScript that other runtimes understand. Deno asks the hooks of Node's module loader, too,
 * but minds no `format`: what is imported has to be a module, and what is required has to be CommonJS. So a file in
 * CommonJS that is imported is a module around it.
 */
import { readFileSync } from 'node:fs';
import * as modules from 'node:module';
import { fileURLToPath } from 'node:url';
import { looksLikeModule, moduleAround, usesCommonJs } from './commonjs.ts';
import { Hooks, type ResolveContext } from './hooks.ts';
import { isOurs, type Translation } from './translate.ts';

interface Context extends ResolveContext {
  readonly conditions?: readonly string[];
}

interface Answer {
  readonly url?: string;
  readonly source?: unknown;
}

type Next = (what: string, context: Context) => Answer;

/** Deno goes by the name of a .cts and of a .json. With this after its name a file is what the hooks say. */
const AS_MODULE = '.mjs?codebeaker';

class DenoHooks {
  readonly #hooks = new Hooks();

  readonly resolve = (specifier: string, context: Context, next: Next): Answer => {
    if (modules.isBuiltin(specifier) && !specifier.startsWith('node:')) return next(`node:${specifier}`, context);
    const parentURL = context.parentURL === undefined ? undefined : own(context.parentURL);
    const { url = '' } = this.#hooks.resolve(specifier, { ...context, ...(parentURL === undefined ? {} : { parentURL }) }, (name, rest) => {
      // Deno would look for a file of this name.
      if (!isRequired(context) && /^[^./#][^:]*$/.test(name)) throw nameless(`Import "${name}" not a dependency`);
      return next(name, rest);
    });
    const named = url.endsWith('.cts') || (url.endsWith('.json') && context.importAttributes?.type === undefined);
    return done({ url: named && !isRequired(context) ? url + AS_MODULE : url });
  };

  readonly load = (given: string, context: Context, next: Next): Answer => {
    const url = own(given);
    const path = pathOf(url);
    if (path === undefined) return next(given, context);
    const required = isRequired(context);
    if (path.endsWith('.json') && (required || given !== url)) return done({ source: `${required ? 'module.exports =' : 'export default'} JSON.parse(${JSON.stringify(readFileSync(path, 'utf8'))});` });
    const translation = this.#translation(path) ?? (path.endsWith('.js') && !required ? script(path) : undefined);
    if (!translation) return next(given, context);
    const { format, source } = translation;
    if (format === 'commonjs') return done({ source: required ? source : moduleAround(path, source) });
    return done({ source: given === url ? source : source.replaceAll('import.meta.url', JSON.stringify(url)) });
  };

  /** Whether a file runs as CommonJS. */
  readonly isCommonJs = (url: string): boolean => this.#translation(pathOf(url) ?? '')?.format === 'commonjs';

  /** undefined: the file is Deno's to load, which tells errors of syntax itself, and has decorators of the newer kind. */
  #translation(path: string): Translation | undefined {
    if (!isOurs(path)) return undefined;
    try {
      if (this.#hooks.optionsOf(path).experimentalDecorators !== true && hasDecorators(readFileSync(path, 'utf8'))) return undefined;
      const translation = this.#hooks.translated(path);
      return { ...translation, format: path.endsWith('.cts') || usesCommonJs(translation.source) ? translation.format : 'module' };
    } catch {
      return undefined;
    }
  }
}

const isRequired = ({ conditions }: Context): boolean => conditions?.includes('require') === true;
const own = (url: string): string => (url.endsWith(AS_MODULE) ? url.slice(0, -AS_MODULE.length) : url);
const done = (answer: Answer): Answer & { readonly shortCircuit: true } => ({ ...answer, shortCircuit: true });
const hasDecorators = (text: string): boolean => /^\s*(?:export\s+(?:default\s+)?)?@[A-Za-z_$]/m.test(text);

/** Deno puts the name of the error in front of it. */
function nameless(message: string): Error {
  return Object.assign(new TypeError(message), { name: '' });
}

/** undefined: it is no URL of a file. */
function pathOf(url: string): string | undefined {
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}

/** JavaScript that another runtime takes for CommonJS. */
function script(path: string): Translation | undefined {
  const source = readFileSync(path, 'utf8');
  return usesCommonJs(source) && !looksLikeModule(source) ? { format: 'commonjs', source } : undefined;
}

/** From now on every import and require understands TypeScript. Returns how a file runs. */
export function register(): Pick<DenoHooks, 'isCommonJs'> {
  const hooks = new DenoHooks();
  (modules as unknown as { registerHooks(hooks: object): void }).registerHooks({ resolve: hooks.resolve, load: hooks.load });
  return hooks;
}
