/** Bundles the daemon, the package `codebeaker/protocol` and the VS Code extension. tsconfig.types.json is for their types. */
import { build, transform } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { documents } from './scripts/documents.mjs';
import { notices } from './scripts/notices.mjs';
import { concatenate, fromRoot, withMap } from './scripts/source-maps.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'server/dist');
const { version } = JSON.parse(await readFile(join(root, 'server/package.json'), 'utf8'));

/** Names are not minified, so that people can read stack traces. */
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
 * Packages that dockerode always loads, but needs only for its own ssh connections and for BuildKit. CodeBeaker uses
 * neither, and without these packages dockerode loads in a quarter of the time.
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

/** Everything that is imported with `import()`, such as dockerode, becomes a separate file, which is read when it is needed. */
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

/** What understands TypeScript inside a sandbox, in every version of Node that people's images have. */
const typescript = build({
  ...common,
  entryPoints: { loader: 'server/typescript/loader.ts', deno: 'server/typescript/deno.ts', translator: 'server/typescript/translator.ts' },
  outdir: join(dist, 'typescript'),
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  target: 'node18',
  // The stack of an error in a program names it like a part of the runtime, and does not lead to a file of ours.
  footer: { js: '//# sourceURL=node:internal/modules/typescript' },
}).then(withoutLines);

/** Node shows the line of code that throws what nobody catches, unless the line has this text. Most of the loader is one line, and what is wrong is in the program. */
function withoutLines(result) {
  return { ...result, outputFiles: result.outputFiles.map(({ path, text }) => ({ path, text: text.replace(/^"use strict";/, '$&/* node-do-not-add-exception-line */') })) };
}

/** The thread in which code is scanned. */
const scanner = build({
  ...common,
  entryPoints: { thread: 'server/src/scan/thread.ts' },
  outdir: join(dist, 'scan'),
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
});

/** What is put into a sandbox to debug programs in Node there, in every version of Node that people's images have. */
const nodeBridge = build({
  ...common,
  entryPoints: { 'node-bridge': 'server/src/debug/node-bridge/main.ts' },
  outdir: join(dist, 'debug'),
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  target: 'node18',
  // To the debugger it is a part of the runtime, as nobody wants to see it there.
  footer: { js: '//# sourceURL=node:internal/codebeaker/debug' },
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
  // The source map is only for debugging and is not shipped.
  sourcemap: 'linked',
});

/**
 * Wraps each file of the daemon in a function. `cli/launch.ts` loads these faster than Node loads modules. The files that
 * every start needs become one file with a table of functions; each of the others stays a file.
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

/** The output files of esbuild, each with its source map. */
function modulesOf(outputFiles) {
  const texts = new Map(outputFiles.map(({ path, text }) => [path, text]));
  return [...texts].filter(([path]) => !path.endsWith('.map')).map(([path, text]) => ({ path, text, map: texts.get(`${path}.map`) }));
}

/** The files that the entries import, directly or through others, without those that are imported only with `import()`. */
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

/** Overwrites the files one by one and does not empty the folder first, so that a daemon can start from it in the meantime. */
async function write({ outputFiles }) {
  for (const { path, text } of outputFiles) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

/** What a daemon that listens serves below /docs. The extension's daemon has none of it: an editor shows no pages. */
async function writeDocuments() {
  const pages = await documents();
  const index = pages.map(({ name, title }) => ({ name, title }));
  const files = [{ path: 'index.json', text: JSON.stringify(index) }, ...pages.map(({ name, html }) => ({ path: `${name}.html`, text: html }))];
  const folder = join(dist, 'docs');
  await write({ outputFiles: files.map(({ path, text }) => ({ path: join(folder, path), text })) });
  await removeStale(folder, { outputFiles: files });
}

async function removeStale(folder, { outputFiles }) {
  const current = new Set(outputFiles.map(({ path }) => basename(path)));
  for (const name of await readdir(folder).catch(() => [])) {
    if (!current.has(name)) await rm(join(folder, name));
  }
}

/** Copies the daemon into the extension, which is shipped with it. */
async function copyDaemon() {
  const target = join(root, 'client-vscode/dist/daemon');
  await rm(target, { recursive: true, force: true });
  for (const name of ['start.cjs', 'start.cjs.map', 'chunks', 'agent', 'typescript', 'scan', 'debug', 'NOTICES.txt']) await cp(join(dist, name), join(target, name), { recursive: true });
  await cp(join(root, 'server/codebeaker.schema.json'), join(root, 'client-vscode/dist/codebeaker.schema.json'));
  for (const end of ['', '.map']) await cp(join(dist, `main.cjs${end}`), join(target, `main.js${end}`));
  await writeFile(join(target, 'package.json'), '{ "type": "commonjs" }\n');
}

/** If a build fails, esbuild has already printed the errors. */
const results = await Promise.all([daemon, protocol, extension, typescript, scanner, nodeBridge]).catch(() => process.exit(1));
for (const result of results) await write(result);
await removeStale(join(dist, 'chunks'), results[0]);
await writeFile(join(dist, 'NOTICES.txt'), await notices(root, results, ['node_modules/oxc-transform']));
// The agents are program files, which stay executable.
await cp(join(root, 'server/agent/bin'), join(dist, 'agent'), { recursive: true });
await cp(join(root, 'node_modules/oxc-transform/transform.wasm32-wasip1.wasm'), join(dist, 'typescript/transform.wasm'));
for (const grammar of ['', '-python', '-javascript', '-typescript', '-tsx', '-go', '-c-sharp', '-ruby', '-bash']) {
  await cp(join(root, `node_modules/@vscode/tree-sitter-wasm/wasm/tree-sitter${grammar}.wasm`), join(dist, `scan/tree-sitter${grammar}.wasm`));
}
await copyDaemon();
await writeDocuments();
// The command itself knows its manual page.
await writeFile(join(dist, 'codebeaker.1'), execFileSync(process.execPath, [join(root, 'server/bin/codebeaker.js'), 'man']));
