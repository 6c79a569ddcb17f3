/** Packages what has been built as codebeaker.vsix. */
import { createVSIX } from '@vscode/vsce';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Of this, 1.1 MiB are the translator of TypeScript, 1.1 MiB the grammars with which code is scanned, and 0.2 MiB what sends traces to a collector. */
const MAX_BYTES = 4 * 1024 * 1024;

const folder = fileURLToPath(new URL('..', import.meta.url));
const file = fileURLToPath(new URL('../dist/codebeaker.vsix', import.meta.url));
await createVSIX({ cwd: folder, packagePath: file, dependencies: false, allowMissingRepository: true });
const { size } = await stat(file);
process.stdout.write(`${file}: ${Math.ceil(size / 1024)} KiB\n`);
if (size >= MAX_BYTES) {
  process.stderr.write(`It must be smaller than ${MAX_BYTES / 1024} KiB. Something was bundled that should not be.\n`);
  process.exitCode = 1;
}
