/** The packages of a program that `codebeaker run` starts: what is installed, and whether the person wants it. */
import { type MessageConnection, ProgressType } from 'vscode-jsonrpc/node';
import type { WorkDoneProgressReport } from 'vscode-languageserver-protocol';
import { weaknessesIn } from '../packages/advisories/words.ts';
import { InstallPackages, type InstallPackagesResult, type LanguageId, type Session } from '../protocol/index.ts';
import type { PackagesMode } from '../policy/packages.ts';
import type { RunArguments } from './arguments.ts';
import { canBeAsked } from './ask.ts';
import { confirm } from './confirm.ts';
import type { Interrupts } from './interrupts.ts';
import { findManifest } from './manifest.ts';
import { whyNot } from './package-faults.ts';
import { CannotRun } from './source.ts';
import type { Spinner } from './spinner.ts';
import type { Terminal } from './streams.ts';

export interface Needed {
  /** Relative to the folder that goes along. */
  readonly manifest: string | undefined;
  readonly names: readonly string[];
}

export interface NeededParts {
  readonly args: Pick<RunArguments, 'package' | 'packages'>;
  /** What the configuration says. */
  readonly configured: PackagesMode;
  readonly language: LanguageId;
  /** The folder that goes along. undefined: none does. */
  readonly folder: string | undefined;
  readonly terminal: Pick<Terminal, 'stdin' | 'stderr'>;
  readonly spinner: Pick<Spinner, 'clear' | 'say'>;
  readonly signal: AbortSignal;
  tell(message: string): void;
}

const TOKEN = 'install';

/** What is to be installed before the program runs. undefined: nothing. */
export async function findNeeded(parts: NeededParts): Promise<Needed | undefined> {
  const { args, configured, language, folder } = parts;
  const mode = args.packages ?? configured;
  const found = folder === undefined || mode === 'never' ? undefined : await findManifest(folder, language);
  const manifest = found !== undefined && (mode === 'auto' || (await agreed(found, parts))) ? found : undefined;
  return manifest === undefined && args.package.length === 0 ? undefined : { manifest, names: args.package };
}

async function agreed(manifest: string, { terminal, spinner, signal, tell }: NeededParts): Promise<boolean> {
  if (canBeAsked(terminal)) {
    // It would write over the question.
    spinner.clear();
    const yes = await confirm(terminal, `codebeaker: install the packages of ${manifest} for this run?`, signal);
    spinner.say('looking for a sandbox');
    return yes;
  }
  tell(`the packages of ${manifest} are not installed, because nobody can be asked; --packages=auto installs them`);
  return false;
}

export interface InstallParts {
  readonly spinner: Spinner;
  readonly interrupts: Interrupts;
  tell(message: string): void;
}

/** @throws CannotRun, ResponseError */
export async function installNeeded(connection: MessageConnection, { sessionId }: Session, { manifest, names }: Needed, { spinner, interrupts, tell }: InstallParts): Promise<void> {
  connection.onProgress(new ProgressType<WorkDoneProgressReport>(), TOKEN, ({ message }) => void (message && spinner.say(message)));
  spinner.say('installing packages');
  const params = { sessionId, ...(manifest === undefined ? {} : { manifest }), ...(names.length > 0 ? { packages: names } : {}), workDoneToken: TOKEN };
  const { outcome, cached, advisories = [] } = await connection.sendRequest<InstallPackagesResult>(InstallPackages.name, params, interrupts.token).catch((fault: unknown) => {
    throw whyNot(fault, manifest);
  });
  if (outcome !== 'exited') throw new CannotRun(`the packages were not installed: ${words[outcome]}`);
  if (!cached && advisories.length > 0) tell(`known weaknesses of what was installed: ${weaknessesIn(advisories)}`);
}

const words: Readonly<Record<Exclude<InstallPackagesResult['outcome'], 'exited'>, string>> = {
  signaled: 'the package manager was ended by a signal',
  cancelled: 'that was cancelled',
  timedOut: 'it took longer than 10 minutes',
  memoryLimit: 'the package manager used too much memory (--memory)',
  outputLimit: 'the package manager printed too much (--output-limit)',
  sandboxLost: 'the sandbox of the installation was lost',
};
