/** @anthropic-ai/sandbox-runtime as a library, which runs each command in bubblewrap. It is installed only for this run. */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PACKAGE = '@anthropic-ai/sandbox-runtime';

export interface SandboxRuntime {
  readonly version: string;
  run(command: string): Promise<string>;
  close(): Promise<void>;
}

interface Module {
  SandboxManager: {
    initialize(config: object): Promise<void>;
    wrapWithSandbox(command: string): Promise<string>;
    cleanupAfterCommand(): void;
    reset(): Promise<void>;
  };
}

/** @throws Error that says why it cannot be used on this machine */
export async function sandboxRuntime(folder: string): Promise<SandboxRuntime> {
  const home = join(folder, 'sandbox-runtime');
  mkdirSync(home);
  writeFileSync(join(home, 'package.json'), '{}');
  await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', PACKAGE], { cwd: home });
  const at = join(home, 'node_modules', PACKAGE);
  const { version } = (await import(pathToFileURL(join(at, 'package.json')).href, { with: { type: 'json' } })).default as { version: string };
  const { SandboxManager } = (await import(pathToFileURL(join(at, 'dist/index.js')).href)) as Module;
  await SandboxManager.initialize({
    network: { allowedDomains: [], deniedDomains: [] },
    filesystem: { denyRead: [], allowWrite: [home], denyWrite: [] },
  });
  return {
    version,
    run: async (command) => {
      const wrapped = await SandboxManager.wrapWithSandbox(command);
      const { stdout } = await run('sh', ['-c', wrapped], { cwd: home });
      SandboxManager.cleanupAfterCommand();
      return stdout;
    },
    close: () => SandboxManager.reset(),
  };
}
