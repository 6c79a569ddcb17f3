/** The translator: Oxc, as WebAssembly. It works in one thread and reads no file. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { instantiateNapiModuleSync, type WASIInstance } from '@emnapi/core';
import { createContext } from '@emnapi/runtime';
import { WASI } from '@tybys/wasm-util';

/** Where the build puts it: beside this file. */
const FILE = join(__dirname, 'transform.wasm');
/** In pages of 64 KiB: what the module asks for, and the most that it may grow to. */
const MEMORY = { initial: 1024, maximum: 65_536 };

/** The types of Node do not have it. */
const engine = globalThis as unknown as { readonly WebAssembly: { readonly Memory: new (size: typeof MEMORY) => object } };

/** What is used of its functions and options; oxc-transform describes all of them. */
export interface Oxc {
  transformSync(file: string, text: string, options: object): { code: string; map?: SourceMap; errors: readonly OxcError[] };
}

export interface SourceMap {
  readonly mappings: string;
}

export interface OxcError {
  readonly severity: string;
  readonly message: string;
  readonly labels: readonly { readonly start: number; readonly message: string | null }[];
}

/** Compiles it, which takes 30 ms. */
export function loadOxc(): Oxc {
  const memory = new engine.WebAssembly.Memory(MEMORY);
  const { napiModule } = instantiateNapiModuleSync(readFileSync(FILE), {
    context: createContext(),
    wasi: new WASI({ version: 'preview1' }) as WASIInstance,
    asyncWorkPoolSize: 0,
    overwriteImports: (imports: unknown) => {
      const all = imports as Readonly<Record<string, object>>;
      return { ...all, env: { ...all.env, ...all.napi, ...all.emnapi, memory } };
    },
    beforeInit: ({ instance }) => {
      for (const [name, register] of Object.entries((instance as { exports: object }).exports)) if (name.startsWith('__napi_register__')) (register as () => void)();
    },
  });
  return napiModule.exports as Oxc;
}
