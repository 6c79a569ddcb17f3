/** How each language is run: for each a list of tools that can, of which the first that the sandbox has is taken (protocol section 8). */
import { type LanguageId, languages } from '../protocol/index.ts';
import type { WarmUp, Toolchain, ToolchainPhase } from './ports.ts';
import { dotnetPhases, dotnetPhasesFor, monoPhases, monoPhasesFor } from './toolchains/csharp.ts';
import { goDebugPhasesFor, goPhases, goPhasesFor } from './toolchains/go.ts';
import { shellPhases, shellPhasesFor } from './toolchains/shell.ts';
import { isAtLeast, type Version } from './versions.ts';
import { warmNode, warmPython, warmRuby, warmTypeScript } from './warm-up/interpreters.ts';
import { LOADER } from './typescript.ts';
import unbuffered from './unbuffered.rb' with { type: 'text' };

/** The questions that a sandbox answers about its tools. */
export interface Tools {
  /** Those of `names` that can be run as commands. */
  which(names: readonly string[]): Promise<ReadonlySet<string>>;
  /** The first version number that `command` prints. undefined: it prints none. */
  version(command: readonly string[]): Promise<string | undefined>;
}

/** One way to run a language. */
interface Candidate {
  /** The commands that it needs; the first one is what versions are about. */
  readonly tools: readonly string[];
  /** The oldest version of the first tool that will do. Absent: any. */
  readonly atLeast?: Version;
  /** The argument that makes the first tool print its version, by default --version. Empty: it has none. */
  readonly versionFlag?: string;
  readonly warmUp?: WarmUp;
  readonly minds?: Toolchain['minds'];
  readonly phases: Toolchain['phases'];
  /** As in Toolchain. `version`: that of the first tool; '' where nothing depends on it. */
  phasesFor?(tools: Tools, version: string): Toolchain['phasesFor'];
  readonly debugPhasesFor?: Toolchain['debugPhasesFor'];
}

const run = (command: readonly string[], env = {}): ToolchainPhase => ({ name: 'run', command, env });

const interpreter = (command: readonly string[], more: Partial<Candidate> = {}): Candidate => ({
  tools: [command[0] as string],
  phases: (file, args) => [run([...command, file, ...args])],
  ...more,
});

const minds = 'extension';
const deno = interpreter(['deno', 'run', '--no-prompt', '--allow-all'], { minds });
const bun = interpreter(['bun'], { minds });

const candidates: Record<LanguageId, readonly Candidate[]> = {
  // -u turns buffering off, so that output arrives while the program runs.
  python: [interpreter(['python3', '-u'], { warmUp: warmPython }), interpreter(['python', '-u'], { warmUp: warmPython })],
  // The loader for TypeScript understands JSX, too.
  javascript: [
    interpreter(['node'], { warmUp: warmNode, minds, phases: (file, args) => [run(['node', ...(file.endsWith('.jsx') ? [`--require=${LOADER}`] : []), file, ...args])] }),
    deno,
    bun,
  ],
  typescript: [
    interpreter(['node', `--require=${LOADER}`], { atLeast: [22, 18], warmUp: warmTypeScript, minds }),
    deno,
    bun,
  ],
  go: [
    {
      tools: ['go'],
      versionFlag: 'version',
      minds,
      phases: goPhases,
      phasesFor: () => goPhasesFor,
      debugPhasesFor: goDebugPhasesFor,
    },
  ],
  csharp: [
    {
      tools: ['dotnet'],
      atLeast: [10, 0],
      minds,
      phases: dotnetPhases,
      phasesFor: (_, version) => (source, files) => dotnetPhasesFor(source, files, version),
    },
    {
      tools: ['mcs', 'mono'],
      phases: monoPhases,
      phasesFor: () => monoPhasesFor,
    },
  ],
  // Ruby has no option that turns buffering off: a file that is required before the program does it.
  ruby: [
    {
      tools: ['ruby'],
      warmUp: warmRuby,
      phases: (file, args, scratch) => [
        {
          ...run(['ruby', '-r', `${scratch}/unbuffered.rb`, file, ...args]),
          files: { [`${scratch}/unbuffered.rb`]: unbuffered },
        },
      ],
    },
  ],
  shellscript: [
    {
      tools: ['sh'],
      versionFlag: '',
      phases: shellPhases,
      phasesFor: (tools) => (source, files) => shellPhasesFor(source, files, (names) => tools.which(names)),
    },
  ],
};

/** The toolchain of the first candidate of which the sandbox has all tools, in a version that will do. undefined: there is none. */
export async function findToolchain(language: LanguageId, tools: Tools): Promise<Toolchain | undefined> {
  const list = candidates[language];
  const found = await tools.which(list.flatMap((candidate) => candidate.tools));
  for (const candidate of list) {
    if (!candidate.tools.every((tool) => found.has(tool))) continue;
    const version = candidate.atLeast ? ((await versionOf(candidate, tools)) ?? '') : '';
    if (candidate.atLeast && !isAtLeast(version, candidate.atLeast)) continue;
    const { phases, warmUp, minds: minded, debugPhasesFor } = candidate;
    return {
      extension: languages[language].extensions[0], minds: minded, version: candidate.versionFlag === '' ? undefined : () => versionOf(candidate, tools), warmUp, phases,
      phasesFor: candidate.phasesFor?.(tools, version), debugPhasesFor,
    };
  }
  return undefined;
}

async function versionOf({ tools: [tool], versionFlag = '--version' }: Candidate, tools: Tools): Promise<string | undefined> {
  return tools.version([tool as string, versionFlag]);
}

/** The tools with which a language could be run, for messages that say what to install. */
export function toolNames(language: LanguageId): readonly string[] {
  return candidates[language].map(({ tools, atLeast }) => `${tools.join(' + ')}${atLeast ? ` ${atLeast.join('.')} or later` : ''}`);
}
