/** Makes PROTOCOL.md, openrpc.json, the JSON Schema of the configuration, two pages of docs/, the tags of Neovim's help and the tables in THREATS.md. Run as a program, it also writes them. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { configSchema } from '../src/policy/config-schema.ts';
import { openrpc } from '../src/protocol/openrpc.ts';
import { holes, holesAsOf } from '../src/runtime/holes/table.ts';
import { configurationReference } from './configuration-reference.ts';
import { errorsPage } from './errors-page.ts';
import { helpTags } from './help-tags.ts';
import { protocolMarkdown } from './markdown.ts';
import { type Citation, citationsIn, type Section, threatsMarkdown } from './threats.ts';

const root = new URL('../../', import.meta.url);

/** The names of the files → their texts. */
export async function generate(): Promise<Record<string, string>> {
  const { version } = JSON.parse(await readFile(new URL('server/package.json', root), 'utf8')) as { version: string };
  const help = await readFile(new URL('client-nvim/doc/codebeaker.txt', root), 'utf8');
  const prose = await readFile(new URL('protocol.prose.md', import.meta.url), 'utf8');
  const threats = await readFile(new URL('server/THREATS.md', root), 'utf8');
  const failures = JSON.parse(await readFile(new URL('server/threats/failures.json', root), 'utf8')) as Section[];
  const config = configSchema();
  return {
    'PROTOCOL.md': protocolMarkdown(prose),
    'openrpc.json': `${JSON.stringify(openrpc(version), null, 2)}\n`,
    'server/codebeaker.schema.json': `${JSON.stringify(config, null, 2)}\n`,
    'docs/configuration-reference.md': configurationReference(config),
    'docs/errors.md': errorsPage(),
    'client-nvim/doc/tags': helpTags('codebeaker.txt', help),
    'server/THREATS.md': threatsMarkdown(threats, { holes, asOf: holesAsOf, sections: failures, citations: await citations() }),
  };
}

/** What the titles of all tests name, in the order of the files' paths. */
export async function citations(): Promise<Citation[]> {
  const files = await readdir(new URL('test', root), { recursive: true });
  const paths = files.filter((path) => path.endsWith('.ts')).map((path) => `test/${path}`).sort();
  return (await Promise.all(paths.map(async (path) => citationsIn(path, await readFile(new URL(path, root), 'utf8'))))).flat();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of Object.entries(await generate())) await writeFile(new URL(name, root), text);
}
