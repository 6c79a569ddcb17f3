/** The parts of the extension, made and connected. */
import type { Clock } from './base/clock.ts';
import type { Code, vscode } from './base/code.ts';
import type { Log } from './base/log.ts';
import { Client } from './client/client.ts';
import { daemonCommand, type EditorProcess } from './client/command.ts';
import { initializeParams } from './client/initialize.ts';
import { type Link, openLink } from './client/link.ts';
import { startDaemon } from './client/process.ts';
import { createDisk, type Disk } from './run/disk.ts';
import { languageOf } from './run/language.ts';
import { RememberedOptions } from './run/options.ts';
import { Runs } from './run/runs.ts';
import { Spares } from './run/spares.ts';
import { SCHEME, SessionFiles } from './sessions/files.ts';
import { SessionStore } from './sessions/store.ts';
import { SessionTree } from './sessions/tree.ts';
import { readSettings, SECTION } from './base/settings.ts';
import { TraceDiagnostics } from './traces/diagnostics.ts';
import { traceLinks } from './traces/links.ts';
import { Choices } from './view/choices.ts';
import { runCommands } from './view/commands.ts';
import { Missing } from './view/missing.ts';
import { showRuntimes } from './view/runtimes.ts';
import { sessionCommands } from './view/session-commands.ts';
import { Status } from './view/status.ts';
import { TASK_TYPE, taskProvider } from './view/tasks.ts';

export interface World {
  readonly code: Code;
  readonly context: vscode.ExtensionContext;
  readonly clock: Clock;
  readonly process: EditorProcess & { readonly pid: number };
  newId(): string;
  /** A whole number below 2^31 that nobody can guess. */
  random(): number;
  /** Starts a daemon and shakes hands. Default: the one of the settings. */
  connect?(): Promise<Link>;
  /** Default: this machine's. */
  readonly disk?: Disk;
}

const AGES_MS = 15_000;

export function createParts(world: World): { start(): void; stop(): Promise<void> } {
  const { code, context, clock, newId, random, disk = createDisk(clock) } = world;
  const { window, workspace, tasks, l10n } = code;
  const own = <T extends vscode.Disposable>(part: T): T => {
    context.subscriptions.push(part);
    return part;
  };

  const channel = own(window.createOutputChannel('CodeBeaker', { log: true }));
  const log: Log = channel;
  const showLog = () => channel.show();

  const connect = world.connect ?? (() => connectDaemon(world, log));
  const client = new Client({ connect, clock, log, gaveUp: () => void missing.tellCrashes() });
  const missing: Missing = new Missing({ code, memory: context.globalState, showLog, restart: () => client.restart() });
  const options = new RememberedOptions(context.workspaceState);
  const settings = () => readSettings(code);
  const spares = new Spares({ clock, disk, log });
  const runs = new Runs({ code, client, clock, disk, log, spares, newId, random, keep: () => settings().keepSessions, focus: () => settings().focusTerminal });
  const store = own(new SessionStore(client, clock, log, (id) => spares.has(id)));
  const tree = new SessionTree(code, store, clock);
  const view = own(window.createTreeView('codebeaker.sessions', { treeDataProvider: tree, showCollapseAll: true }));
  const problems = own(new TraceDiagnostics(code));
  const choices = own(new Choices(client));
  const status = own(new Status({ code, choices, running: () => runs.running.length }));

  const setContext = (name: string, value: unknown) => void code.commands.executeCommand('setContext', name, value);
  const update = () => {
    const uri = window.activeTextEditor?.document.uri;
    setContext('codebeaker.running', runs.running.length > 0);
    setContext('codebeaker.editorRunning', uri !== undefined && runs.ofDocument(uri)?.running === true);
    status.update();
  };

  own(choices.onChange(() => status.update()));
  own(client.onChange((link) => {
    update();
    if (link) void missing.tellInstead(link.server.capabilities.runtimes);
  }));
  own(runs.onEvent((event) => {
    update();
    const { source } = event;
    if (event.kind === 'started') problems.clear(source.uri);
    else if (event.kind === 'failed') void missing.tellFailure(source, event.fault);
    else if (event.end && settings().diagnostics) problems.show(source, event.end);
  }));

  const commands = {
    ...runCommands({ code, runs, options }),
    ...sessionCommands({ code, clock, store, newId, random }),
    'codebeaker.showLog': showLog,
    'codebeaker.restart': () => client.restart(),
    'codebeaker.showRuntimes': async () => {
      const { runtimes } = await (await client.link()).request('runtime/list', {});
      await showRuntimes(code, runtimes, [
        { label: l10n.t('Look again'), act: () => client.restart() },
        { label: l10n.t('Show log'), act: showLog },
      ]);
    },
  };
  for (const [name, work] of Object.entries(commands)) own(code.commands.registerCommand(name, work));

  own(workspace.registerFileSystemProvider(SCHEME, new SessionFiles(code, () => store.link), { isReadonly: true, isCaseSensitive: true }));
  own(window.registerTerminalLinkProvider(traceLinks(code, runs)));
  own(tasks.registerTaskProvider(TASK_TYPE, taskProvider({ code, client, clock, disk, newId, random, makeRoom: () => runs.makeRoom() })));
  own(window.onDidChangeActiveTextEditor(update));
  own(workspace.onDidCloseTextDocument(({ uri }) => problems.clear(uri)));
  own(workspace.onDidGrantWorkspaceTrust(() => client.renew()));
  own(workspace.onDidChangeWorkspaceFolders(() => client.renew()));
  own(workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(SECTION)) status.update();
    if (['server', 'preference', 'trace'].some((name) => event.affectsConfiguration(`${SECTION}.${name}`))) client.renew();
  }));

  let cancelAges: (() => void) | undefined;
  const ages = () => {
    if (view.visible && store.sessions.length > 0) tree.redraw();
    cancelAges?.();
    cancelAges = clock.after(AGES_MS, ages);
  };

  return {
    start() {
      ages();
      update();
      // Ready before the first click, where something is open that could be run.
      const runnable = languageOf(window.activeTextEditor?.document.languageId ?? '') ?? workspace.textDocuments.find(({ languageId }) => languageOf(languageId));
      if (runnable) client.link().catch(() => undefined);
    },
    async stop() {
      cancelAges?.();
      runs.stopAll();
      void runs.makeRoom();
      await client.stop();
    },
  };
}

function connectDaemon({ code, context, clock, process }: World, log: Log): Promise<Link> {
  const settings = readSettings(code);
  const version = String((context.extension.packageJSON as { version?: unknown }).version);
  const daemon = startDaemon(daemonCommand(settings.server, context.extensionPath, process), log);
  return openLink(daemon, initializeParams(code, settings, version, process.pid), (ms, callback) => clock.after(ms, callback), log);
}
