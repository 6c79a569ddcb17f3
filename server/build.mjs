/** Bundles the daemon, `codebeaker/protocol` and the VS Code extension. Types come from tsconfig.types.json. */
import { build } from 'esbuild';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { notices } from './scripts/notices.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'server/dist');
const { version } = JSON.parse(await readFile(join(root, 'server/package.json'), 'utf8'));

/** Names stay whole: stack traces are read by people. */
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  metafile: true,
  write: false,
};

/**
 * What dockerode wants for Docker over ssh and for BuildKit, and loads even when nobody uses either.
 * CodeBeaker does not, and without them dockerode loads in a quarter of the time.
 */
const unused = ['ssh2', '@grpc/grpc-js', '@grpc/proto-loader', 'protobufjs', 'tar-fs', '@balena/dockerignore'];

const leaveOut = {
  name: 'leave-out',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[^.]/ }, ({ path }) => (unused.includes(path) ? { path, namespace: 'unused' } : undefined));
    onLoad({ filter: /.*/, namespace: 'unused' }, ({ path }) => ({
      contents: `function absent() { throw new Error('${path} is not a part of CodeBeaker'); }
        module.exports = new Proxy(absent, { get: () => absent });`,
    }));
  },
};

/** dockerode, execa and whatever else is imported with `import()` stay files of their own, read when asked for. */
const daemon = build({
  ...common,
  entryPoints: { main: 'server/src/main.ts' },
  outdir: dist,
  format: 'esm',
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  define: { __VERSION__: JSON.stringify(version) },
  loader: { '.node': 'empty' },
  external: ['cpu-features', 'deno'],
  plugins: [leaveOut],
});

const protocol = build({
  ...common,
  entryPoints: { protocol: 'server/src/protocol/index.ts' },
  outdir: dist,
  format: 'esm',
});

const extension = build({
  ...common,
  entryPoints: { extension: 'client-vscode/src/extension.ts' },
  outdir: join(root, 'client-vscode/dist'),
  format: 'cjs',
  external: ['vscode'],
});

/**
 * CommonJS dependencies call `require`, which an ES module has not got. esbuild's own helper is the one place
 * that looks for it, so the one file that holds the helper is the one that gets it.
 */
function lendRequire(text) {
  if (!text.includes('Dynamic require of')) return text;
  return `import{createRequire}from"node:module";const require=createRequire(import.meta.url);\n${text}`;
}

/** Files are replaced one by one, so that a daemon can start from the folder meanwhile. */
async function write({ outputFiles }) {
  for (const { path, text } of outputFiles) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, lendRequire(text));
  }
}

async function removeStale(folder, { outputFiles }) {
  const current = new Set(outputFiles.map(({ path }) => basename(path)));
  for (const name of await readdir(folder).catch(() => [])) {
    if (!current.has(name)) await rm(join(folder, name));
  }
}

/** The extension carries the daemon. It is an ES module in a package that is none. */
async function lendDaemon() {
  const target = join(root, 'client-vscode/dist/daemon');
  await rm(target, { recursive: true, force: true });
  for (const name of ['main.js', 'chunks', 'NOTICES.txt']) await cp(join(dist, name), join(target, name), { recursive: true });
  await writeFile(join(target, 'package.json'), '{ "type": "module" }\n');
}

/** esbuild has said what is wrong. */
const results = await Promise.all([daemon, protocol, extension]).catch(() => process.exit(1));
for (const result of results) await write(result);
await removeStale(join(dist, 'chunks'), results[0]);
await writeFile(join(dist, 'NOTICES.txt'), await notices(root, results));
await lendDaemon();
