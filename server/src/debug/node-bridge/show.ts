/** Values as text for people. Everything has a bound, and nothing in a text acts on the terminal or the view that shows it. */
import type { Runtime } from 'node:inspector';
import type { Shortened } from './shorten.ts';

/** How long the text of a value is, in UTF-16 units, unless somebody asks for the whole of it. */
const MAX_TEXT = 1000;
/** How long it is where the whole of it is asked for. */
export const MAX_WHOLE = 100_000;

/** Quoted, bounded text for a value. */
export function show(remote: Shortened, limit = MAX_TEXT): string {
  const { type, subtype, unserializableValue, description = '', preview, fullLength } = remote;
  if (type === 'string') return quote(String(remote.value), limit, fullLength);
  if (type === 'undefined') return 'undefined';
  if (subtype === 'null') return 'null';
  if (unserializableValue !== undefined) return clean(unserializableValue, limit);
  if (type === 'number' || type === 'boolean') return String(remote.value);
  if (type === 'function') return clean(headOf(description), limit);
  if (type === 'symbol' || subtype === 'date' || subtype === 'regexp' || subtype === 'error') return clean(description, limit);
  return clean(preview ? previewText(preview) : description, limit);
}

/** What stands for the type of a value. */
export const typeOf = ({ type, className }: Runtime.RemoteObject): string => (type === 'object' ? (className ?? 'null') : type);

/** The first line of a function, without what it does. */
function headOf(description: string): string {
  if (description.startsWith('class')) return description.replace(/\s*\{[^]*$/, '');
  const [, head] = /^((?:async\s+)?(?:function\s*\*?\s*|\*\s*|get\s+|set\s+)?[^(]*\([^)]{0,200}\))/.exec(description) ?? [];
  const short = head ?? description.split('\n')[0]?.slice(0, 80) ?? '';
  return short.startsWith('function') || short.startsWith('async function') ? short.replace(/function\s*/, 'ƒ ') : `ƒ ${short}`;
}

function previewText({ subtype, description = '', properties, overflow, entries }: Runtime.ObjectPreview): string {
  const more = overflow ? ['…'] : [];
  if (entries) {
    const shown = entries.map(({ key, value }) => (key ? `${inner(key)} => ${inner(value)}` : inner(value)));
    return `${description} {${[...shown, ...more].join(', ')}}`;
  }
  const texts = properties.filter(({ type }) => type !== 'accessor');
  const values = texts.map(({ name, value = '', type, subtype: kind, valuePreview }) => {
    const text = valuePreview ? inner(valuePreview) : previewValue(type, kind, value);
    const isIndex = (subtype === 'array' || subtype === 'typedarray') && /^\d+$/.test(name);
    return isIndex ? text : `${name}: ${text}`;
  });
  const list = [...values, ...more].join(', ');
  if (subtype === 'array' || subtype === 'typedarray') return `${description.replace(/^Array(?=\()/, '')} [${list}]`.trimStart();
  return description === 'Object' ? `{${list}}` : `${description} {${list}}`;
}

function inner(preview: Runtime.ObjectPreview): string {
  return preview.type === 'object' && preview.subtype !== 'null' && (preview.properties.length > 0 || preview.entries) ? previewText(preview) : previewValue(preview.type, preview.subtype, preview.description ?? '');
}

function previewValue(type: string, subtype: string | undefined, value: string): string {
  if (type === 'string') return JSON.stringify(value);
  if (type === 'function') return 'ƒ';
  return subtype === 'null' ? 'null' : value;
}

function quote(text: string, limit: number, fullLength = text.length): string {
  if (fullLength <= limit) return clean(JSON.stringify(text), Infinity);
  return `${clean(JSON.stringify(text.slice(0, limit)), Infinity)}… (${fullLength} characters)`;
}

/** C0 and C1 controls but for line ends and tabs, and what turns text around or hides it. */
const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Bounded text without characters that act. */
export function clean(text: string, limit = MAX_TEXT): string {
  const short = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return short.replace(CONTROLS, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The name of a variable, on one line. */
export const cleanName = (name: string): string => clean(name, 300).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
