/** The commands of the History view: open what ran, run it again, list it anew, clear it. */
import { messageOf } from '../base/log.ts';
import { CancellationTokenSource } from 'vscode-jsonrpc/node';
import type { HistoryEntry } from 'codebeaker/protocol';
import type { vscode } from '../base/code.ts';
import type { Client } from '../client/client.ts';
import { Program } from '../run/program.ts';
import { runSpecOf } from '../run/source/run-spec.ts';
import { Screen } from '../run/terminal/screen.ts';
import { endOf, type HistoryTree, isPart, nameOf, uriOf } from '../sessions/history.ts';
import type { ShellParts } from '../sessions/shell.ts';
import type { Commands, RunCommandParts } from './commands.ts';

export interface HistoryCommandParts extends RunCommandParts, ShellParts {
  readonly client: Pick<Client, 'connection'>;
  readonly tree: Pick<HistoryTree, 'refresh'>;
}

export function historyCommands(parts: HistoryCommandParts): Commands {
  const { code, client, tree, options, consoles, complete } = parts;
  const { l10n, window, workspace } = code;

  const documentOf = async (entry: HistoryEntry): Promise<vscode.TextDocument | undefined> => {
    const uri = uriOf(code, entry);
    // The editor would make a document that was never saved anew, without its text.
    const isGone = uri?.scheme === 'untitled' && !workspace.textDocuments.some((open) => open.uri.toString() === uri.toString());
    const document = uri && !isGone ? await Promise.resolve(workspace.openTextDocument(uri)).catch(() => undefined) : undefined;
    if (uri && !document) await window.showWarningMessage(l10n.t('{0} is not there any more.', nameOf(code, entry)));
    return document;
  };

  /** A file runs as it is now, with the arguments that it had then. */
  const runFile = async (entry: HistoryEntry): Promise<void> => {
    const document = await documentOf(entry);
    if (document && isPart(entry)) {
      await window.showTextDocument(document, { preview: true });
      return void (await window.showInformationMessage(l10n.t('Only a part of {0} was run. Select it, and run the selection.', nameOf(code, entry))));
    }
    const spec = document && runSpecOf(code, document, { ...options.of(document.uri), args: entry.args ?? [] });
    if (spec) await consoles.runInConsole(await complete(spec));
  };

  const runOther = async (entry: HistoryEntry): Promise<void> => {
    const connection = await client.connection();
    const { clock, newId, random } = parts;
    const screen = new Screen(code);
    const cancel = new CancellationTokenSource();
    screen.onClose(() => cancel.cancel());
    window.createTerminal({ name: nameOf(code, entry), pty: screen.pty, iconPath: new code.ThemeIcon('history'), isTransient: true }).show();
    const program = new Program({ connection, screen, clock, random, commandId: newId(), stdin: '' });
    try {
      const result = await program.execute(({ commandId }, token) => connection.request('history/rerun', { entryId: entry.entryId, ...(commandId === undefined ? {} : { commandId }) }, token), cancel.token);
      screen.write(`\r\n\x1b[2m${endOf(code, result)}\x1b[22m\r\n`);
    } catch (fault) {
      screen.write(`\x1b[31m${messageOf(fault)}\x1b[39m\r\n`);
    }
  };

  return {
    'codebeaker.history.open': async (target) => {
      const document = target ? await documentOf(target as HistoryEntry) : undefined;
      if (document) await window.showTextDocument(document, { preview: true });
    },
    'codebeaker.history.rerun': async (target) => {
      const entry = target as HistoryEntry | undefined;
      if (!entry) return;
      if (uriOf(code, entry)) await runFile(entry);
      else await runOther(entry);
    },
    'codebeaker.history.refresh': () => tree.refresh(),
    'codebeaker.history.clear': async () => {
      const clear = l10n.t('Clear');
      const question = l10n.t('Should the history of everything that ran in sandboxes be removed? It has what ran in other windows and in terminals as well.');
      if ((await window.showWarningMessage(question, { modal: true }, clear)) !== clear) return;
      await (await client.connection()).request('history/clear', {});
      tree.refresh();
    },
  };
}
