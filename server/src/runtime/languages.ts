/** How each language is run: for each a list of tools that can, of which the first that the sandbox has is taken (protocol section 8). */
import { type LanguageId, languages } from '../protocol/index.ts';
import type { WarmUp, Toolchain, ToolchainPhase } from './ports.ts';
import { isAtLeast, type Version } from './versions.ts';
import { warmNode, warmPython, warmRuby } from './warm-up/interpreters.ts';
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
  phases(file: string, args: readonly string[], scratch: string): readonly ToolchainPhase[];
}

const run = (command: readonly string[], env = {}): ToolchainPhase => ({ name: 'run', command, env });
const compile = (command: readonly string[], env = {}): ToolchainPhase => ({ name: 'compile', command, env });

const interpreter = (command: readonly string[], more: Partial<Candidate> = {}): Candidate => ({
  tools: [command[0] as string],
  phases: (file, args) => [run([...command, file, ...args])],
  ...more,
});

const deno = interpreter(['deno', 'run', '--no-prompt', '--allow-all']);
const bun = interpreter(['bun']);

const candidates: Record<LanguageId, readonly Candidate[]> = {
  // -u turns buffering off, so that output arrives while the program runs.
  python: [interpreter(['python3', '-u'], { warmUp: warmPython }), interpreter(['python', '-u'], { warmUp: warmPython })],
  javascript: [interpreter(['node'], { warmUp: warmNode }), deno, bun],
  typescript: [
    interpreter(['node'], { atLeast: [22, 18], warmUp: warmNode }),
    deno,
    bun,
  ],
  go: [
    {
      tools: ['go'],
      versionFlag: 'version',
      phases: (file, args, scratch) => [
        compile(['go', 'build', '-o', `${scratch}/program`, file]),
        run([`${scratch}/program`, ...args]),
      ],
    },
  ],
  csharp: [
    {
      tools: ['dotnet'],
      atLeast: [10, 0],
      phases: (file, args, scratch) => [
        compile(['dotnet', 'build', file, '--output', scratch, '--nologo', '--verbosity', 'quiet'], dotnetEnv),
        run(['dotnet', `${scratch}/${stem(file)}.dll`, ...args], dotnetEnv),
      ],
    },
    {
      tools: ['mcs', 'mono'],
      phases: (file, args, scratch) => [
        compile(['mcs', '-nologo', '-debug', `-out:${scratch}/program.exe`, file]),
        run(['mono', '--debug', `${scratch}/program.exe`, ...args]),
      ],
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
  shellscript: [interpreter(['sh'], { versionFlag: '' })],
};

const dotnetEnv = {
  DOTNET_CLI_TELEMETRY_OPTOUT: '1',
  DOTNET_NOLOGO: '1',
  DOTNET_SKIP_FIRST_TIME_EXPERIENCE: '1',
};

function stem(file: string): string {
  return (file.split('/').at(-1) ?? file).replace(/\.cs$/, '');
}

/** The toolchain of the first candidate of which the sandbox has all tools, in a version that will do. undefined: there is none. */
export async function findToolchain(language: LanguageId, tools: Tools): Promise<Toolchain | undefined> {
  const list = candidates[language];
  const found = await tools.which(list.flatMap((candidate) => candidate.tools));
  for (const candidate of list) {
    if (!candidate.tools.every((tool) => found.has(tool))) continue;
    if (candidate.atLeast && !isAtLeast((await versionOf(candidate, tools)) ?? '', candidate.atLeast)) continue;
    return { extension: languages[language].extensions[0], phases: candidate.phases, version: () => versionOf(candidate, tools), warmUp: candidate.warmUp };
  }
  return undefined;
}

async function versionOf({ tools: [tool], versionFlag = '--version' }: Candidate, tools: Tools): Promise<string | undefined> {
  return versionFlag === '' ? undefined : tools.version([tool as string, versionFlag]);
}


/** The tools with which a language could be run, for messages that say what to install. */
export function toolNames(language: LanguageId): readonly string[] {
  return candidates[language].map((candidate) => candidate.tools.join(' + '));
}
