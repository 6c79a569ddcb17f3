/** *Install Packages in Sandbox*: installs packages for the runs of a file, with progress that can be cancelled. */
import type { Session } from 'codebeaker/protocol';
import { CancellationTokenSource } from 'vscode-jsonrpc/node';
import type { Code } from '../base/code.ts';
import { type Log, messageOf } from '../base/log.ts';
import type { Client } from '../client/client.ts';
import type { Connection } from '../client/connection.ts';
import { faultData } from '../client/faults.ts';
import { sessionParams } from '../run/sandbox/session-params.ts';
import type { RememberedOptions } from '../run/source/options.ts';
import type { Packages } from '../run/source/packages.ts';
import { type RunSpec, runSpecOf } from '../run/source/run-spec.ts';
import type { Commands } from './commands.ts';
import type { Weaknesses } from './weaknesses.ts';

export interface InstallParts {
  readonly code: Code;
  readonly client: Pick<Client, 'use'>;
  readonly options: RememberedOptions;
  readonly packages: Pick<Packages, 'find'>;
  readonly log: Log;
  readonly weaknesses: Pick<Weaknesses, 'tell'>;
  newId(): string;
  showLog(): void;
}

export function installCommands(parts: InstallParts): Commands {
  const { code, options } = parts;
  const { window, l10n } = code;
  return {
    'codebeaker.installPackages': async (target) => {
      const document = target instanceof code.Uri ? await code.workspace.openTextDocument(target) : window.activeTextEditor?.document;
      const spec = document && runSpecOf(code, document, options.of(document.uri));
      if (!document || !spec) return void (await window.showInformationMessage(l10n.t('Open a file to install packages for it.')));
      const found = await parts.packages.find(spec);
      const typed = await window.showInputBox({
        title: l10n.t('Install Packages in Sandbox'),
        prompt: found ? l10n.t('Names of packages, separated by blanks; nothing but {0} if you leave it empty', found.manifest) : l10n.t('Names of packages, separated by blanks'),
        value: (spec.options.packages ?? []).join(' '),
        ignoreFocusOut: true,
      });
      if (typed === undefined) return;
      const names = typed.split(/\s+/).filter(Boolean);
      if (names.length === 0 && !found) return void (await options.rememberPackages(document.uri, []));
      await installFor(parts, spec, names);
    },
  };
}

/**
 * Installs packages, and those of the manifest, for the runs of a file. The names are remembered when they have been installed.
 * @returns whether they have been: a person can cancel it, and a failure is told
 */
export async function installFor(parts: InstallParts, given: RunSpec, names: readonly string[]): Promise<boolean> {
  const { code: { window, l10n, ProgressLocation }, client, options, packages, newId } = parts;
  const { uri } = given.source;
  const found = await packages.find(given);
  const spec = { ...given, packages: { manifest: found?.manifest, names, text: found?.text ?? '' } };
  const title = l10n.t('Installing packages in a sandbox');
  const end = await window.withProgress({ location: ProgressLocation.Notification, title, cancellable: true }, async (progress, cancelled): Promise<{ session?: Session; fault?: unknown }> => {
    const cancel = new CancellationTokenSource();
    const listening = cancelled.onCancellationRequested(() => cancel.cancel());
    try {
      return { session: await client.use((connection) => makeSession(connection, spec, newId(), (message) => progress.report({ message }), cancel.token)) };
    } catch (reason) {
      return { fault: cancelled.isCancellationRequested ? undefined : reason };
    } finally {
      listening.dispose();
    }
  });
  if (end.fault !== undefined) void tellFault(parts, end.fault);
  if (!end.session) return false;
  void parts.weaknesses.tell(given.source.name, end.session.advisories, true);
  await options.rememberPackages(uri, names);
  return true;
}

/** The log has what the package manager printed. A message with a button is shown whole. */
async function tellFault({ code: { window, l10n }, log, showLog }: InstallParts, fault: unknown): Promise<void> {
  const { output = '' } = faultData(fault);
  log.error(`packages: ${messageOf(fault)}\n${output}`.trimEnd());
  const show = l10n.t('Show Log');
  if ((await window.showErrorMessage(messageOf(fault), show)) === show) showLog();
}

/** A session that has the packages has had them installed. The next run finds them in the cache. */
async function makeSession(connection: Connection, spec: RunSpec, token: string, report: (message: string) => void, cancelled: CancellationTokenSource['token']): Promise<Session> {
  const listening = connection.onProgress(token, ({ message }) => message && report(message));
  try {
    const session = await connection.request('session/create', { ...sessionParams(spec, spec.source.folder), workDoneToken: token }, cancelled);
    await connection.request('session/close', { sessionId: session.sessionId });
    return session;
  } finally {
    listening.dispose();
  }
}
