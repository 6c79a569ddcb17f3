/** Collects the texts that people see from the sources into l10n/bundle.l10n.json, for translators. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('..', import.meta.url));
const texts = new Set();
for (const entry of await readdir(join(folder, 'src'), { recursive: true, withFileTypes: true })) {
  if (!entry.name.endsWith('.ts')) continue;
  const source = await readFile(join(entry.parentPath, entry.name), 'utf8');
  for (const [, text] of source.matchAll(/l10n\.t\(\s*'((?:[^'\\]|\\.)*)'/g)) texts.add(text.replace(/\\(.)/g, '$1'));
}
await mkdir(join(folder, 'l10n'), { recursive: true });
await writeFile(join(folder, 'l10n/bundle.l10n.json'), `${JSON.stringify(Object.fromEntries([...texts].sort().map((text) => [text, text])), undefined, 2)}\n`);
