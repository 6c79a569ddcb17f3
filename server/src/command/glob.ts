/** Compares paths with a pattern, in a time that no choice of names can make long. */

/** Compares a path, which begins with no slash. */
export type Matches = (path: string) => boolean;

/** Characters with a meaning that is left to picomatch. */
const SPECIAL = /[\\[\](){}!+@|]|^\.?\/|\/$|\/\/|(?:^|\/)\.\.?(?:\/|$)/;
const ANY_FOLDERS = '**';

/**
 * The programs of a sandbox choose the names of files, and a regular expression with several stars can take minutes for one
 * name. So patterns of `*`, `**`, `?` and plain characters, which nearly all are, are compared without one.
 */
export async function matcher(pattern: string | undefined): Promise<Matches> {
  if (pattern === undefined || pattern === '') return () => true;
  const basename = !pattern.includes('/');
  const parts = pattern.split('/');
  if (!SPECIAL.test(pattern) && parts.every((part) => part === ANY_FOLDERS || !part.includes(ANY_FOLDERS))) {
    if (basename) return (path) => pattern === ANY_FOLDERS || isName(path.slice(path.lastIndexOf('/') + 1), pattern);
    // As picomatch has it, `a*/**` is what lies below such folders, while `a/**` is `a` too.
    const last = parts.findLast((part) => part !== ANY_FOLDERS);
    if (parts.at(-1) === ANY_FOLDERS && last?.endsWith('*')) parts.push('*');
    return (path) => isLike(path.split('/'), parts, ANY_FOLDERS, isName);
  }
  const { default: picomatch } = await import('picomatch');
  return picomatch(pattern, { dot: true, basename });
}

function isName(name: string, pattern: string): boolean {
  return isLike(name, pattern, '*', (character, wanted) => wanted === '?' || character === wanted);
}

/** `star` stands for any number of items. When it fails, only what the last star stands for can have been too short. */
function isLike(items: ArrayLike<string>, pattern: ArrayLike<string>, star: string, fits: (item: string, wanted: string) => boolean): boolean {
  let at = 0;
  let wanted = 0;
  let afterStar = -1;
  let resumeAt = 0;
  while (at < items.length) {
    if (pattern[wanted] === star) {
      afterStar = ++wanted;
      resumeAt = at;
    } else if (wanted < pattern.length && fits(items[at] as string, pattern[wanted] as string)) {
      at++;
      wanted++;
    } else if (afterStar >= 0) {
      wanted = afterStar;
      at = ++resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[wanted] === star) wanted++;
  return wanted === pattern.length;
}
