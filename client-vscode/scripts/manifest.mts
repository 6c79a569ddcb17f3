/**
 * Writes the protocol's language ids into package.json: into each `when` clause on a language and into the activation
 * events. VS Code decides about menus before the extension is active, so a clause cannot refer to a list that the extension
 * sets (`resourceLangId in codebeaker.languages`), and the manifest has no constants.
 */
import { languageIds } from 'codebeaker/protocol';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const file = new URL('../package.json', import.meta.url);

/** @param manifest the text of package.json, in which a new clause may have any expression, as in `resourceLangId =~ /./` */
export function withLanguages(manifest: string, ids: readonly string[]): string {
  const others = [...manifest.matchAll(/"(on(?!Language:)\w+:[^"]+)",?\n/g)].map(([, event]) => event);
  const events = [...ids.map((id) => `onLanguage:${id}`), ...others].map((event) => `\n    ${JSON.stringify(event)}`);
  return manifest
    .replace(/"activationEvents": \[[^\]]*\]/, `"activationEvents": [${events.join(',')}\n  ]`)
    .replace(/LangId =~ \/[^/]*\//g, `LangId =~ /^(${ids.join('|')})$/`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(file, withLanguages(await readFile(file, 'utf8'), languageIds));
