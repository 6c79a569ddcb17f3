/** What gem takes as the name of a package, with a version, and what a Gemfile may ask for. */

const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
/** A version, or a requirement such as ~>1.2. */
const VERSION = /^(?:(?:~>|>=|<=|!=|=|<|>)\s*)?[0-9][0-9A-Za-z.-]*$/;
const MAX_LENGTH = 300;

/** Returns what is wrong, in words that follow the name, or undefined. */
export function gemFault(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  if (/[/\\]|:\/\/|\.gem$/.test(text)) return 'names an address or a file; only gems of registries can be installed';
  const [name = '', version, ...more] = text.split(':');
  if (!NAME.test(name) || more.length > 0) return 'is no name of a gem';
  return version === undefined || VERSION.test(version) ? undefined : 'is not of the form NAME or NAME:VERSION';
}

/** Programs in Ruby can do more than what is looked for here; what they then ask for can't be reached. */
const elsewhere: readonly (readonly [RegExp, string])[] = [
  [/^[ \t]*gemspec\b/m, 'gemspec, which needs the files of the project'],
  [/^[ \t]*(?:git|github|path)\b[^\n]*\bdo\b|(?:[\s,(]|^):?(?:git|github|gist|bitbucket)["']?\s*(?:=>|:)\s*["']|:(?:git|github|gist|bitbucket)\s*=>/m, 'a gem of a git repository'],
  [/^[ \t]*path[ \t]+["']|[\s,(]path:\s*["']|:path\s*=>/m, 'a gem that is a folder'],
];

/** What a Gemfile asks for that no registry has, or undefined. */
export function gemfileFault(text: string): string | undefined {
  const code = text.replaceAll(/^[ \t]*#.*$/gm, '');
  return elsewhere.find(([pattern]) => pattern.test(code))?.[1];
}

export function lockFault(text: string): string | undefined {
  const section = /^(GIT|PATH|PLUGIN SOURCE)[ \t]*$/m.exec(text)?.[1];
  if (section === undefined) return undefined;
  return section === 'PATH' ? 'a gem that is a folder' : section === 'GIT' ? 'a gem of a git repository' : 'a gem from a plugin';
}
