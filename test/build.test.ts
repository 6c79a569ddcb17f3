/** The build: a start of the daemon does not load what it may never need, and clients get types and values. */
import { expect } from 'chai';
import { errorCodes, SessionCreate, type ParamsOf, type Session } from 'codebeaker/protocol';
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { machines } from '../server/src/runtime/agent/binary.ts';
import { bundles, need } from './require.ts';

const server = new URL('../server/', import.meta.url);

interface SourceMap {
  readonly sections: readonly { readonly map: { readonly sources: readonly (string | null)[] } }[];
}

/** The files of the daemon in a bundle: each room, and the names in it. */
function oursIn({ sections }: SourceMap): Record<string, string> {
  const rooms: Record<string, Set<string>> = {};
  for (const path of sections.flatMap(({ map }) => map.sources)) {
    const [, room = '', name] = /(?:^|\/)server\/src\/(?:(.*)\/)?(.*)\.ts$/.exec(path ?? '') ?? [];
    if (name !== undefined) (rooms[room] ??= new Set()).add(name);
  }
  return Object.fromEntries(Object.entries(rooms).map(([room, names]) => [room, [...names].sort().join(' ')]));
}

describe('the build', () => {
  const marks: Record<string, string> = {
    dockerode: 'node_modules/dockerode/',
    'the OpenRPC document': 'paramStructure',
    'the languages of zod': 'Ongeldige',
    'what runtimes share': 'codebeaker-keeper',
    'the code of agents': 'agent-${',
    'the code of containers': 'nr_inodes',
    'the code of native sandboxes': '--unshare-pid',
    'the code of Deno': '--allow-env',
    'the code of Bun': 'DO_NOT_TRACK',
    'the audit log': 'the audit log is written again',
    'the handlers': 'session/execute":',
  };
  let start = '';
  before(need('the build', bundles));
  before(() => {
    start = readFileSync(new URL('dist/start.cjs', server), 'latin1');
  });

  for (const [what, mark] of Object.entries(marks)) {
    it(`starts without ${what}`, () => {
      expect(start.includes(mark)).to.equal(false);
    });
  }

  it('starts with these files of ours and no others, because each of them makes every start a little longer', () => {
    expect(oursIn(JSON.parse(readFileSync(new URL('dist/start.cjs.map', server), 'utf8')) as SourceMap)).to.deep.equal({
      '': 'main',
      base: 'clock digest forward home live log promises',
      cli: 'actions arguments connecting daemon ending exit-codes listening publish quantities reach remember runtimes serve table typed watch',
      events: 'events',
      network: 'address hosts',
      policy: 'bounds config-file defaults double-keys hosts own-folder packages policy quotas rates scan sizes',
      protocol: 'audit channels commands config debug debug-methods errors history index issues keeping-all languages later lifecycle method methods observation packages ports resume resume-methods scan secrets sessions usage values',
      runtime: 'ports',
      'runtime/choice': 'catalog choices late measurements',
      'runtime/kinds': 'table',
      'runtime/kinds/deno': 'remembered',
      'runtime/kinds/docker': 'kinds',
      serving: 'flow open',
      'serving/listeners': 'runtime-changed',
      state: 'file identity state',
      wire: 'alias client dispatch framed frames guard header in-flight inbound lifecycle lsp lua message outbound outlet requests rpc server stdout streams table trace validate valve weight',
    });
  });

  for (const name of ['child_process', 'crypto', 'fs/promises', 'http', 'https', 'v8', 'worker_threads']) {
    it(`starts without Node's ${name}`, () => {
      expect(start).not.to.match(new RegExp(`require\\("(?:node:)?${name}"\\)`));
    });
  }

  it('has a launcher that is executable', () => {
    accessSync(fileURLToPath(new URL('bin/codebeaker.js', server)), constants.X_OK);
  });

  for (const [whose, folder] of Object.entries({ 'the daemon': 'dist/', 'the extension': '../client-vscode/dist/daemon/' })) {
    it(`gives ${whose} the agents, where its code looks for them`, () => {
      const chunks = new URL(`${folder}chunks/`, server);
      const code = readdirSync(chunks).filter((name) => name.endsWith('.js'));
      const looking = code.filter((name) => readFileSync(new URL(name, chunks), 'utf8').includes('"../agent/"'));
      expect(looking).to.have.lengthOf(1);
      for (const machine of machines) {
        const path = createRequire(new URL(looking[0] as string, chunks)).resolve(`../agent/agent-${machine}`);
        accessSync(path, constants.X_OK);
        expect(readFileSync(path).equals(readFileSync(new URL(`agent/bin/agent-${machine}`, server)))).to.equal(true);
      }
    });
  }

  it('puts the bridge to Node into one file that needs nothing else, beside the daemon and in the extension', () => {
    const [own, shipped] = ['dist/debug/node-bridge.cjs', '../client-vscode/dist/daemon/debug/node-bridge.cjs'].map((path) => readFileSync(new URL(path, server), 'utf8'));
    expect(own).to.equal(shipped);
    const needed = [...(own ?? '').matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name);
    expect(needed).to.include('node:inspector');
    expect(needed.filter((name) => !name?.startsWith('node:'))).to.deep.equal([]);
  });

  it('has the documents that a daemon serves, and leaves them out of the extension', () => {
    const index = JSON.parse(readFileSync(new URL('dist/docs/index.json', server), 'utf8')) as { name: string }[];
    expect(readdirSync(new URL('dist/docs/', server)).sort()).to.deep.equal(['index.json', ...index.map(({ name }) => `${name}.html`)].sort());
    expect(readdirSync(new URL('../client-vscode/dist/daemon/', server))).not.to.include('docs');
  });

  it('gives clients types and values', () => {
    const params: ParamsOf<typeof SessionCreate> = { language: 'python' };
    const warm = (session: Session): boolean => session.warm;
    expect([SessionCreate.name, errorCodes.SessionNotFound, params.language, warm.length]).to.deep.equal(['session/create', 1001, 'python', 1]);
  });
});
