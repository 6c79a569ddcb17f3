/**
 * Which names are constants, by the text of the scope that declares them. The inspector does not tell, and assigns to the
 * constants of functions. This is no parser: it follows brackets, and skips texts and comments.
 */

/** Texts, comments, and regular expressions where a value may begin. */
const SKIPPED = /\/\/[^\n]*|\/\*[^]*?\*\/|'(?:[^'\\\n]|\\[^])*'|"(?:[^"\\\n]|\\[^])*"|`(?:[^`\\]|\\[^])*`|(?<=(?:^|[=(,:;!&|?{}[\n]|\breturn)[ \t]*)\/(?![*/])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/g;
/** A brace after this is one of a pattern or of an object, and any other one of a block. After a colon it can be either. */
const OPENS_OBJECT = /(?:\b(?:const|let|var|return|of|in)|[=(,[?&|]|\{)\s*$/;
/** Before the body of a function, of a loop, or of nothing. */
const HEAD = /^\s*(?:(?:async\s*)?(?:[\p{ID_Continue}$#]+\s*)?\([^]*|(?:async\s*)?[\p{ID_Continue}$]+\s*=>\s*)?$/u;
/** The declaration in the head of a loop is in a scope of its own. */
const IN_LOOP = /\bfor\s*(?:await\s*)?\(\s*$/;
const NAME = /[\p{ID_Start}$_][\p{ID_Continue}$]*/u;
/** What goes on with the line before. */
const GOES_ON = /^\s*(?:[.,+\-*/%&|^?:<>=()[\]]|in\b|of\b|instanceof\b)/;

/** Whether the scope with this text declares the name as a constant. Those within it do not count. Where it is not clear, the name is none. */
export function isConstant(text: string, name: string): boolean {
  const own = withoutInner(text.replace(SKIPPED, (skipped) => (/^\/[/*]/.test(skipped) ? ' ' : '0')));
  return [...own.matchAll(/(?<![.\w$#])const(?=\s+[\p{ID_Start}$_]|\s*[[{])/gu)]
    .filter(({ index }) => !IN_LOOP.test(own.slice(Math.max(0, index - 30), index)))
    .some(({ index }) => declares(own.slice(index + 'const'.length), name));
}

/** The text without what is in blocks, but for the outermost one if that ends with the text. */
function withoutInner(text: string): string {
  const blocks = blocksOf(text);
  const [first] = blocks;
  const isBody = first !== undefined && first.end === text.trimEnd().length - 1 && HEAD.test(text.slice(0, first.start));
  let kept = '';
  let at = isBody ? first.start + 1 : 0;
  if (isBody) kept = `${text.slice(0, first.start)};`;
  for (const { start, end } of isBody ? blocksOf(text, first.start + 1) : blocks) {
    kept += `${text.slice(at, start)};`;
    at = end + 1;
  }
  return kept + text.slice(at, isBody ? first.end : undefined);
}

/** The blocks that are in no other one. */
function blocksOf(text: string, from = 0): { readonly start: number; readonly end: number }[] {
  const blocks: { start: number; end: number }[] = [];
  const open: boolean[] = [];
  let start = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '{') {
      const isBlock = !OPENS_OBJECT.test(text.slice(Math.max(0, at - 20), at)) || /=>\s*$/.test(text.slice(Math.max(0, at - 20), at));
      if (isBlock && !open.includes(true)) start = at;
      open.push(isBlock);
    } else if (text[at] === '}' && open.pop() === true && !open.includes(true)) blocks.push({ start, end: at });
  }
  return blocks;
}

/** Whether the declarations at the beginning of this text are of the name, among others. */
function declares(text: string, name: string): boolean {
  let depth = 0;
  let inPattern = true;
  let pattern = '';
  for (let at = 0; at < text.length; at++) {
    const sign = text[at] as string;
    const rest = text.slice(at + 1, at + 40);
    if (depth === 0 && (sign === ';' || (!inPattern && sign === '\n' && !GOES_ON.test(rest)))) break;
    if (depth === 0 && inPattern && (/^=(?![=>])/.test(sign + rest) || /^\s(?:of|in)\b/.test(sign + rest))) inPattern = false;
    else if (depth === 0 && sign === ',') {
      inPattern = true;
      pattern += ',';
    } else if (inPattern) pattern += sign;
    depth += '{[('.includes(sign) ? 1 : '}])'.includes(sign) ? -1 : 0;
    if (depth < 0) break;
  }
  // What a property is called is not declared. What stands in for it, or computes its name, can be anything.
  const names = pattern.replace(/[\p{ID_Continue}$]+\s*:/gu, '').match(new RegExp(NAME, 'gu'));
  return !/=|\]\s*:/.test(pattern) && (names?.includes(name) ?? false);
}
