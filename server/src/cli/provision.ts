/** The packages of a program that `codebeaker run` starts: what is installed, and whether the person wants it. */
import { type MessageConnection, ProgressType, ResponseError } from 'vscode-jsonrpc/node';
import type { WorkDoneProgressReport } from 'vscode-languageserver-protocol';
import { InstallPackages, type InstallPackagesResult, type LanguageId, type Session } from '../protocol/index.ts';
import type { PackagesMode } from '../policy/packages.ts';
import type { RunArguments } from './arguments.ts';
import { canBeAsked } from './ask.ts';
import { confirm } from './confirm.ts';
import type { Interrupts } from './interrupts.ts';
import { findManifest } from './manifest.ts';
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
  readonly signal: AbortSignal;
  tell(message: string): void;
}

const TOKEN = 'install';

/** What is to be installed before the program runs. undefined: nothing. */
export async function findNeeded({ args, configured, language, folder, terminal, signal, tell }: NeededParts): Promise<Needed | undefined> {
  const mode = args.packages ?? configured;
  const found = folder === undefined || mode === 'never' ? undefined : await findManifest(folder, language);
  const manifest = found !== undefined && (mode === 'auto' || (await agreed(found, terminal, signal, tell))) ? found : undefined;
  return manifest === undefined && args.package.length === 0 ? undefined : { manifest, names: args.package };
}

async function agreed(manifest: string, terminal: Pick<Terminal, 'stdin' | 'stderr'>, signal: AbortSignal, tell: (message: string) => void): Promise<boolean> {
  if (canBeAsked(terminal)) return confirm(terminal, `codebeaker: install the packages of ${manifest} for this run?`, signal);
  tell(`the packages of ${manifest} are not installed, because nobody can be asked; --packages=auto installs them`);
  return false;
}

/** @throws CannotRun, ResponseError */
export async function installNeeded(connection: MessageConnection, { sessionId }: Session, { manifest, names }: Needed, { spinner, interrupts }: { spinner: Spinner; interrupts: Interrupts }): Promise<void> {
  connection.onProgress(new ProgressType<WorkDoneProgressReport>(), TOKEN, ({ message }) => void (message && spinner.say(message)));
  spinner.say('installing packages');
  const params = { sessionId, ...(manifest === undefined ? {} : { manifest }), ...(names.length > 0 ? { packages: names } : {}), workDoneToken: TOKEN };
  const { outcome } = await connection.sendRequest<InstallPackagesResult>(InstallPackages.name, params, interrupts.token).catch((fault: unknown) => {
    throw withOutput(fault);
  });
  if (outcome !== 'exited') throw new CannotRun(`the packages were not installed: ${words[outcome]}`);
}

const words: Readonly<Record<Exclude<InstallPackagesResult['outcome'], 'exited'>, string>> = {
  signaled: 'the package manager was ended by a signal',
  cancelled: 'that was cancelled',
  timedOut: 'it took longer than 10 minutes',
  memoryLimit: 'the package manager used too much memory (--memory)',
  outputLimit: 'the package manager printed too much (--output-limit)',
  sandboxLost: 'the sandbox of the installation was lost',
};

/** So many of the last lines of the manager are shown. */
const MAX_LINES = 20;

/** What the manager has printed stands before the message. */
function withOutput(fault: unknown): unknown {
  const { output } = fault instanceof ResponseError ? ((fault as ResponseError<{ output?: string } | undefined>).data ?? {}) : {};
  if (!(fault instanceof ResponseError) || !output?.trim()) return fault;
  return new CannotRun(`${fault.message}\n${output.trimEnd().split('\n').slice(-MAX_LINES).join('\n')}\n(--packages=never runs the program without packages)`);
}
