/** What npm takes as the name of a package, with a range of versions or a tag, that a registry can fulfil. */

const NAME = /^(?:@[a-z0-9~][a-z0-9._~-]*\/)?[A-Za-z0-9~][A-Za-z0-9._~-]*$/;
/** A range of versions, a version or a tag. */
const RANGE = /^[A-Za-z0-9.^~<>=|*+_ -]*$/;
const ARCHIVE = /\.(?:tgz|tar|tar\.gz)$/i;
const MAX_LENGTH = 214;

/** Returns what is wrong, in words that follow the name, or undefined. */
export function npmFault(text: string): string | undefined {
  const at = text.indexOf('@', 1);
  const [name, range] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  if (/^[./\\~]|:|^[^@][^@]*\/|\\/.test(text) || ARCHIVE.test(text)) return 'names an address or a file; only packages of registries can be installed';
  if (!isName(name)) return 'is no name of an npm package';
  return RANGE.test(range) && (at < 0 || range.trim() !== '') && range.length <= MAX_LENGTH ? undefined : 'is not of the form NAME, NAME@VERSION, NAME@RANGE or NAME@TAG';
}

export function isName(name: string): boolean {
  return NAME.test(name) && name.length <= MAX_LENGTH && !['node_modules', 'favicon.ico'].includes(name.toLowerCase());
}

/** What is wrong with what a package.json asks for as `name`, in words that follow it, or undefined. */
export function dependencyFault(spec: unknown): string | undefined {
  if (typeof spec !== 'string') return 'is no text';
  const alias = /^npm:(.*)$/s.exec(spec)?.[1];
  if (alias !== undefined) return npmFault(alias);
  if (/^(?:workspace|file|link|portal|patch):|^[./~]/.test(spec) && !/^~\s*v?[\dxX*]/.test(spec)) return 'names a file; only packages of registries can be installed';
  if (/[:/]/.test(spec)) return 'names an address; only packages of registries can be installed';
  return RANGE.test(spec) && spec.length <= 1000 && !ARCHIVE.test(spec) ? undefined : 'is no range of versions';
}
