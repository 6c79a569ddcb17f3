/** setuptools and wheel, with which most packages of Python are built, as wheels: they are those of Debian. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Distribution, wheel } from './pypi.ts';

const WHEELS = '/usr/share/python-wheels';
const INSTALLED = '/usr/lib/python3/dist-packages';
/** How setuptools finds what makes a wheel. */
const COMMANDS = '[distutils.commands]\nbdist_wheel = wheel.bdist_wheel:bdist_wheel\n';

/** undefined: this machine does not have them. */
export function buildTools(): [Distribution, Distribution] | undefined {
  const file = namesIn(WHEELS).find((name) => name.startsWith('setuptools-'));
  const info = namesIn(INSTALLED).find((name) => /^wheel-[\d.]+\.(?:egg|dist)-info$/.test(name));
  if (file === undefined || info === undefined) return undefined;
  const version = info.replace(/^wheel-|\.\w+-info$/g, '');
  const files = Object.fromEntries(sourcesBelow('wheel').map((path) => [path, readFileSync(join(INSTALLED, path))]));
  return [
    { project: 'setuptools', file, body: readFileSync(join(WHEELS, file)) },
    wheel('wheel', version, { files: { ...files, [`wheel-${version}.dist-info/entry_points.txt`]: COMMANDS } }),
  ];
}

const namesIn = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);

function sourcesBelow(folder: string): string[] {
  return readdirSync(join(INSTALLED, folder), { withFileTypes: true })
    .flatMap((each) => (each.isDirectory() ? sourcesBelow(join(folder, each.name)) : each.name.endsWith('.py') ? [join(folder, each.name)] : []));
}
