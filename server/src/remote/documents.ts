/** The pages below /docs that are made from the documents when CodeBeaker is built. An installation without them, as that of an editor's extension, has none. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Seen from the bundle, and from this file. */
const places = ['../docs/', '../../dist/docs/'];

export interface DocumentPage {
  /** It is served at /docs/NAME. */
  readonly name: string;
  readonly title: string;
  /** @throws where the file can't be read */
  html(): Promise<string>;
}

export function documentPages(): DocumentPage[] {
  const index = indexFile();
  if (index === undefined) return [];
  const pages = JSON.parse(readFileSync(index, 'utf8')) as { name: string; title: string }[];
  return pages.map(({ name, title }) => ({ name, title, html: () => readFile(join(dirname(index), `${name}.html`), 'utf8') }));
}

function indexFile(): string | undefined {
  const here = createRequire(import.meta.url);
  for (const place of places) {
    try {
      return here.resolve(`${place}index.json`);
    } catch {
      // It may be in the next place.
    }
  }
  return undefined;
}
