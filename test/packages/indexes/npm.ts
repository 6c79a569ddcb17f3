/** Makes npm packages, and the answers of a registry that has them. */
import { createHash } from 'node:crypto';
import type { Files } from './serve.ts';
import { targz } from './tar.ts';

export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  /** Default: index.js, which exports 42. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
}

export interface NpmParts {
  /** What stands before the names of tarballs, such as https://files.example/. */
  readonly tarballs: string;
  /** The path of the registry. Default: /. */
  readonly path?: string;
  readonly wrongHash?: boolean;
}

/** The packages' descriptions below `path`, and their tarballs at the root. */
export function npmRegistry(packages: readonly NpmPackage[], { tarballs, path = '/', wrongHash = false }: NpmParts): Files {
  const made: Files = new Map();
  for (const name of new Set(packages.map((each) => each.name))) {
    const versions: Record<string, object> = {};
    for (const { files = { 'index.js': 'module.exports = 42;\n' }, ...own } of packages.filter((each) => each.name === name)) {
      const manifest = { main: 'index.js', ...own };
      const body = targz({ 'package/package.json': JSON.stringify(manifest), ...Object.fromEntries(Object.entries(files).map(([file, text]) => [`package/${file}`, text])) });
      const file = `${name.replace('/', '-')}-${own.version}.tgz`;
      made.set(`/${file}`, { type: 'application/octet-stream', body });
      const integrity = `sha512-${createHash('sha512').update(wrongHash ? 'other' : body).digest('base64')}`;
      versions[own.version] = { ...manifest, hasInstallScript: own.scripts !== undefined, dist: { tarball: tarballs + file, integrity } };
    }
    const latest = Object.keys(versions).at(-1);
    made.set(path + name, { type: 'application/json', body: JSON.stringify({ name, 'dist-tags': { latest }, versions }) });
  }
  return made;
}
