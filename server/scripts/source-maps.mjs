/** Source maps over the steps of the build, so that a stack names the file and line that somebody wrote. */
import { dirname, relative, resolve, sep } from 'node:path';

/** `text` for a further step of esbuild, which composes the map of the step before with its own. */
export function withMap(text, map) {
  return `${text}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString('base64')}`;
}

/**
 * The map with its sources named from the root of the project. What only esbuild has written has no source.
 * @param {string} map as esbuild made it for the file `path`
 */
export function fromRoot(map, path, root) {
  const { version, sources, names, mappings } = JSON.parse(map);
  const named = (source) => (source === '<stdin>' ? null : relative(root, resolve(dirname(path), source)).split(sep).join('/'));
  return { version, sources: sources.map(named), names, mappings };
}

/** One text of many pieces, and an index map of those that have a map. A piece is a string, or `{ text, map }`. */
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
