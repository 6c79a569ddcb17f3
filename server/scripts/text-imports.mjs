/** Hooks for Node's module loader: `import text from './keeper.sh' with { type: 'text' }` works from source as in the bundle. */
import { readFile } from 'node:fs/promises';

const MARK = '?text';

export async function resolve(specifier, context, next) {
  if (context.importAttributes.type !== 'text') return next(specifier, context);
  // Node refuses import attributes that it does not know, so a mark in the URL takes their place.
  return { url: new URL(specifier, context.parentURL).href + MARK, format: 'module', importAttributes: {}, shortCircuit: true };
}

export async function load(url, context, next) {
  if (!url.endsWith(MARK)) return next(url, context);
  const text = await readFile(new URL(url.slice(0, -MARK.length)), 'utf8');
  return { format: 'module', source: `export default ${JSON.stringify(text)};`, shortCircuit: true };
}
