/** The rules of .gitignore files: which files git would leave out. */
import picomatch from 'picomatch';

interface Rule {
  readonly includes: boolean;
  readonly foldersOnly: boolean;
  matches(path: string): boolean;
}

/** The rules of one .gitignore, which are about paths below its folder. */
interface Level {
  readonly rules: readonly Rule[];
  /** Makes a path that is relative to the root relative to the folder of the file. */
  place(path: string): string;
}

export class IgnoreRules {
  readonly #levels: readonly Level[];

  private constructor(levels: readonly Level[]) {
    this.#levels = levels;
  }

  static readonly none = new IgnoreRules([]);

  /** These rules, and those of the .gitignore of a folder further below. `folder` is relative to the root; empty for the root. */
  below(folder: string, text: string): IgnoreRules {
    return this.#and(text, (path) => (folder === '' ? path : path.slice(folder.length + 1)));
  }

  /** These rules, and those of a .gitignore above the root. `root` is relative to the folder of that file. */
  above(root: string, text: string): IgnoreRules {
    return this.#and(text, (path) => `${root}/${path}`);
  }

  #and(text: string, place: Level['place']): IgnoreRules {
    const rules = text.split(/\r?\n/).map(ruleOf).filter((rule) => rule !== undefined);
    return rules.length === 0 ? this : new IgnoreRules([...this.#levels, { rules, place }]);
  }

  /** `path` is relative to the root. The last rule that matches decides. */
  ignores(path: string, isFolder: boolean): boolean {
    for (const { rules, place } of [...this.#levels].reverse()) {
      const rule = [...rules].reverse().find((each) => (isFolder || !each.foldersOnly) && each.matches(place(path)));
      if (rule) return !rule.includes;
    }
    return false;
  }
}

function ruleOf(line: string): Rule | undefined {
  const text = line.replace(/(?<!\\)\s+$/, '');
  if (text === '' || text.startsWith('#')) return undefined;
  const includes = text.startsWith('!');
  const pattern = includes ? text.slice(1) : text;
  const foldersOnly = pattern.endsWith('/');
  const path = foldersOnly ? pattern.slice(0, -1) : pattern;
  // A pattern with a slash is about one place, any other about every folder.
  const glob = path.includes('/') ? path.replace(/^\//, '') : `**/${path}`;
  return { includes, foldersOnly, matches: picomatch(glob, { dot: true, nobrace: true, noextglob: true, nonegate: true }) };
}
