/** Finds keys that stand twice in an object of a JSON text, of which JSON.parse takes the last one without a word. */

export interface DoubleKey {
  /** The keys from the root down to it. */
  readonly path: readonly string[];
  /** Where it stands again, counted from 1. */
  readonly line: number;
  readonly column: number;
  /** Where it stands first. */
  readonly first: { readonly line: number; readonly column: number };
}

/** What is open at a place of the text. */
interface Open {
  /** Where each key of an object stands. undefined: it is an array. */
  readonly keys: Map<string, number> | undefined;
  /** The key, or the index, of the value that comes. */
  at: string;
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\],]/g;

/** `text` must be valid JSON. */
export function doubleKeys(text: string): DoubleKey[] {
  const found: DoubleKey[] = [];
  const opened: Open[] = [];
  let isKey = false;
  for (const { 0: part, index } of text.matchAll(token)) {
    const inner = opened.at(-1);
    if (part === '{' || part === '[') {
      opened.push(part === '{' ? { keys: new Map(), at: '' } : { keys: undefined, at: '0' });
      isKey = part === '{';
    } else if (part === '}' || part === ']') {
      opened.pop();
      isKey = false;
    } else if (part === ',' && inner) {
      isKey = inner.keys !== undefined;
      if (!isKey) inner.at = String(Number(inner.at) + 1);
    } else if (isKey && inner?.keys) {
      inner.at = JSON.parse(part) as string;
      const first = inner.keys.get(inner.at);
      if (first === undefined) inner.keys.set(inner.at, index);
      else found.push({ path: opened.map(({ at }) => at), ...placeOf(text, index), first: placeOf(text, first) });
      isKey = false;
    }
  }
  return found;
}

function placeOf(text: string, index: number): { line: number; column: number } {
  const before = text.slice(0, index).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
