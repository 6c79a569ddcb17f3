/** How Deno runs a source file: the same toolchain with and without bubblewrap around it. */
import { type LanguageId, languages } from '../../../protocol/index.ts';
import type { Toolchain, WarmUp } from '../../ports.ts';

export const denoLanguages: readonly LanguageId[] = ['javascript', 'typescript'];

/**
 * undefined for a language that Deno does not run. The command is `deno run FILE ARGS...`, from which the sandbox makes
 * the real command line (`programOf` of command.ts).
 */
export function denoToolchain(language: LanguageId, version: string, warmUp: WarmUp | undefined): Toolchain | undefined {
  if (!denoLanguages.includes(language)) return undefined;
  return {
    extension: languages[language].extensions[0],
    version: () => Promise.resolve(version),
    phases: (file, args) => [{ name: 'run', command: ['deno', 'run', file, ...args], env: {} }],
    warmUp,
    minds: 'extension',
  };
}
