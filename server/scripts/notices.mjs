/** Collects the licences of the packages that are in the bundles. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

/** `copied` are packages of which a file is copied as it is. */
export async function notices(root, builds, copied) {
  const inputs = builds.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  const packages = new Set([...copied, ...inputs.flatMap((input) => folder.exec(input)?.[0] ?? [])]);
  const texts = await Promise.all([...packages].sort().map((path) => notice(join(root, path))));
  return `The bundles contain parts of these packages.\n\n${texts.join('\n\n')}\n`;
}

async function notice(path) {
  const { name, version, license } = JSON.parse(await readFile(join(path, 'package.json'), 'utf8'));
  const file = (await readdir(path)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? await readFile(join(path, file), 'utf8') : '';
  return `## ${name} ${version} (${license})\n\n${text.trim()}`;
}
