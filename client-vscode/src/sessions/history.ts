/** The list of the History view: what ran in sandboxes and how it ended, the latest first. It is asked for only while the view is seen. */
import type { HistoryEntry } from 'codebeaker/protocol';
import type { Clock } from '../base/clock.ts';
import type { Code, vscode } from '../base/code.ts';
import { type Log, messageOf } from '../base/log.ts';
import { table } from './describe.ts';
import { duration } from '../base/units.ts';
import type { Client } from '../client/client.ts';

/** Changes that follow each other within this time lead to one request. */
const DEBOUNCE_MS = 60;
/** So many entries are shown. */
const MOST = 200;

export interface HistoryTreeParts {
  readonly code: Code;
  readonly client: Pick<Client, 'connection' | 'onChange'>;
  readonly clock: Clock;
  readonly log: Log;
}

export class HistoryTree implements vscode.TreeDataProvider<HistoryEntry> {
  readonly #parts: HistoryTreeParts;
  readonly #changed: vscode.EventEmitter<void>;
  readonly onDidChangeTreeData: vscode.Event<void>;
  #cancel: (() => void) | undefined;

  constructor(parts: HistoryTreeParts) {
    this.#parts = parts;
    this.#changed = new parts.code.EventEmitter<void>();
    this.onDidChangeTreeData = this.#changed.event;
    parts.client.onChange((connection) => {
      connection?.on('history/changed', () => this.refresh());
      if (connection) this.refresh();
    });
  }

  refresh(): void {
    this.#cancel ??= this.#parts.clock.after(DEBOUNCE_MS, () => {
      this.#cancel = undefined;
      this.#changed.fire();
    });
  }

  dispose(): void {
    this.#cancel?.();
  }

  async getChildren(entry?: HistoryEntry): Promise<HistoryEntry[]> {
    if (entry) return [];
    try {
      const connection = await this.#parts.client.connection();
      if (!connection.server.capabilities.history) return [];
      return (await connection.request('history/list', { limit: MOST })).entries;
    } catch (fault) {
      this.#parts.log.warn(`history/list: ${messageOf(fault)}`);
      return [];
    }
  }

  getTreeItem(entry: HistoryEntry): vscode.TreeItem {
    const { code, clock } = this.#parts;
    const item = new code.TreeItem(nameOf(code, entry), code.TreeItemCollapsibleState.None);
    item.id = entry.entryId;
    item.contextValue = uriOf(code, entry) ? 'historyFile' : 'historyOther';
    item.description = [...(isPart(entry) ? [code.l10n.t('a part')] : []), endOf(code, entry), duration(entry.durationMs), timeOf(entry, clock.now())].join(' · ');
    item.iconPath = new code.ThemeIcon(...iconOf(code, entry));
    item.tooltip = details(code, entry);
    if (uriOf(code, entry)) item.command = { command: 'codebeaker.history.open', title: code.l10n.t('Open'), arguments: [entry] };
    return item;
  }
}

/** Where the editor can open what ran. undefined: it was no file, or another client's that says nothing of it. */
export function uriOf(code: Code, { uri, path, workspace }: HistoryEntry): vscode.Uri | undefined {
  if (uri !== undefined) return code.Uri.parse(fileOf(uri));
  if (path === undefined || workspace === undefined || path.startsWith('/')) return undefined;
  return code.Uri.joinPath(code.Uri.parse(workspace.uri), path);
}

/** The URI of the whole document. */
function fileOf(uri: string): string {
  return uri.replace(/#.*/, '');
}

/** Whether only a part of the document ran. */
export function isPart({ uri }: HistoryEntry): boolean {
  return uri?.includes('#') ?? false;
}

export function nameOf({ l10n }: Code, { uri, path, label, command, packages, method, code }: HistoryEntry): string {
  const file = uri === undefined ? path : fileOf(uri);
  if (file !== undefined) return decoded(file).split('/').at(-1) ?? file;
  if (command !== undefined) return typeof command === 'string' ? command : command.join(' ');
  if (method === 'command/installPackages') return l10n.t('packages: {0}', packages?.join(', ') ?? label ?? '');
  return code?.trim().split('\n')[0] ?? (method === 'command/executeShell' ? l10n.t('a command in {0}', label ?? l10n.t('a sandbox')) : (label ?? l10n.t('code')));
}

export function endOf({ l10n }: Code, { outcome, error, exitCode, signal }: Pick<HistoryEntry, 'outcome' | 'error' | 'exitCode' | 'signal'>): string {
  switch (outcome) {
    case 'exited':
      return l10n.t('exit code {0}', exitCode ?? 0);
    case 'signaled':
      return signal ?? l10n.t('ended by a signal');
    case 'cancelled':
      return l10n.t('stopped');
    case 'timedOut':
      return l10n.t('time limit');
    case 'memoryLimit':
      return l10n.t('memory limit');
    case 'outputLimit':
      return l10n.t('output limit');
    case 'sandboxLost':
      return l10n.t('sandbox lost');
    default:
      return error ?? outcome;
  }
}

function iconOf({ ThemeColor }: Code, { outcome, exitCode }: HistoryEntry): [string, vscode.ThemeColor?] {
  if (outcome === 'cancelled') return ['circle-slash'];
  return outcome === 'exited' && exitCode === 0 ? ['pass', new ThemeColor('testing.iconPassed')] : ['error', new ThemeColor('testing.iconFailed')];
}

/** The time of day, or of an earlier day the date. */
function timeOf({ at }: HistoryEntry, now: number): string {
  const date = new Date(at);
  const two = (part: number) => `${part}`.padStart(2, '0');
  if (date.toDateString() === new Date(now).toDateString()) return `${two(date.getHours())}:${two(date.getMinutes())}`;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function details(code: Code, entry: HistoryEntry): vscode.MarkdownString {
  const { l10n } = code;
  const { uri, path, args = [], runtime, language, at, client, command } = entry;
  const rows: [string, string | undefined][] = [
    [l10n.t('File'), uri === undefined ? path : decoded(fileOf(uri).replace(/^file:\/\//, ''))],
    [l10n.t('Command'), typeof command === 'string' ? command : command?.join(' ')],
    [l10n.t('Arguments'), args.length > 0 ? args.join(' ') : undefined],
    [l10n.t('Ended'), `${endOf(code, entry)}, ${new Date(at).toLocaleString()}`],
    [l10n.t('Language'), language],
    [l10n.t('Runtime'), runtime],
    [l10n.t('From'), client?.name],
  ];
  const known = rows.flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value.slice(0, 500).replace(/\s+/g, ' ')]]));
  return table(code, nameOf(code, entry), known);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
