/** The tree of the Sessions view: the open sessions, and below each its files. */
import type { DirectoryEntry, Session } from 'codebeaker/protocol';
import type { Clock } from '../base/clock.ts';
import type { Code, vscode } from '../base/code.ts';
import { fileUri } from '../base/session-uri.ts';
import { bytes } from '../base/units.ts';
import { describe, details } from './describe.ts';
import type { Made } from './made.ts';
import type { SessionStore } from './store.ts';

export type Node =
  | { readonly kind: 'session'; readonly session: Session }
  | { readonly kind: 'file'; readonly sessionId: string; readonly file: DirectoryEntry };

export class SessionTree implements vscode.TreeDataProvider<Node> {
  readonly #code: Code;
  readonly #store: SessionStore;
  readonly #clock: Clock;
  readonly #made: Made;
  readonly #changed: vscode.EventEmitter<void>;
  readonly onDidChangeTreeData: vscode.Event<void>;

  constructor(code: Code, store: SessionStore, clock: Clock, made: Made) {
    this.#code = code;
    this.#store = store;
    this.#clock = clock;
    this.#made = made;
    this.#changed = new code.EventEmitter<void>();
    this.onDidChangeTreeData = this.#changed.event;
    store.onChange(() => this.#changed.fire());
    made.onChange(() => this.#changed.fire());
  }

  /** Shows the present ages. */
  redraw(): void {
    this.#changed.fire();
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (!node) return this.#store.sessions.map((session) => ({ kind: 'session', session }));
    const sessionId = node.kind === 'session' ? node.session.sessionId : node.sessionId;
    const path = node.kind === 'session' ? node.session.workspace : node.file.path;
    const list = await this.#store.connection?.request('command/listDirectory', { sessionId, path }).catch(() => undefined);
    const isMarked = (file: DirectoryEntry) => Number(this.#made.markOf(sessionId, file.path) !== undefined);
    // What the program made comes first.
    const files = [...(list?.entries ?? [])].sort((a, b) => isMarked(b) - isMarked(a) || Number(b.type === 'directory') - Number(a.type === 'directory') || (a.name < b.name ? -1 : 1));
    return files.map((file) => ({ kind: 'file', sessionId, file }));
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return node.kind === 'session' ? this.#sessionItem(node.session) : this.#fileItem(node.sessionId, node.file);
  }

  #sessionItem(session: Session): vscode.TreeItem {
    const { TreeItem, TreeItemCollapsibleState, ThemeIcon } = this.#code;
    const item = new TreeItem(session.label ?? session.sessionId, TreeItemCollapsibleState.Collapsed);
    item.id = session.sessionId;
    item.contextValue = 'session';
    const { l10n } = this.#code;
    const count = this.#made.filesOf(session.sessionId).length;
    item.description = describe(session, this.#clock.now()) + (count === 0 ? '' : ` · ${l10n.t('{0} new or changed', count)}`);
    item.iconPath = new ThemeIcon(session.state === 'busy' ? 'sync~spin' : 'beaker');
    item.tooltip = details(this.#code, session, this.#clock.now());
    return item;
  }

  #fileItem(sessionId: string, { name, path, type, size }: DirectoryEntry): vscode.TreeItem {
    const { TreeItem, TreeItemCollapsibleState, ThemeIcon, l10n } = this.#code;
    const folder = type === 'directory';
    const item = new TreeItem(name, folder ? TreeItemCollapsibleState.Collapsed : TreeItemCollapsibleState.None);
    item.id = `${sessionId}:${path}`;
    item.resourceUri = fileUri(this.#code, sessionId, path);
    item.contextValue = folder || type === 'file' ? type : 'special';
    item.iconPath = folder ? ThemeIcon.Folder : ThemeIcon.File;
    if (type === 'file') {
      const mark = this.#made.markOf(sessionId, path);
      item.description = mark ? `${mark === 'new' ? l10n.t('new') : l10n.t('changed')} · ${bytes(size)}` : bytes(size);
      item.command = { command: 'vscode.open', title: l10n.t('Open'), arguments: [item.resourceUri] };
    }
    return item;
  }
}
