/** What is asked of the translator for one file, and how its complaints are told. */
import type { CompilerOptions } from './configuration.ts';
import type { Oxc, OxcError, SourceMap } from './translator.ts';

export interface Translated {
  readonly code: string;
  readonly map: SourceMap | undefined;
}

/** What Node 22.18, the oldest that has the loader, understands. */
const TARGET = 'es2023';

/** @throws SyntaxError that tells file, line and column */
export function transform(oxc: Oxc, file: string, source: string, options: CompilerOptions): Translated {
  const { code, map, errors } = oxc.transformSync(file, source, {
    // What the extension .ts and .jsx leave open: both are modules or scripts.
    sourceType: 'module',
    lang: /\.[tj]sx$/.test(file) ? file.slice(-3) : 'ts',
    target: TARGET,
    sourcemap: true,
    helpers: { mode: 'External' },
    // Without a word about it in tsconfig.json, Bun takes decorators for the older kind as well.
    decorator: { legacy: true, emitDecoratorMetadata: options.emitDecoratorMetadata === true },
    typescript: { onlyRemoveTypeImports: options.verbatimModuleSyntax === true, ...factories(options) },
    jsx: jsx(options),
    ...(options.useDefineForClassFields === false ? { assumptions: { setPublicClassFields: true } } : {}),
  });
  const [error] = errors.filter(({ severity }) => severity === 'Error');
  if (error) throw syntaxError(file, source, error);
  return { code: `${helpers(code)}${code}`, map };
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function factories({ jsxFactory, jsxFragmentFactory }: CompilerOptions) {
  return { ...(text(jsxFactory) ? { jsxPragma: jsxFactory } : {}), ...(text(jsxFragmentFactory) ? { jsxPragmaFrag: jsxFragmentFactory } : {}) };
}

function jsx({ jsx: mode, jsxImportSource, jsxFactory, jsxFragmentFactory }: CompilerOptions) {
  if (mode === 'react-jsx' || mode === 'react-jsxdev') return { runtime: 'automatic', development: mode === 'react-jsxdev', ...(text(jsxImportSource) ? { importSource: jsxImportSource } : {}) };
  return { runtime: 'classic', ...(text(jsxFactory) ? { pragma: jsxFactory } : {}), ...(text(jsxFragmentFactory) ? { pragmaFrag: jsxFragmentFactory } : {}) };
}

/** The functions that translated decorators call, on the line of the first statement. */
function helpers(code: string): string {
  if (!code.includes('babelHelpers.')) return '';
  return 'const babelHelpers={decorate(d,t,k,x){let n=arguments.length,r=n<3?t:x===null?x=Object.getOwnPropertyDescriptor(t,k):x;'
    + 'for(let i=d.length-1;i>=0;i--)if(d[i])r=(n<3?d[i](r):n>3?d[i](t,k,r):d[i](t,k))||r;return n>3&&r&&Object.defineProperty(t,k,r),r},'
    + 'decorateParam(i,d){return(t,k)=>d(t,k,i)},decorateMetadata(k,v){if(typeof Reflect==="object"&&typeof Reflect.metadata==="function")return Reflect.metadata(k,v)},'
    + 'defineProperty(o,k,value){return Object.defineProperty(o,typeof k==="symbol"?k:String(k),{value,enumerable:true,configurable:true,writable:true}),o}};';
}

function syntaxError(file: string, source: string, { message, labels }: OxcError): SyntaxError {
  // Positions count bytes of UTF-8.
  const before = Buffer.from(source).subarray(0, labels[0]?.start ?? 0).toString();
  const line = before.split('\n').length;
  const column = before.length - before.lastIndexOf('\n');
  const words = [message, labels[0]?.message].filter(Boolean).join(': ');
  const error = new SyntaxError(words);
  const shown = source.split('\n')[line - 1] ?? '';
  error.stack = `${file}:${line}:${column}\n${shown}\n${' '.repeat(column - 1)}^\n\nSyntaxError: ${words}\n    at ${file}:${line}:${column}`;
  return error;
}
