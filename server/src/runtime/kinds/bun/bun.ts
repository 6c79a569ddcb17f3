/** The runtime `bun`, which runs Bun in bubblewrap. Bun has no permissions of its own, so without bubblewrap the runtime is unavailable. */
import { arch, platform } from 'node:os';
import { type LanguageId, languages } from '../../../protocol/index.ts';
import { findPackaged } from '../../machine/packaged.ts';
import type { Tools } from '../../languages.ts';
import { nativeIsolation } from '../native/isolation.ts';
import { expectedIsolation } from '../native/native.ts';
import { type NativeKind, type NativeOptions, NativeRuntime } from '../native/runtime.ts';
import type { Toolchain } from '../../ports.ts';

/** Where Bun is inside. */
const FOLDER = '/opt/bun';
const bunLanguages: readonly LanguageId[] = ['javascript', 'typescript'];

/** `searchPath` is the daemon's PATH. */
export function createBunRuntime(searchPath: string | undefined, options: NativeOptions): NativeRuntime {
  return new NativeRuntime(bun(searchPath), options);
}

function bun(searchPath: string | undefined): NativeKind {
  return {
    id: 'bun',
    languages: bunLanguages,
    isolation: expectedIsolation,
    startup: { coldMs: 20, warmMs: 12 },
    memoryBytes: 2 * 1024 * 1024,
    version: ([language]) => language?.version,
    hint: 'npm install bun, or put a bun on PATH',
    async equip() {
      const binary = await findBun(searchPath);
      if (binary === undefined) throw new Error('there is no bun on this host');
      return { binds: [[binary, `${FOLDER}/bun`]], path: [FOLDER], findToolchain, isolation: nativeIsolation };
    },
  };
}

/**
 * The npm package puts the program into bin/bun.exe on every system when its installation script runs. Where npm runs no
 * scripts, the program is still in the package for this system.
 */
function findBun(searchPath: string | undefined): Promise<string | undefined> {
  const native = `@oven/bun-${platform()}-${arch() === 'arm64' ? 'aarch64' : arch()}`;
  const files = [{ package: 'bun', file: 'bin/bun.exe' }, { package: native, through: 'bun', file: 'bin/bun' }];
  return findPackaged({ name: 'bun', files }, searchPath);
}

function findToolchain(language: LanguageId, tools: Tools): Promise<Toolchain | undefined> {
  return Promise.resolve(!bunLanguages.includes(language) ? undefined : {
    extension: languages[language].extensions[0],
    version: () => tools.version(['bun', '--version']),
    phases: (file, args) => [{ name: 'run', command: ['bun', 'run', file, ...args], env: { DO_NOT_TRACK: '1' } }],
    warmUp: undefined,
    minds: 'extension',
  });
}
