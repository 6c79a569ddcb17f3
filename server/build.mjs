/** Bundles the daemon, `codebeaker/protocol` and the VS Code extension. Types come from tsconfig.types.json. */
import { build, transform } from 'esbuild';
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { notices } from './scripts/notices.mjs';
import { concatenate, fromRoot, withMap } from './scripts/source-maps.mjs';

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
  sourcesContent: false,
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
  sourcemap: 'external',
  external: ['cpu-features', 'deno'],
  plugins: [leaveOut],
}).then(asFunctions);

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
  // For the debugger alone: it is not shipped.
  sourcemap: 'linked',
});

/**
 * The files of the daemon become functions for `cli/launch.ts`, which loads them faster than Node loads modules: what
 * every start needs as a table of functions in one file, the rest one by one.
 */
async function asFunctions({ outputFiles, metafile }) {
  const starts = filesOfStart(metafile.outputs, ['server/src/main.ts', 'server/src/cli/serve.ts']);
  const code = await Promise.all(modulesOf(outputFiles).map(async (module) => ({ path: module.path, ...(await asFunction(module)) })));
  const isStart = ({ path }) => starts.has(basename(path));
  const table = code.filter(isStart).flatMap(({ path, pieces }) => [`${JSON.stringify(basename(path))}:`, ...pieces, ',\n']);
  const files = [
    { path: join(dist, 'start.cjs'), pieces: ['({', ...table, '})'] },
    ...code.filter((each) => !isStart(each)).map(({ path, pieces }) => ({ path, pieces: ['(', ...pieces, ')'] })),
  ].map(({ path, pieces }) => ({ path, ...concatenate(pieces) }));
  const id = createHash('sha256').update(files[0].text).digest('hex');
  const launcher = await build({
    ...common,
    entryPoints: { main: 'server/src/cli/launch.ts' },
    outdir: dist,
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    define: { __BUILD__: JSON.stringify(id) },
    sourcemap: 'external',
  });
  const main = modulesOf(launcher.outputFiles).map(({ path, text, map }) => ({ path, text, map: fromRoot(map, path, root) }));
  const maps = [...files, ...main].map(({ path, map }) => ({ path: `${path}.map`, text: JSON.stringify({ ...map, debugId: id }) }));
  return { metafile, outputFiles: [...files, ...main, ...maps] };
}

/** The files that esbuild has made, each with its map. */
function modulesOf(outputFiles) {
  const texts = new Map(outputFiles.map(({ path, text }) => [path, text]));
  return [...texts].filter(([path]) => !path.endsWith('.map')).map(([path, text]) => ({ path, text, map: texts.get(`${path}.map`) }));
}

/** What the entries import, without what they import only with `import()`. */
function filesOfStart(outputs, entries) {
  const found = new Set();
  const visit = (path) => {
    if (found.has(basename(path))) return;
    found.add(basename(path));
    for (const { path: imported, kind, external } of outputs[path].imports) if (kind === 'import-statement' && !external) visit(imported);
  };
  for (const [path, { entryPoint }] of Object.entries(outputs)) if (entries.includes(entryPoint)) visit(path);
  return found;
}

async function asFunction({ path, text, map }) {
  const result = await transform(withMap(text, map), {
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': '__filename' },
    minifyWhitespace: true,
    legalComments: 'none',
    sourcemap: 'external',
    sourcesContent: false,
  });
  return { pieces: ['function(exports,require,module,__filename){', { text: result.code, map: fromRoot(result.map, path, root) }, '}'] };
}

/** Files are replaced one by one, so that a daemon can start from the folder meanwhile. */
async function write({ outputFiles }) {
  for (const { path, text } of outputFiles) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

async function removeStale(folder, { outputFiles }) {
  const current = new Set(outputFiles.map(({ path }) => basename(path)));
  for (const name of await readdir(folder).catch(() => [])) {
    if (!current.has(name)) await rm(join(folder, name));
  }
}

/** The extension carries the daemon. */
async function lendDaemon() {
  const target = join(root, 'client-vscode/dist/daemon');
  await rm(target, { recursive: true, force: true });
  for (const name of ['start.cjs', 'start.cjs.map', 'chunks', 'NOTICES.txt']) await cp(join(dist, name), join(target, name), { recursive: true });
  for (const end of ['', '.map']) await cp(join(dist, `main.cjs${end}`), join(target, `main.js${end}`));
  await writeFile(join(target, 'package.json'), '{ "type": "commonjs" }\n');
}

/** esbuild has said what is wrong. */
const results = await Promise.all([daemon, protocol, extension]).catch(() => process.exit(1));
for (const result of results) await write(result);
await removeStale(join(dist, 'chunks'), results[0]);
await writeFile(join(dist, 'NOTICES.txt'), await notices(root, results));
await lendDaemon();
