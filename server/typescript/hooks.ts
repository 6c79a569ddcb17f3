/** The hooks of Node's module loader, that make it understand TypeScript. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type CompilerOptions, Configurations } from './configuration.ts';
import { forget } from './forget.ts';
import { fileFor } from './resolve.ts';
import { transform } from './transform.ts';
import { isOurs, translate, type Translation } from './translate.ts';
import type * as translator from './translator.ts';

export interface ResolveContext {
  readonly parentURL?: string;
  readonly importAttributes?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly shortCircuit: true;
}

export class Hooks {
  readonly #configurations = new Configurations();
  #oxc: translator.Oxc | undefined;

  /** Does what can be done before any file is known: the translator is there, and its code is compiled. */
  readonly prepare = (): void => void transform(this.#translator(), '/prepare.ts', 'enum E { A }\nexport const a: E = E.A;\n', {});

  /** Where the file is that an import means, if the rules of TypeScript say so. */
  readonly resolve = <T>(specifier: string, context: ResolveContext, next: (specifier: string, context: ResolveContext) => T): T | (Answer & { readonly url: string }) => {
    const parent = pathOf(context.parentURL);
    // With a query, a file is loaded once more.
    const [, plain = '', query = ''] = /^([^?#]*)(.*)$/s.exec(specifier) ?? [];
    // Packages are left to Node.
    const file = parent === undefined || parent.includes('/node_modules/') ? undefined : fileFor(plain, parent, this.#configurations);
    if (file === undefined) return next(specifier, context);
    const json = file.endsWith('.json') ? { importAttributes: { ...context.importAttributes, type: 'json' } } : {};
    return { url: pathToFileURL(file).href + query, ...json, shortCircuit: true };
  };

  readonly load = <C, T>(url: string, context: C, next: (url: string, context: C) => T): T | (Answer & Translation) => {
    const file = pathOf(url);
    return file !== undefined && isOurs(file) ? { ...this.translated(file), shortCircuit: true } : next(url, context);
  };

  /** @throws SyntaxError */
  translated(file: string): Translation {
    return translate(file, this.#translator(), this.#configurations);
  }

  /** What the tsconfig.json of a file says. */
  optionsOf(file: string): CompilerOptions {
    return this.#configurations.of(file).options;
  }

  #translator(): translator.Oxc {
    this.#oxc ??= loadOxc();
    return this.#oxc;
  }
}

function loadOxc(): translator.Oxc {
  const file = join(__dirname, 'translator.cjs');
  const loaded = createRequire(__filename)(file) as typeof translator;
  forget(file);
  return loaded.loadOxc();
}

function pathOf(url: string | undefined): string | undefined {
  return url?.startsWith('file:') ? fileURLToPath(url) : undefined;
}
