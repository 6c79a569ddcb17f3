/** Tells after a program that did not find something which things of this machine did not go along with it, and how they would. */
import { isThere } from '../base/is-there.ts';
import { readdir } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { LanguageId } from '../protocol/index.ts';

/** Fragments of the messages of interpreters, compilers and the C library. */
const NOT_FOUND = new RegExp([
  'no such file', 'cannot find', 'could not be found', 'no module named', 'cannot load such file', 'no required module', 'not in (?:std|GOROOT)',
  'not a dependency', 'not prefixed with', 'no known parent package', 'module not found', String.raw`: not found\b`, 'could not resolve',
].join('|'), 'i');
/** The message of an interpreter stands at the end of the output, with a stack behind it. */
const TAIL_BYTES = 8 * 1024;

/** Hears all that a program prints, and keeps the end of it. */
export class Complaints {
  #tail: Buffer[] = [];
  #length = 0;

  hear(bytes: Buffer): void {
    const end = bytes.subarray(-TAIL_BYTES);
    this.#tail.push(end);
    this.#length += end.length;
    while (this.#length - (this.#tail[0]?.length ?? 0) >= TAIL_BYTES) this.#length -= this.#tail.shift()?.length ?? 0;
  }

  /** Whether the program says that it did not find something. */
  get missing(): boolean {
    return NOT_FOUND.test(this.#text);
  }

  mentions(text: string): boolean {
    return this.#text.includes(text);
  }

  get #text(): string {
    return Buffer.concat(this.#tail).subarray(-TAIL_BYTES).toString();
  }
}

export interface Sent {
  readonly language: LanguageId;
  /** The arguments of the program. */
  readonly args: readonly string[];
  /** The absolute paths that were sent although they would have been left out. */
  readonly with: readonly string[];
  /** What was left out because git ignores it, relative to the folder. */
  readonly ignored: readonly string[];
  /** Whether the program has printed this at its end. */
  readonly mentions: (text: string) => boolean;
  /** The current folder. */
  readonly here: string;
  /** The absolute path of the folder that went along, and whether the person named it. */
  readonly folder: string;
  readonly named: boolean;
  readonly home: string;
}

/** What stands in the uppermost folder of a project. */
const MARKS = ['package.json', 'tsconfig.json', 'deno.json', 'deno.jsonc', 'go.mod', 'pyproject.toml', 'setup.py', 'requirements.txt', 'Gemfile', '.git'];

/** No more ignored files are named. */
const MAX_NAMES = 3;

/** @returns sentences for the person */
export async function leftBehind(sent: Sent): Promise<string[]> {
  const { folder, here, language, named } = sent;
  const told = await fromArguments(sent);
  const project = named ? undefined : await projectOf(sent);
  const root = project ?? folder;
  const packages = await packagesOf(root, sent);
  if (project !== undefined) {
    const whole = (await isMarked(project)) ? 'whole project' : 'current folder';
    const typed = ['--folder', shown(here, project), ...(packages?.options ?? [])].join(' ');
    told.push(`only the folder ${shown(here, folder)} went along, and the program started in it; ${typed} sends the ${whole}`);
  } else if (packages) told.push(`${packages.what} did not go along; ${packages.options.join(' ')} sends them`);
  const ignored = sent.ignored.filter((path) => sent.mentions(path)).slice(0, MAX_NAMES);
  if (ignored.length > 0) {
    const options = ignored.map((path) => `--with ${shown(here, join(folder, path))}`).join(' ');
    const them = ignored.length === 1 ? 'it' : 'them';
    told.push(`${ignored.join(', ')} did not go along, because git ignores ${them}; ${options} sends ${them}`);
  }
  if (language === 'csharp') {
    const file = (await readdir(folder).catch(() => [])).find((name) => name.endsWith('.csproj'));
    if (file !== undefined) told.push(`${file} was not read: the C# files of the folder were compiled without it, and without packages`);
  }
  return told;
}

interface Packages {
  readonly what: string;
  readonly options: readonly string[];
}

/** The packages that were installed for the project and did not go along. */
async function packagesOf(root: string, { language, here, with: along }: Sent): Promise<Packages | undefined> {
  const path = language === 'python' ? await environmentOf(root) : language === 'javascript' || language === 'typescript' ? 'node_modules' : undefined;
  if (path === undefined || along.some((each) => isBelow(join(root, path), each)) || !(await isThere(join(root, path)))) return undefined;
  const options = ['--with', shown(here, join(root, path))];
  return language === 'python' ? { what: `the packages of ${dirname(dirname(dirname(path)))}`, options: [...options, '--env', `PYTHONPATH=${path}`] } : { what: 'the packages of node_modules', options };
}

/** Where a virtual environment of Python has its packages. */
async function environmentOf(root: string): Promise<string | undefined> {
  for (const name of ['.venv', 'venv']) {
    const version = (await readdir(join(root, name, 'lib')).catch(() => [])).find((each) => each.startsWith('python'));
    if (version !== undefined) return join(name, 'lib', version, 'site-packages');
  }
  return undefined;
}

/** Arguments that name something on this machine, and nothing in the sandbox. */
async function fromArguments({ args, here, folder }: Sent): Promise<string[]> {
  const told: string[] = [];
  for (const arg of args) {
    const [path, inside] = [resolve(here, arg), resolve(folder, arg)];
    const goesAlong = !arg.startsWith(sep) && isBelow(inside, folder) && (await isThere(inside));
    if (goesAlong || !(await isThere(path))) continue;
    if (isBelow(path, folder)) told.push(`${arg} is ${shown(folder, path)} for the program, which started in a copy of the folder ${shown(here, folder)}`);
    else if (arg.includes(sep)) told.push(`${arg} did not go along; --folder sends a folder in which it and the program lie`);
  }
  return told;
}

/** The folder of the project around the one that went along; undefined if that is the whole. */
async function projectOf({ folder, here, home }: Sent): Promise<string | undefined> {
  if (await isMarked(folder)) return undefined;
  for (let at = dirname(folder); at !== home && at !== dirname(at); at = dirname(at)) if (await isMarked(at)) return at;
  return folder !== here && isBelow(folder, here) && here !== home ? here : undefined;
}

async function isMarked(folder: string): Promise<boolean> {
  const found = await Promise.all(MARKS.map((name) => isThere(join(folder, name))));
  return found.includes(true);
}

const isBelow = (path: string, root: string): boolean => path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
const shown = (from: string, path: string): string => relative(from, path) || '.';
