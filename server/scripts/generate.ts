/** Makes PROTOCOL.md, openrpc.json, the JSON Schema of the configuration, and the tags of Neovim's help. Run as a program, it also writes them. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { configSchema } from '../src/protocol/config-schema.ts';
import { openrpc } from '../src/protocol/openrpc.ts';
import { helpTags } from './help-tags.ts';
import { protocolMarkdown } from './markdown.ts';

const root = new URL('../../', import.meta.url);

/** The names of the files → their texts. */
export async function generate(): Promise<Record<string, string>> {
  const { version } = JSON.parse(await readFile(new URL('server/package.json', root), 'utf8')) as { version: string };
  const help = await readFile(new URL('client-nvim/doc/codebeaker.txt', root), 'utf8');
  const prose = await readFile(new URL('protocol.prose.md', import.meta.url), 'utf8');
  return {
    'PROTOCOL.md': protocolMarkdown(prose),
    'openrpc.json': `${JSON.stringify(openrpc(version), null, 2)}\n`,
    'server/codebeaker.schema.json': `${JSON.stringify(configSchema(), null, 2)}\n`,
    'client-nvim/doc/tags': helpTags('codebeaker.txt', help),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of Object.entries(await generate())) await writeFile(new URL(name, root), text);
}
