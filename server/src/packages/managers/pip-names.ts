/** What pip takes as the name of a package: a requirement of PEP 508 that a registry can fulfil. */

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?/;
const EXTRAS = /^\s*\[\s*(?:[A-Za-z0-9][A-Za-z0-9._-]*(?:\s*,\s*[A-Za-z0-9][A-Za-z0-9._-]*)*)?\s*\]/;
const CLAUSE = String.raw`(?:===|~=|==|!=|<=|>=|<|>)\s*[A-Za-z0-9][A-Za-z0-9.!+_*-]*`;
const SPECIFIERS = new RegExp(String.raw`^\s*(?:${CLAUSE}(?:\s*,\s*${CLAUSE})*|\(\s*${CLAUSE}(?:\s*,\s*${CLAUSE})*\s*\))`);
const MARKER = /^\s*;[A-Za-z0-9_.'" ()<>=!~,+-]{1,500}$/;
const ARCHIVE = /\.(?:whl|zip|tar|tgz|tbz|txz|tlz|tar\.(?:gz|bz2|xz|lz|lzma))$/i;
const MAX_LENGTH = 1000;

/** Returns what is wrong, in words that follow the name, or undefined. */
export function pipFault(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  if (/:\/\//.test(text) || /\s@\s|^[^\s@]+@/.test(text)) return 'names an address; only packages of registries can be installed';
  if (/^[./\\~]|[/\\]/.test(text.split(';')[0] ?? '')) return 'names a file; only packages of registries can be installed';
  const name = NAME.exec(text)?.[0];
  if (name === undefined) return 'is no name of a Python package';
  if (ARCHIVE.test(text)) return 'names a file; only packages of registries can be installed';
  let rest = text.slice(name.length);
  for (const part of [EXTRAS, SPECIFIERS]) rest = rest.slice(part.exec(rest)?.[0].length ?? 0);
  return rest.trim() === '' || MARKER.test(rest) ? undefined : 'is not of the form NAME, NAME[EXTRA], NAME==VERSION, or NAME>=VERSION,<VERSION';
}
