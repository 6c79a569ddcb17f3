/**
 * Writes the protocol's language ids into package.json, in each `when` clause on a language and in the activation events,
 * and into package.nls.json. VS Code decides about menus before the extension is active, so a clause cannot refer to a list that the extension
 * sets (`resourceLangId in codebeaker.languages`), and the manifest has no constants.
 */
import { languageIds } from 'codebeaker/protocol';
import { readFile, writeFile } from 'node:fs/promises';
import { debuggableLanguages } from '../src/debug/languages.ts';
import { fileURLToPath } from 'node:url';

const file = new URL('../package.json', import.meta.url);
const textFile = new URL('../package.nls.json', import.meta.url);

/**
 * @param manifest the text of package.json, in which a new clause may have any expression, as in `resourceLangId =~ /./`
 * @param debuggable the languages that can be debugged: those of the clauses of `codebeaker.debug`, of breakpoints and of the debugger
 */
export function withLanguages(manifest: string, ids: readonly string[], debuggable: readonly string[]): string {
  const others = [...manifest.matchAll(/"(on(?!Language:)\w+:[^"]+)",?\n/g)].map(([, event]) => event);
  const events = [...ids.map((id) => `onLanguage:${id}`), ...others].map((event) => `\n    ${JSON.stringify(event)}`);
  return manifest
    .replace(/"activationEvents": \[[^\]]*\]/, `"activationEvents": [${events.join(',')}\n  ]`)
    .replace(/LangId =~ \/[^/]*\//g, `LangId =~ /^(${ids.join('|')})$/`)
    .replace(/"command": "codebeaker\.debug", .*/g, (line) => line.replace(/LangId =~ \/[^/]*\//g, `LangId =~ /^(${debuggable.join('|')})$/`))
    .replace(/"breakpoints": \[[^\]]*\]/, `"breakpoints": [${debuggable.map((language) => `{ "language": ${JSON.stringify(language)} }`).join(', ')}]`)
    .replace(/("languages": |"language": \{ "type": "string", "enum": )\["[^\]]*\]/g, (_, name: string) => `${name}[${debuggable.map((id) => JSON.stringify(id)).join(', ')}]`);
}

/** @param texts the text of package.nls.json, which lists the ids where it explains the setting `codebeaker.languages` */
export function textsWithLanguages(texts: string, ids: readonly string[]): string {
  return texts.replace(/language ids \([^)]*\)/, `language ids (${ids.map((id) => `\`${id}\``).join(', ')})`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(file, withLanguages(await readFile(file, 'utf8'), languageIds, debuggableLanguages));
  await writeFile(textFile, textsWithLanguages(await readFile(textFile, 'utf8'), languageIds));
}
