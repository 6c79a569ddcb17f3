/** What can stand at the end of a text in the console. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Runtime } from 'node:inspector';
import { valueOf, type Where } from './evaluate.ts';

const MAX_ITEMS = 500;

/** The names of the properties of a value, its own before those of its prototypes, and whether each is a function. Nothing of it is read. */
const NAMES = `function (limit) {
  const found = new Map();
  for (let object = Object(this); object && found.size < limit; object = Object.getPrototypeOf(object)) {
    if (ArrayBuffer.isView(object) || Array.isArray(object)) continue;
    for (const name of Object.getOwnPropertyNames(object)) {
      if (found.size < limit && !found.has(name)) found.set(name, typeof Object.getOwnPropertyDescriptor(object, name)?.value);
    }
  }
  return [...found];
}`;

const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** @param before what stands before the place of the cursor, on its line */
export async function completions(where: Where, before: string): Promise<DebugProtocol.CompletionItem[]> {
  const [, object, word = ''] = /^(?:.*?)((?:[\p{ID_Continue}$]|\.(?=[\p{ID_Continue}$])|\[[^[\]]*\])+\.)?([\p{ID_Continue}$]*)$/su.exec(before) ?? [];
  const start = before.length - word.length;
  const names = object === undefined ? await inScope(where) : await inObject(where, object.slice(0, -1));
  const items = [...names].filter(([name]) => NAME.test(name) && name.startsWith(word)).slice(0, MAX_ITEMS);
  return items.map(([label, type]) => ({ label, type, start, length: word.length }));
}

type Names = Map<string, DebugProtocol.CompletionItemType>;

async function inObject(where: Where, expression: string): Promise<Names> {
  try {
    const value = await valueOf(where, expression, { isHover: true });
    if (value.objectId !== undefined) return await namesOf(where, value.objectId);
    const boxed = await valueOf(where, `Object(${expression})`, { isHover: true });
    return boxed.objectId === undefined ? new Map() : await namesOf(where, boxed.objectId);
  } catch {
    // It is no value, or computing it would change something.
    return new Map();
  }
}

async function namesOf({ thread }: Where, objectId: string): Promise<Names> {
  const { result } = await thread.cdp.send('Runtime.callFunctionOn', { objectId, functionDeclaration: NAMES, arguments: [{ value: MAX_ITEMS * 4 }], returnByValue: true, silent: true });
  const names = (result.value ?? []) as readonly (readonly [string, string])[];
  return new Map(names.map(([name, type]) => [name, type === 'function' ? 'method' : 'property']));
}

async function inScope(where: Where): Promise<Names> {
  const { thread, frame } = where;
  const names: Names = new Map();
  for (const { type, object } of frame?.scopeChain ?? []) {
    if (type === 'global' || object.objectId === undefined) continue;
    const { result } = await thread.cdp.send('Runtime.getProperties', { objectId: object.objectId, ownProperties: true });
    for (const { name, value } of result as readonly Runtime.PropertyDescriptor[]) names.set(name, value?.type === 'function' ? 'function' : 'variable');
  }
  for (const name of (await thread.cdp.send('Runtime.globalLexicalScopeNames', {})).names) names.set(name, 'variable');
  for (const [name, type] of await inObject({ thread, frame: undefined }, 'globalThis')) if (!names.has(name)) names.set(name, type === 'method' ? 'function' : 'variable');
  return names;
}
