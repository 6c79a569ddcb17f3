/**
 * A fake of the editor's API, as far as the extension uses it. It records what is shown, and the test does what a person
 * would do. Menus, `when` clauses and packaging are tested in a real VS Code.
 */
import { posix } from 'node:path';
import type { Code, vscode } from '../../client-vscode/src/base/code.ts';
import { Listeners } from '../../client-vscode/src/base/listeners.ts';
import { FakeDebug } from './editor-debug.ts';

class EventEmitter<T> {
  readonly #listeners = new Listeners<T>();
  readonly event = (listener: (value: T) => void) => this.#listeners.add(listener);
  fire(value: T): void {
    this.#listeners.tell(value);
  }
  dispose(): void {}
}

export class Uri {
  constructor(
    readonly scheme: string,
    readonly path: string,
    readonly authority = '',
  ) {}
  static file = (path: string) => new Uri('file', path);
  static from = ({ scheme, path }: { scheme: string; path: string }) => new Uri(scheme, path);
  static parse(text: string): Uri {
    const { protocol, pathname, host } = new URL(text);
    return new Uri(protocol.slice(0, -1), pathname, host);
  }
  static joinPath = (base: Uri, ...parts: string[]) => base.with({ path: posix.join(base.path, ...parts) });
  get fsPath(): string {
    return this.path;
  }
  with({ path }: { path: string }): Uri {
    return new Uri(this.scheme, path, this.authority);
  }
  toString(): string {
    return `${this.scheme}:${this.scheme === 'file' || this.authority ? '//' : ''}${this.authority}${this.path}`;
  }
}

class Range {
  readonly start: { line: number; character: number };
  readonly end: { line: number; character: number };
  constructor(startLine: number, startCharacter: number, endLine: number, endCharacter: number) {
    this.start = { line: startLine, character: startCharacter };
    this.end = { line: endLine, character: endCharacter };
  }
}

/** Makes a class whose instances have the arguments of the constructor as members with these names. */
const record = (...names: string[]) =>
  class {
    [name: string]: unknown;
    constructor(...values: unknown[]) {
      names.forEach((name, index) => {
        this[name] = values[index];
      });
    }
  };

class MarkdownString {
  value = '';
  appendMarkdown(text: string): this {
    this.value += text;
    return this;
  }
  appendText = this.appendMarkdown;
}

class FileSystemError extends Error {
  constructor(readonly code: string) {
    super(code);
  }
  static FileNotFound = () => new FileSystemError('FileNotFound');
  static FileIsADirectory = () => new FileSystemError('FileIsADirectory');
  static NoPermissions = () => new FileSystemError('NoPermissions');
  static Unavailable = () => new FileSystemError('Unavailable');
}

export interface FakeTerminal {
  name: string;
  readonly pty: vscode.Pseudoterminal;
  shown: string;
  closedWith: number | undefined;
  preserveFocus: boolean | undefined;
}

/** A document, as far as the extension uses it. */
export function fakeDocument(uri: Uri, languageId: string, text: string): vscode.TextDocument {
  const lines = text.split('\n');
  const lineAt = (line: number) => {
    const content = lines[line] ?? '';
    return { text: content, range: new Range(line, 0, line, content.length), firstNonWhitespaceCharacterIndex: /^\s*/.exec(content)?.[0].length };
  };
  return { uri, languageId, lineCount: lines.length, getText: () => text, lineAt, fileName: uri.path } as unknown as vscode.TextDocument;
}

export function fakeCode(): FakeCode {
  return new FakeCode();
}

export class FakeCode {
  readonly terminals: FakeTerminal[] = [];
  /** Whether terminals answer the questions that they are asked. */
  answers = true;
  readonly messages: { readonly kind: string; readonly message: string; readonly buttons: readonly string[] }[] = [];
  /** The title of the button that is pressed if it is offered. */
  press: string | undefined;
  /** What the person chooses in a dialog for files. */
  chosen: Uri | undefined;
  /** Messages are shown until this has resolved. */
  beforePress: Promise<void> = Promise.resolve();
  /** The text of each output channel, by name. */
  readonly channels = new Map<string, string>();
  readonly settings = new Map<string, unknown>();
  /** What stands in the person's own settings, whatever counts here. */
  readonly ownSettings = new Map<string, unknown>();
  readonly commands = new Map<string, (...args: unknown[]) => unknown>();
  readonly context = new Map<string, unknown>();
  /** The commands of the editor that were executed. */
  readonly executed: string[] = [];
  readonly problems = new Map<string, readonly any[]>();
  /** What scanning found. */
  readonly findings = new Map<string, readonly any[]>();
  readonly inputs: (string | undefined)[] = [];
  readonly asked: any[] = [];
  readonly opened: string[] = [];
  documents: vscode.TextDocument[] = [];
  /** The URIs of the files that are on the disk or in a sandbox. */
  readonly files = new Set<string>();
  active: vscode.TextEditor | undefined;
  activeTerminal: FakeTerminal | undefined;
  folders: { uri: Uri; name: string; index: number }[] = [];
  trusted = true;
  /** The titles of what goes on, and what was told of it. */
  readonly progress: string[] = [];
  /** The person presses Cancel. */
  readonly progressCancelled = new EventEmitter<void>();
  readonly trustGranted = new EventEmitter<void>();
  readonly configurationChanged = new EventEmitter<any>();
  readonly activeChanged = new EventEmitter<any>();
  readonly documentClosed = new EventEmitter<any>();
  readonly documentChanged = new EventEmitter<any>();
  readonly foldersChanged = new EventEmitter<any>();
  statusText = '';
  statusTooltip = '';
  statusShown = false;
  picked: ((items: any[]) => unknown) | undefined;
  readonly providers = new Map<string, any>();
  readonly debug = new FakeDebug();
  readonly code: Code;

  constructor() {
    const show = (kind: string) => async (message: string, ...buttons: string[]) => {
      this.messages.push({ kind, message, buttons });
      await this.beforePress;
      return buttons.find((title) => title === this.press);
    };
    const keep = (name: string) => (_: unknown, provider?: unknown) => {
      this.providers.set(name, provider ?? _);
      return { dispose: () => undefined };
    };
    this.code = {
      EventEmitter,
      Uri,
      Range,
      Position: record('line', 'character'),
      Location: record('uri', 'range'),
      Diagnostic: record('range', 'message', 'severity'),
      DiagnosticRelatedInformation: record('location', 'message'),
      ThemeIcon: Object.assign(record('id'), { File: { id: 'file' }, Folder: { id: 'folder' } }),
      ThemeColor: record('id'),
      TreeItem: record('label', 'collapsibleState'),
      TreeItemCollapsibleState: { None: 0, Collapsed: 1, Expanded: 2 },
      MarkdownString,
      FileSystemError,
      ProgressLocation: { Notification: 15 },
      FileType: { Unknown: 0, File: 1, Directory: 2, SymbolicLink: 64 },
      FilePermission: { Readonly: 1 },
      StatusBarAlignment: { Left: 1, Right: 2 },
      QuickPickItemKind: { Separator: -1, Default: 0 },
      Task: record('definition', 'scope', 'name', 'source', 'execution'),
      TaskScope: { Global: 1, Workspace: 2 },
      CustomExecution: record('callback'),
      l10n: { t: (text: string, ...args: unknown[]) => text.replace(/\{(\d+)\}/g, (_, index: string) => String(args[Number(index)])) },
      window: live({ activeTextEditor: () => this.active, activeTerminal: () => this.activeTerminal }, {
        createTerminal: ({ name, pty }: vscode.ExtensionTerminalOptions) => this.#terminal(name, pty),
        createOutputChannel: (name: string) => {
          const append = (text: string) => void this.channels.set(name, (this.channels.get(name) ?? '') + text);
          const replace = (text: string) => void this.channels.set(name, text);
          return { append, replace, info: noop, warn: noop, error: noop, trace: noop, show: noop, dispose: noop };
        },
        createStatusBarItem: () => {
          const show = () => void (this.statusShown = true);
          const hide = () => void (this.statusShown = false);
          return Object.defineProperties({ show, hide, dispose: noop }, { text: { set: (text: string) => void (this.statusText = text) }, tooltip: { set: (text: string) => void (this.statusTooltip = text) } });
        },
        createTreeView: (_: string, { treeDataProvider }: any) => {
          this.providers.set('tree', treeDataProvider);
          return { visible: true, dispose: noop };
        },
        registerTreeDataProvider: keep('history'),
        registerTerminalLinkProvider: keep('links'),
        registerFileDecorationProvider: keep('decorations'),
        setStatusBarMessage: noop,
        withProgress: async ({ title }: { title: string }, task: (...args: any[]) => unknown) => {
          this.progress.push(title);
          const token = { isCancellationRequested: false, onCancellationRequested: (cancel: () => void) => this.progressCancelled.event(cancel) };
          const cancelling = this.progressCancelled.event(() => void (token.isCancellationRequested = true));
          try {
            return await task({ report: ({ message }: { message: string }) => void this.progress.push(message) }, token);
          } finally {
            cancelling.dispose();
          }
        },
        onDidChangeActiveTextEditor: this.activeChanged.event,
        showInformationMessage: show('information'),
        showWarningMessage: show('warning'),
        showErrorMessage: show('error'),
        showInputBox: async (options: any) => {
          this.asked.push(options);
          return this.inputs.shift();
        },
        showOpenDialog: async () => this.chosen && [this.chosen],
        showSaveDialog: async (options: any) => {
          this.asked.push(options);
          return this.chosen;
        },
        showQuickPick: async (items: any[]) => this.picked?.(items),
        showTextDocument: async (document: vscode.TextDocument, options: any) => {
          this.opened.push(`${document.uri.path}:${options.selection?.start?.line ?? options.selection?.startLine ?? 0}`);
        },
      }),
      workspace: live({ isTrusted: () => this.trusted, workspaceFolders: () => this.folders, textDocuments: () => this.documents }, {
        getConfiguration: (section: string) => ({
          get: (name: string) => this.settings.get(`${section}.${name}`),
          inspect: (name: string) => ({ globalValue: this.ownSettings.get(`${section}.${name}`) }),
          update: async (name: string, value: unknown) => void this.settings.set(`${section}.${name}`, value),
        }),
        getWorkspaceFolder: ({ path }: Uri) => this.folders.find(({ uri }) => path.startsWith(`${uri.path}/`)),
        asRelativePath: ({ path }: Uri) => path.replace(`${this.folders[0]?.uri.path}/`, ''),
        openTextDocument: async (uri: Uri) => {
          const found = this.documents.find((document) => document.uri.toString() === uri.toString());
          if (!found) throw new Error('no such file');
          return found;
        },
        registerFileSystemProvider: keep('files'),
        fs: {
          stat: async (uri: Uri) => {
            if (!this.files.has(uri.toString())) throw FileSystemError.FileNotFound();
            return { type: 1 };
          },
          readDirectory: async (uri: Uri) => [...this.files].filter((file) => posix.dirname(file) === uri.toString()).map((file) => [posix.basename(file), 1]),
          readFile: async (uri: Uri) => Buffer.from(uri.toString()),
          writeFile: async (uri: Uri, bytes: Buffer) => void this.executed.push(`copy ${bytes.toString()} ${uri.toString()}`),
        },
        onDidCloseTextDocument: this.documentClosed.event,
        onDidChangeTextDocument: this.documentChanged.event,
        onDidGrantWorkspaceTrust: this.trustGranted.event,
        onDidChangeWorkspaceFolders: this.foldersChanged.event,
        onDidChangeConfiguration: this.configurationChanged.event,
      }),
      languages: {
        createDiagnosticCollection: (name: string) => {
          const shown = name === 'codebeaker' ? this.problems : this.findings;
          return { set: (uri: Uri, problems: any[]) => void shown.set(uri.toString(), problems), delete: (uri: Uri) => void shown.delete(uri.toString()), dispose: noop };
        },
        match: ({ pattern }: { pattern: string }, { uri }: vscode.TextDocument) => (posix.basename(uri.path) === posix.basename(pattern) ? 10 : 0),
      },
      commands: {
        registerCommand: (name: string, work: (...args: unknown[]) => unknown) => {
          this.commands.set(name, work);
          return { dispose: noop };
        },
        executeCommand: async (name: string, key: string, value: unknown) => {
          if (name === 'setContext') this.context.set(key, value);
          else this.executed.push(name);
        },
      },
      tasks: { registerTaskProvider: keep('tasks') },
      debug: this.debug.api,
      DebugAdapterInlineImplementation: record('implementation'),
      DebugConfigurationProviderTriggerKind: { Initial: 1, Dynamic: 2 },
      env: { openExternal: async (uri: Uri) => void this.opened.push(uri.toString()) },
    } as unknown as Code;
  }

  memento(): vscode.Memento & { setKeysForSync(): void } {
    const values = new Map<string, unknown>();
    return {
      keys: () => [...values.keys()],
      get: <T>(key: string, otherwise?: T) => (values.has(key) ? (values.get(key) as T) : otherwise) as T,
      update: async (key: string, value: unknown) => void values.set(key, value),
      setKeysForSync: noop,
    };
  }

  /** What keeps secrets, and what is in there. */
  secrets(): Pick<vscode.SecretStorage, 'get' | 'store' | 'delete'> & { readonly values: ReadonlyMap<string, string> } {
    const values = new Map<string, string>();
    return { values, get: async (key) => values.get(key), store: async (key, value) => void values.set(key, value), delete: async (key) => void values.delete(key) };
  }

  /** Opens a document in the editor. */
  edit(document: vscode.TextDocument): void {
    this.documents.push(document);
    this.active = { document, selection: { isEmpty: true } } as unknown as vscode.TextEditor;
    this.activeChanged.fire(this.active);
  }

  #terminal(name: string, pty: vscode.Pseudoterminal): FakeTerminal {
    const terminal: FakeTerminal = openPty(name, pty, () => this.answers);
    this.terminals.push(terminal);
    return Object.assign(terminal, { show: (preserveFocus?: boolean) => void (terminal.preserveFocus = preserveFocus), dispose: () => pty.close() });
  }
}

/** A terminal that shows what a pty writes. It answers questions in a later turn of the event loop, as terminals do. */
export function openPty(name: string, pty: vscode.Pseudoterminal, answers: () => boolean = () => true): FakeTerminal {
  const terminal: FakeTerminal = { name, pty, shown: '', closedWith: undefined, preserveFocus: undefined };
  pty.onDidWrite((text) => {
    terminal.shown += text.replace(/\x1b\[\?(\d{6,})\$p/g, (_, mode: string) => {
      if (answers()) queueMicrotask(() => pty.handleInput?.(`\x1b[?${mode};0$y`));
      return '';
    });
  });
  pty.onDidChangeName?.((given) => {
    terminal.name = given;
  });
  pty.onDidClose?.((code) => {
    terminal.closedWith = code as number;
  });
  queueMicrotask(() => pty.open({ columns: 100, rows: 30 }));
  return terminal;
}

/** What the terminal shows, without escape sequences. */
export function textOf({ shown }: FakeTerminal): string {
  return shown.replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|.)/g, '').replaceAll('\r\n', '\n').replaceAll('\r', '');
}

const noop = () => undefined;

/** Adds members to `rest` that are computed each time they are read. */
function live(getters: Readonly<Record<string, () => unknown>>, rest: object): object {
  for (const [name, get] of Object.entries(getters)) Object.defineProperty(rest, name, { get });
  return rest;
}
