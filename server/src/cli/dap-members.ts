/** The members of `launch` of `codebeaker dap`, each with what it has to be, in words for whoever writes it. */
import { isAbsolute } from 'node:path';
import { least } from '../policy/bounds.ts';
import { languageIds, type Limits, managerIds, type Network, type Preference } from '../protocol/index.ts';
import { isObject, type Json } from '../debug/dap.ts';
import { writtenLimit } from './limit-names.ts';
import { CannotRun } from './source.ts';

export interface Kind {
  readonly words: string;
  is(value: unknown): boolean;
  /** The members that it has where it is an object. Absent: any. */
  readonly members?: Readonly<Record<string, Kind>>;
  /** A member that has to be there. */
  readonly needs?: string;
  /** Whether nobody is shown what it is. */
  readonly confidential?: true;
}

export const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText);

const text: Kind = { words: 'a text', is: isText };
const path: Kind = { words: 'an absolute path', is: (value) => isText(value) && isAbsolute(value) };
const flag: Kind = { words: 'true or false', is: (value) => typeof value === 'boolean' };
const texts: Kind = { words: 'a list of texts', is: isTexts };
const variables: Kind = { words: 'an object of texts', confidential: true, is: (value) => isObject(value) && Object.values(value).every(isText) };
const record = (members: Readonly<Record<string, Kind>>, needs?: string): Kind => ({ words: 'an object', is: isObject, members, ...(needs === undefined ? {} : { needs }) });

function oneOf(all: readonly string[]): Kind {
  return { words: `one of ${all.join(', ')}`, is: (value) => isText(value) && all.includes(value) };
}

/** `lowest`: by default any that is above 0. */
function number(what: string, isNumber: (value: unknown) => boolean, lowest: number | undefined, written: (value: number) => string): Kind {
  return { words: `${what}${lowest === undefined ? ' above 0' : lowest === 0 ? '; 0 means no limit' : `, at least ${written(lowest)}`}`, is: (value) => isNumber(value) && (lowest === undefined ? (value as number) > 0 : (value as number) >= lowest) };
}

const whole = (what: string, name: keyof Limits, lowest = least[name]) => number(what, Number.isSafeInteger, lowest, writtenLimit[name]);

const limits: Readonly<Record<keyof Limits, Kind>> = {
  memoryBytes: whole('a whole number of bytes', 'memoryBytes'),
  cpus: number('a number of processors', Number.isFinite, least.cpus, String),
  pids: whole('a whole number of processes', 'pids'),
  diskBytes: whole('a whole number of bytes', 'diskBytes'),
  outputBytes: whole('a whole number of bytes', 'outputBytes'),
  timeoutMs: whole('a whole number of milliseconds', 'timeoutMs', 0),
  packageBytes: whole('a whole number of bytes', 'packageBytes'),
};
const modes: Readonly<Record<Network['mode'], true>> = { none: true, allowlist: true, full: true };
const preferences: Readonly<Record<Preference, true>> = { speed: true, security: true, memory: true, balanced: true };

/** Where the program runs, by the word that editors have for it. */
export const consoles: Readonly<Record<string, 'integrated' | 'external' | undefined>> = { internalConsole: undefined, integratedTerminal: 'integrated', externalTerminal: 'external' };

const kinds: Readonly<Record<string, Kind>> = {
  program: text, args: texts, env: variables, cwd: path, language: oneOf(languageIds), runtime: text, image: text, preference: oneOf(Object.keys(preferences)),
  folder: { words: 'the absolute path of a folder, or false', is: (value) => value === false || path.is(value) },
  stopOnEntry: flag, justMyCode: flag, strict: flag,
  limits: record(limits),
  network: record({ mode: oneOf(Object.keys(modes)), hosts: texts }, 'mode'),
  packages: { words: 'a list of names, or an object with names and manifest', is: (value) => isTexts(value) || isObject(value), members: { names: texts, manifest: text, manager: oneOf(managerIds) } },
  secrets: variables, secretNames: texts,
  console: oneOf(Object.keys(consoles)),
};

/** The members that count. What a client adds of its own is left out. @throws CannotRun */
export function checkedMembers(sent: Json): Json {
  return within(sent, kinds, '');
}

/** Whoever makes the object may say that a member is not there by null or an empty text. */
const isThere = (value: unknown) => value !== undefined && value !== null && value !== '';

/** `at`: the name of the object, with a dot behind it. */
function within(sent: Json, known: Readonly<Record<string, Kind>>, at: string): Json {
  return Object.fromEntries(Object.entries(known).flatMap(([name, kind]) => {
    const value = sent[name];
    return isThere(value) ? [[name, checked(value, kind, `${at}${name}`)]] : [];
  }));
}

function checked(value: unknown, { words, is, members, needs, confidential }: Kind, name: string): unknown {
  if (!is(value)) throw new CannotRun(`launch: ${name} must be ${words}${confidential ? '' : `, and is ${written(value)}`}`);
  if (!members || !isObject(value)) return value;
  const unknown = Object.keys(value).find((each) => !Object.hasOwn(members, each));
  if (unknown !== undefined) throw new CannotRun(`launch: ${name} has no member ${unknown}; it can have ${Object.keys(members).join(', ')}`);
  if (needs !== undefined && !isThere(value[needs])) throw new CannotRun(`launch: ${name}.${needs} is missing; it must be ${members[needs]?.words}`);
  return within(value, members, `${name}.`);
}

const MAX_WRITTEN = 60;

function written(value: unknown): string {
  const all = JSON.stringify(value);
  return all.length > MAX_WRITTEN ? `${all.slice(0, MAX_WRITTEN)}…` : all;
}
