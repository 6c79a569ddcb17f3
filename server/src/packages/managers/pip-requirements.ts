/** Reads files of requirements as pip does, follows them inside the workspace, and refuses what no registry has. */
import { posix } from 'node:path';
import { invalidParam } from '../../protocol/index.ts';
import type { Manifest } from '../ports.ts';
import { pipFault } from './pip-names.ts';

type Read = (path: string) => Promise<Buffer | undefined>;

const MAX_FILES = 64;
const WORKSPACE = '/workspace/';

/** Options that say nothing about where packages come from. */
const taken: ReadonlySet<string> = new Set(['--no-binary', '--only-binary', '--prefer-binary', '--pre', '--require-hashes']);

/** @throws ProtocolError InvalidParams */
export async function gatherRequirements(path: string, first: Buffer, read: Read): Promise<Manifest> {
  const files = new Map([[path, first]]);
  const toRead = [path];
  for (let file = toRead.pop(); file !== undefined; file = toRead.pop()) {
    for (const other of leadsTo(file, textOf(files.get(file) ?? Buffer.alloc(0)))) {
      if (files.has(other.path)) continue;
      if (files.size === MAX_FILES) throw refused(`the requirements are in more than ${MAX_FILES} files`);
      const contents = await read(other.path);
      if (!contents) throw refused(`${other.place}: there is no file ${short(other.path)}`);
      files.set(other.path, contents);
      toRead.push(other.path);
    }
  }
  return { path, files };
}

/** Whether every requirement has a hash. Then pip installs nothing else. */
export function hasHashes({ files }: Manifest): boolean {
  const lines = [...files.values()].flatMap((contents) => linesOf(textOf(contents))).map(({ text }) => text).filter((text) => !text.startsWith('-'));
  return lines.length > 0 && lines.every((text) => /\s--hash[= ]/.test(text));
}

/** The other files that a file names. @throws ProtocolError InvalidParams */
function leadsTo(file: string, text: string): { path: string; place: string }[] {
  return linesOf(text).flatMap(({ text: line, number }) => {
    const place = `${short(file)}, line ${number}`;
    const option = /^(--?[A-Za-z-]+)[=\s]*(.*)$/.exec(line);
    const short2 = /^-([rc])\s*(.*)$/.exec(line);
    const named = short2?.[2] ?? (option && ['--requirement', '--constraint'].includes(option[1] ?? '') ? option[2] : undefined);
    if (named !== undefined) return [{ path: inside(file, named.replace(/^(["'])(.*)\1$/, '$2'), place), place }];
    if (option) {
      if (taken.has(option[1] ?? '')) return [];
      throw refused(`${place}: ${option[1]} can't be used here. ${adviceFor(option[1] ?? '')}`);
    }
    const requirement = line.replaceAll(/\s--hash[= ]\s*\w+:[0-9a-fA-F]+/g, '').trim();
    const fault = pipFault(requirement);
    if (fault) throw refused(`${place}: ${requirement} ${fault}`);
    return [];
  });
}

function adviceFor(option: string): string {
  if (option.startsWith('-e') || option === '--editable') return 'The workspace itself needs no installation: its files are imported from where they are.';
  if (/^(?:-i|--index-url|--extra-index-url|--pypi-url|-f|--find-links|--no-index|--trusted-host)/.test(option)) {
    return "Packages come from the registries with which pip is set up on this machine, or that CodeBeaker's configuration names (packages.registries).";
  }
  return 'Remove it.';
}

function inside(file: string, named: string, place: string): string {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:/.test(named)) throw refused(`${place}: ${named} is an address; only files of the workspace are read`);
  const path = posix.resolve(posix.dirname(file), named);
  if (!path.startsWith(WORKSPACE)) throw refused(`${place}: ${named} is outside the workspace`);
  return path;
}

/** The lines that say something, as pip joins and strips them. */
export function linesOf(text: string): { text: string; number: number }[] {
  const lines: { parts: string[]; number: number }[] = [];
  let goesOn = false;
  for (const [index, raw] of text.split(/\r\n|\r|\n/).entries()) {
    const comment = raw.trimStart().startsWith('#');
    if (!goesOn) lines.push({ parts: [], number: index + 1 });
    goesOn = !comment && raw.endsWith('\\');
    if (!comment) lines.at(-1)?.parts.push(goesOn ? raw.slice(0, -1) : raw);
  }
  return lines.map(({ parts, number }) => ({ text: parts.join('').replace(/(?:^|\s)#.*$/s, '').trim(), number })).filter((line) => line.text !== '');
}

export function textOf(contents: Buffer): string {
  if (contents[0] === 0xff && contents[1] === 0xfe) return contents.subarray(2).toString('utf16le');
  return contents.toString('utf8').replace(/^\ufeff/, '');
}

const short = (path: string) => (path.startsWith(WORKSPACE) ? path.slice(WORKSPACE.length) : path);

function refused(message: string) {
  return invalidParam('manifest', message);
}
