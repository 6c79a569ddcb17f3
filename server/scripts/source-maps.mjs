/** Carries source maps through the steps of the build, so that a stack trace names the source file and its line. */
import { dirname, relative, resolve, sep } from 'node:path';

/** `text` with its source map inside. The next step of esbuild combines that map with its own. */
export function withMap(text, map) {
  return `${text}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString('base64')}`;
}

/**
 * The map with the paths of its sources made relative to the root of the project. Code that esbuild itself added has no source.
 * @param {string} map the map that esbuild made for the file `path`
 */
export function fromRoot(map, path, root) {
  const { version, sources, names, mappings } = JSON.parse(map);
  const named = (source) => (source === '<stdin>' ? null : relative(root, resolve(dirname(path), source)).split(sep).join('/'));
  return { version, sources: sources.map(named), names, mappings };
}

/** Joins pieces into one text with one index map. A piece is a string, which has no map, or `{ text, map }`. */
export function concatenate(pieces) {
  let text = '';
  const sections = [];
  for (const piece of pieces) {
    if (typeof piece === 'string') text += piece;
    else {
      const lines = text.split('\n');
      sections.push({ offset: { line: lines.length - 1, column: lines.at(-1).length }, map: piece.map });
      text += piece.text;
    }
  }
  return { text, map: { version: 3, sections } };
}
