/** Makes the parts of the extension and connects them. */
import type { Clock } from './base/clock.ts';
import type { Code, vscode } from './base/code.ts';
import type { Log } from './base/log.ts';
import { withPlainMessages } from './base/plain-messages.ts';
import { SCHEME } from './base/session-uri.ts';
import { readSettings, SECTION } from './base/settings.ts';
import { Client } from './client/client.ts';
import { daemonCommand, type EditorProcess } from './client/command.ts';
import { type Connection, openConnection } from './client/connection.ts';
import { initializeParams } from './client/initialize.ts';
import { ServerTokens } from './client/server-tokens.ts';
import { reportOf, startDaemon } from './client/process.ts';
import { debugConfigurations } from './debug/configurations.ts';
import { Debugs } from './debug/debugs.ts';
import { DEBUG_TYPE } from './debug/launch.ts';
import { Consoles, type RunConsole } from './run/consoles.ts';
import type { RunEnd } from './run/run.ts';
import { createDisk, type Disk } from './run/sandbox/disk.ts';
import { DelayedClose } from './run/sandbox/delayed-close.ts';
import { KeptSandboxes } from './run/sandbox/kept.ts';
import { Spares } from './run/sandbox/spares.ts';
import { languageOf } from './run/source/language.ts';
import { RememberedOptions } from './run/source/options.ts';
import { Packages } from './run/source/packages.ts';
import type { RunNeeds, RunSpec } from './run/source/run-spec.ts';
import { Secrets } from './run/source/secrets.ts';
import type { Source } from './run/source/source.ts';
import { SessionFiles } from './sessions/files.ts';
import { Made } from './sessions/made.ts';
import { ChosenRuntimes } from './run/chosen.ts';
import { madeLine } from './run/verdict.ts';
import { SessionStore } from './sessions/store.ts';
import { HistoryTree } from './sessions/history.ts';
import { SessionTree } from './sessions/tree.ts';
import { Findings } from './traces/findings.ts';
import { TraceDiagnostics } from './traces/diagnostics.ts';
import { traceLinks } from './traces/links.ts';
import { askForAccess } from './view/access.ts';
import { runAgain, runCommands } from './view/commands.ts';
import { DebugCommands } from './view/debug-commands.ts';
import { Doctor } from './view/doctor.ts';
import { fileCommands } from './view/file-commands.ts';
import { historyCommands } from './view/history-commands.ts';
import { installCommands, installFor } from './view/install-packages.ts';
import { Missing } from './view/missing.ts';
import { PackageOffers } from './view/offer-packages.ts';
import { Ports } from './view/ports.ts';
import { RuntimeChoices } from './view/runtime-choices.ts';
import { showRuntimes } from './view/runtimes.ts';
import { askForSecrets, secretCommands } from './view/secrets.ts';
import { serverCommands, serverReport, Unreachable } from './view/server.ts';
import { sessionCommands } from './view/session-commands.ts';
import { showMessage } from './view/shown.ts';
import { Status } from './view/status.ts';
import { TASK_TYPE, taskProvider } from './view/tasks.ts';
import { Weaknesses } from './view/weaknesses.ts';

/** What the extension gets from outside. Tests pass their own. */
export interface Surroundings {
  readonly code: Code;
  readonly context: vscode.ExtensionContext;
  readonly clock: Clock;
  readonly process: EditorProcess & { readonly pid: number };
  newId(): string;
  /** A whole number below 2^31 that nobody can guess. */
  random(): number;
  /** Starts a daemon and initializes it. Default: the one that the settings name. */
  connect?(): Promise<Connection>;
  /** Default: this machine's. */
  readonly disk?: Disk;
}

/** How often the ages in the Sessions view are redrawn. */
const AGE_INTERVAL_MS = 15_000;

export function createParts(surroundings: Surroundings): { start(): void; stop(): Promise<void> } {
  const { context, clock, newId, random, disk = createDisk(clock) } = surroundings;
  const code = withPlainMessages(surroundings.code);
  const { window, workspace, tasks, l10n } = code;
  const own = <T extends vscode.Disposable>(part: T): T => {
    context.subscriptions.push(part);
    return part;
  };

  const channel = own(window.createOutputChannel('CodeBeaker', { log: true }));
  const log: Log = channel;
  const showLog = () => channel.show();

  const tokens = new ServerTokens(context.secrets);
  const connect = surroundings.connect ?? (() => connectDaemon(surroundings, tokens, log));
  const restart = () => client.restart();
  const unreachable = new Unreachable({ code, showLog, restart });
  const client: Client = new Client({ connect, clock, log, onTooManyCrashes: () => void missing.tellCrashes(), onUnreachable: (fault) => void unreachable.tell(fault) });
  const report = async (signal: AbortSignal) => {
    const { server } = readSettings(code);
    const own = await reportOf(daemonCommand({ ...server, network: 'none' }, context.extensionPath, surroundings.process, 'doctor'), signal);
    if (server.url === '') return own;
    const list = async () => (await client.connection()).request('runtime/list', {});
    return serverReport(code, server.url, (await list().catch(() => undefined))?.runtimes) + own;
  };
  const doctor = own(new Doctor({ code, report }));
  const showDoctor = () => doctor.show();
  const options = new RememberedOptions(context.workspaceState);
  const settings = () => readSettings(code);
  const spares = new Spares({ clock, disk, log });
  const chosen = new ChosenRuntimes(code);
  const packages = new Packages({ code, disk, mode: () => settings().packages });
  const secrets = new Secrets({ storage: context.secrets, memory: context.globalState, workspace: context.workspaceState, wanted: () => settings().secrets, own: () => settings().ownSecrets, ask: (names) => askForSecrets(code, names) });
  const complete = async (spec: RunSpec, needs?: RunNeeds) => secrets.complete(await packages.complete(spec, needs), needs);
  const sandboxesToKeep = () => settings().keepSessions;
  const kept = new KeptSandboxes(sandboxesToKeep);
  const delayedClose = new DelayedClose(clock);
  const consoles = new Consoles({
    code, client, clock, disk, log, spares, chosen, kept, delayedClose, newId, random, sandboxesToKeep, focus: () => settings().focusTerminal,
  });
  const supply = { disk, makeRoom: () => consoles.makeRoom() };
  const debugs = new Debugs({ code, client, clock, log, options, spares, kept, delayedClose, chosen, complete, newId, random, sandboxesToKeep, supply: { ...supply, takeSpare: spares.take.bind(spares) } });
  const programs = () => [...consoles.programs, ...debugs.programs];
  const store = own(new SessionStore({ client, clock, log, isHidden: (sessionId) => spares.has(sessionId) }));
  own(new Ports({ code, client, log, wanted: () => settings().ports === 'notify' }));
  const made = new Made({ code, disk, log, connection: () => store.connection });
  const tree = new SessionTree(code, store, clock, made);
  const view = own(window.createTreeView('codebeaker.sessions', { treeDataProvider: tree, showCollapseAll: true }));
  const history = own(new HistoryTree({ code, client, clock, log }));
  own(window.registerTreeDataProvider('codebeaker.history', history));
  const problems = own(new TraceDiagnostics(code));
  const findings = own(new Findings(code));
  const choices = own(new RuntimeChoices(client));
  const weaknesses = new Weaknesses(code);
  const installing = { code, client, options, packages, weaknesses, log, newId, showLog };
  const offers = new PackageOffers({
    code, consoles, options, mode: () => settings().packages,
    beside: async (uri) => (await workspace.fs.readDirectory(code.Uri.joinPath(uri, '..'))).map(([name]) => name),
    install: (spec, names) => installFor(installing, spec, names),
    runAgain: (spec, shown) => runAgain({ code, consoles, options, complete }, spec, shown),
  });
  const missing: Missing = new Missing({
    code, memory: context.globalState, log, showLog, restart,
    showDoctor: () => void showDoctor(),
    isElsewhere: () => settings().server.url !== '',
    isAvailable: (runtime) => Boolean(choices.withId(runtime)),
  });
  const status = own(new Status({ code, choices, runningCount: () => programs().length, url: () => settings().server.url }));

  const debugging = new DebugCommands({
    code,
    languages: () => store.connection?.server.capabilities.debug?.languages ?? [],
    tellFailure: (source, fault) => missing.tellFailure(source, fault),
  });
  const sourceIn = (sessionId: string) => consoles.ofSession(sessionId)?.run.spec.source ?? debugs.sourceOf(sessionId);

  const setContext = (name: string, value: unknown) => void code.commands.executeCommand('setContext', name, value);
  const update = () => {
    const uri = window.activeTextEditor?.document.uri;
    const running = programs();
    setContext('codebeaker.running', running.length > 0);
    setContext('codebeaker.editorRunning', running.some(({ source }) => source.uri.toString() === uri?.toString()));
    status.update();
  };

  /** The problems of a source stay while any console shows a run of it. */
  const clearIfGone = (uri: vscode.Uri) => {
    if (consoles.ofDocument(uri)) return;
    problems.clear(uri);
    findings.clear(uri);
  };

  /** Marks what the program made, and names it in the terminal unless the next run has begun there. */
  const lookForMade = async (source: Source, { session: { sessionId }, folderRefused }: RunEnd) => {
    const files = await made.look({ sessionId, source, folderRefused });
    const shownIn = consoles.ofSession(sessionId);
    if (files.length > 0 && shownIn && !shownIn.running) shownIn.screen.write(madeLine(code, files));
  };

  own(store.onClosed((sessionId) => {
    problems.sandboxClosed(sessionId);
    made.forget(sessionId);
  }));
  own(choices.onChange(() => status.update()));
  own(client.onChange((connection) => {
    update();
    connection?.handle('network/requestAccess', (params, token) => askForAccess(code, (sessionId) => sourceIn(sessionId)?.name, params, token));
    connection?.on('command/diagnostics', ({ sessionId, diagnostics }) => {
      const source = sourceIn(sessionId);
      if (source && settings().scan !== 'off') findings.show(source, diagnostics);
    });
    if (connection) void missing.tellWithoutDocker(connection);
  }));
  own(consoles.onRunEvent((event) => {
    update();
    const { source } = event;
    if (event.kind === 'started') {
      problems.clear(source.uri);
      findings.clear(source.uri);
    } else if (event.kind === 'closed') clearIfGone(source.uri);
    else if (event.kind === 'failed') void missing.tellFailure(source, event.fault);
    else if (event.end) {
      if (settings().diagnostics) void problems.show(source, event.end);
      if (settings().keepSessions > 0) void lookForMade(source, event.end);
      void offers.tell(event.end);
      void weaknesses.tell(source.name, event.end.session.advisories);
    }
  }));

  own(debugs.onEvent((event) => {
    update();
    const { source } = event;
    if (event.kind === 'failed') void debugging.tellFailure(source, event.fault);
    else if (event.kind === 'started') {
      problems.clear(event.source.uri);
      findings.clear(event.source.uri);
    } else if (event.claimed) {
      const { session: { sessionId, advisories }, folderRefused } = event.claimed;
      if (sandboxesToKeep() > 0) void made.look({ sessionId, source: event.source, folderRefused });
      void weaknesses.tell(event.source.name, advisories);
    }
  }));

  const endedOf = (shown: RunConsole | undefined) => made.endedIn(shown?.run.session?.sessionId ?? '');
  const commands = {
    ...debugging.commands,
    ...runCommands({ code, consoles, options, complete }, programs),
    ...installCommands(installing),
    ...fileCommands({ code, made, connection: () => store.connection, lastEnded: () => endedOf(consoles.ofTerminal(window.activeTerminal)) ?? endedOf(consoles.lastUsed) ?? made.endedIn(debugs.lastSession?.sessionId ?? '') }),
    ...secretCommands({ code, secrets }),
    ...serverCommands({ code, tokens, restart }),
    ...sessionCommands({ code, clock, store, made, newId, random }),
    ...historyCommands({ code, consoles, options, complete, client, tree: history, clock, newId, random }),
    'codebeaker.showLog': showLog,
    'codebeaker.doctor': showDoctor,
    'codebeaker.restart': restart,
    'codebeaker.showRuntimes': async () => {
      const { runtimes } = await (await client.connection()).request('runtime/list', {});
      await showRuntimes(code, settings().server.url, runtimes, [
        { label: l10n.t('Look again'), act: restart },
        { label: l10n.t('Doctor: look closely, and say what to do'), act: () => void showDoctor() },
        { label: l10n.t('Show log'), act: showLog },
      ]);
    },
  };
  for (const [name, work] of Object.entries(commands)) own(code.commands.registerCommand(name, work));

  own(workspace.registerFileSystemProvider(SCHEME, new SessionFiles(code, () => store.connection), { isReadonly: true, isCaseSensitive: true }));
  own(window.registerFileDecorationProvider(made));
  own(window.registerTerminalLinkProvider(traceLinks(code, consoles)));
  own(tasks.registerTaskProvider(TASK_TYPE, taskProvider({ code, client, clock, chosen, complete, newId, random, supply })));
  own(code.debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, debugs));
  const configurations = debugConfigurations({ code, mayDebug: (document) => debugging.mayDebug(document) });
  own(code.debug.registerDebugConfigurationProvider(DEBUG_TYPE, { resolveDebugConfiguration: configurations.resolveDebugConfiguration }));
  own(code.debug.registerDebugConfigurationProvider(DEBUG_TYPE, { provideDebugConfigurations: configurations.provideDebugConfigurations }, code.DebugConfigurationProviderTriggerKind.Dynamic));
  own(window.onDidChangeActiveTextEditor(update));
  own(workspace.onDidCloseTextDocument(({ uri }) => {
    problems.clear(uri);
    findings.clear(uri);
  }));
  own(workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
    if (contentChanges.length === 0) return;
    problems.edited(document.uri);
    findings.clear(document.uri);
  }));
  own(workspace.onDidGrantWorkspaceTrust(() => client.renew()));
  own(workspace.onDidChangeWorkspaceFolders(() => client.renew()));
  own(workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(SECTION)) status.update();
    if (['server', 'network', 'preference', 'scan', 'trace'].some((name) => event.affectsConfiguration(`${SECTION}.${name}`))) client.renew();
  }));

  let cancelAges: (() => void) | undefined;
  const redrawAges = () => {
    if (view.visible && store.sessions.length > 0) tree.redraw();
    cancelAges?.();
    cancelAges = clock.after(AGE_INTERVAL_MS, redrawAges);
  };

  return {
    start() {
      redrawAges();
      update();
      // If a document that can be run is open, the daemon starts before the first click.
      const runnable = languageOf(window.activeTextEditor?.document.languageId ?? '') ?? workspace.textDocuments.find(({ languageId }) => languageOf(languageId));
      if (runnable) client.connection().catch(() => undefined);
    },
    async stop() {
      cancelAges?.();
      for (const { stop } of programs()) stop();
      void consoles.makeRoom();
      await client.stop();
    },
  };
}

async function connectDaemon({ code, context, clock, process }: Surroundings, tokens: ServerTokens, log: Log): Promise<Connection> {
  const settings = readSettings(code);
  const { url } = settings.server;
  const token = url === '' ? undefined : await tokens.of(url);
  const version = String((context.extension.packageJSON as { version?: unknown }).version);
  const daemon = startDaemon(daemonCommand({ ...settings.server, network: settings.network, token }, context.extensionPath, process), log);
  return openConnection(daemon, initializeParams(code, settings, version, process.pid), { clock, log, show: (message) => showMessage(code, message) });
}
