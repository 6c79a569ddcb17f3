/** Makes Go modules, the answers of a proxy that has them, and their lines of go.sum. */
import { createHash } from 'node:crypto';
import type { Files } from './serve.ts';
import { zip } from './zip.ts';

export interface GoModule {
  readonly path: string;
  readonly version: string;
  /** Path → version. */
  readonly requires?: Readonly<Record<string, string>>;
  /** Default: one file with `Answer() int`, which is 42. */
  readonly files?: Readonly<Record<string, string>>;
}

/** The go.mod of a module, and all its files by their names in its zip. */
function contentsOf({ path, version, requires = {}, files }: GoModule): { readonly mod: string; readonly contents: Readonly<Record<string, string>> } {
  const mod = `module ${path}\n\ngo 1.17\n${Object.entries(requires).map(([other, wanted]) => `require ${other} ${wanted}\n`).join('')}`;
  const own = files ?? { 'answer.go': `package ${path.split('/').at(-1)}\n\nfunc Answer() int { return 42 }\n` };
  return { mod, contents: Object.fromEntries(Object.entries({ 'go.mod': mod, ...own }).map(([name, body]) => [`${path}@${version}/${name}`, body])) };
}

/** A go.sum as go writes it: the hash of a module is that of the list of its files with their hashes. */
export function goSum(modules: readonly GoModule[]): string {
  const hashOf = (files: Readonly<Record<string, string>>) => {
    const lines = Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, body]) => `${createHash('sha256').update(body).digest('hex')}  ${name}\n`);
    return `h1:${createHash('sha256').update(lines.join('')).digest('base64')}`;
  };
  return modules.map((each) => {
    const { mod, contents } = contentsOf(each);
    return `${each.path} ${each.version} ${hashOf(contents)}\n${each.path} ${each.version}/go.mod ${hashOf({ 'go.mod': mod })}\n`;
  }).join('');
}

export function goProxy(modules: readonly GoModule[]): Files {
  const made: Files = new Map();
  const text = (body: string) => ({ type: 'text/plain; charset=utf-8', body });
  for (const each of modules) {
    const { path, version } = each;
    const { mod, contents } = contentsOf(each);
    made.set(`/${path}/@v/${version}.info`, { type: 'application/json', body: JSON.stringify({ Version: version, Time: '2026-01-01T00:00:00Z' }) });
    made.set(`/${path}/@v/${version}.mod`, text(mod));
    made.set(`/${path}/@v/${version}.zip`, { type: 'application/zip', body: zip(contents) });
    const list = modules.filter((other) => other.path === path).map((other) => `${other.version}\n`);
    made.set(`/${path}/@v/list`, text(list.join('')));
  }
  return made;
}
