/** How each language is run, wherever its tools are found (protocol section 8): the first candidate that is there. */
import { type LanguageId, languages } from '../protocol/index.ts';
import type { WarmUp, Toolchain, ToolchainPhase } from './ports.ts';
import { isAtLeast, type Version } from './versions.ts';
import { warmNode, warmPython, warmRuby } from './warm-up/interpreters.ts';
import unbuffered from './unbuffered.rb' with { type: 'text' };

/** What a sandbox can tell of its own tools. */
export interface Tools {
  /** Which of these commands are there. */
  which(names: readonly string[]): Promise<ReadonlySet<string>>;
  /** The first version number that `command` prints, or undefined. */
  version(command: readonly string[]): Promise<string | undefined>;
}

interface Candidate {
  readonly tools: readonly string[];
  /** The oldest version of the first tool that will do. Absent: any. */
  readonly atLeast?: Version;
  /** What makes the tool tell its version: --version unless said; empty where nothing does. */
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
  // -u: output arrives while the program runs.
  python: [interpreter(['python3', '-u'], { warmUp: warmPython('python3') }), interpreter(['python', '-u'], { warmUp: warmPython('python') })],
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
  // Ruby has no switch for unbuffered output: a required file sets it.
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


/** The tools a language could be run with, for messages: what to install. */
export function toolNames(language: LanguageId): readonly string[] {
  return candidates[language].map((candidate) => candidate.tools.join(' + '));
}
