/** What is shipped: the daemon starts without what it may never need, and clients get types and values. */
import { expect } from 'chai';
import { errorCodes, SessionCreate, type ParamsOf, type Session } from 'codebeaker/protocol';
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const server = new URL('../server/', import.meta.url);

/** The texts of a file and of all that it imports without being asked. */
function eager(file: URL, seen = new Map<string, string>()): Map<string, string> {
  if (seen.has(file.href)) return seen;
  const text = readFileSync(file, 'utf8');
  seen.set(file.href, text);
  for (const [, name = ''] of text.matchAll(/(?:^|[;}\s])(?:import|export)\b[^;'"()]*["'](\.[^"']+)["']/g)) eager(new URL(name, file), seen);
  return seen;
}

describe('the build', () => {
  it('starts without dockerode, execa, the OpenRPC document and the languages of zod', () => {
    const serving = readdirSync(new URL('dist/chunks', server)).filter((name) => name.startsWith('serve-'));
    const files = ['dist/main.js', ...serving.map((name) => `dist/chunks/${name}`)];
    const text = files.flatMap((file) => [...eager(new URL(file, server)).values()]).join('\n');
    for (const [what, mark] of Object.entries({
      dockerode: 'node_modules/dockerode/',
      execa: 'execaSync',
      openrpc: 'paramStructure',
      zod: 'Ongeldige',
    })) {
      expect(text.includes(mark), what).to.equal(false);
    }
  });

  it('has a launcher that can be run', () => {
    accessSync(fileURLToPath(new URL('bin/codebeaker.js', server)), constants.X_OK);
  });

  it('gives clients types and values', () => {
    const params: ParamsOf<typeof SessionCreate> = { language: 'python' };
    const warm = (session: Session): boolean => session.warm;
    expect([SessionCreate.name, errorCodes.SessionNotFound, params.language, warm.length]).to.deep.equal(['session/create', 1001, 'python', 1]);
  });
});
