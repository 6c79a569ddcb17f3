/** Makes Go modules, and the answers of a proxy that has them. */
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

export function goProxy(modules: readonly GoModule[]): Files {
  const made: Files = new Map();
  const text = (body: string) => ({ type: 'text/plain; charset=utf-8', body });
  for (const { path, version, requires = {}, files } of modules) {
    const mod = `module ${path}\n\ngo 1.17\n${Object.entries(requires).map(([other, wanted]) => `require ${other} ${wanted}\n`).join('')}`;
    const own = files ?? { 'answer.go': `package ${path.split('/').at(-1)}\n\nfunc Answer() int { return 42 }\n` };
    const contents = Object.fromEntries(Object.entries({ 'go.mod': mod, ...own }).map(([name, body]) => [`${path}@${version}/${name}`, body]));
    made.set(`/${path}/@v/${version}.info`, { type: 'application/json', body: JSON.stringify({ Version: version, Time: '2026-01-01T00:00:00Z' }) });
    made.set(`/${path}/@v/${version}.mod`, text(mod));
    made.set(`/${path}/@v/${version}.zip`, { type: 'application/zip', body: zip(contents) });
    const list = modules.filter((each) => each.path === path).map((each) => `${each.version}\n`);
    made.set(`/${path}/@v/list`, text(list.join('')));
  }
  return made;
}
