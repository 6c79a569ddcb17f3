/** The editor's side of debugging: it asks the extension for configurations and adapters, and talks with the adapters as VS Code does. */
import type { vscode } from '../../client-vscode/src/base/code.ts';

type Json = Record<string, any>;

export class FakeDebugSession {
  readonly id: string;
  readonly type = 'codebeaker';
  readonly name: string;
  readonly configuration: any;
  readonly heard: Json[] = [];
  adapter: vscode.DebugAdapter | undefined;
  #seq = 0;
  readonly #waiting = new Map<number, (response: Json) => void>();

  constructor(id: string, configuration: any) {
    this.id = id;
    this.name = configuration.name;
    this.configuration = configuration;
  }

  attach(adapter: vscode.DebugAdapter): void {
    this.adapter = adapter;
    adapter.onDidSendMessage((given) => {
      const message = given as Json;
      this.heard.push(message);
      if (message.type === 'response') this.#waiting.get(message.request_seq)?.(message);
    });
  }

  ask(command: string, args: object = {}): Promise<any> {
    const seq = (this.#seq += 1);
    return new Promise((resolve) => {
      this.#waiting.set(seq, resolve);
      this.adapter?.handleMessage({ seq, type: 'request', command, arguments: args });
    });
  }

  /** What the Debug Console shows. */
  get console(): string {
    return this.events('output').map(({ output }) => output).join('').replace(/\x1b\[[\d;]*m/g, '');
  }

  events(name: string): Json[] {
    return this.heard.filter(({ type, event }) => type === 'event' && event === name).map(({ body }) => body ?? {});
  }
}

export class FakeDebug {
  readonly sessions: FakeDebugSession[] = [];
  readonly started: { readonly folder: unknown; readonly configuration: any; readonly options: any }[] = [];
  readonly providers: { readonly provider: vscode.DebugConfigurationProvider; readonly trigger: unknown }[] = [];
  #factory: vscode.DebugAdapterDescriptorFactory | undefined;

  get last(): FakeDebugSession {
    const found = this.sessions.at(-1);
    if (!found) throw new Error('nothing is debugged');
    return found;
  }

  /** Begins as F5 does: with the configuration of a launch.json, or without any. Undefined: the extension did not want to. */
  async begin(given: object): Promise<FakeDebugSession | undefined> {
    const provider = this.providers.find((each) => each.provider.resolveDebugConfiguration)?.provider;
    const configuration = await provider?.resolveDebugConfiguration?.(undefined, given as vscode.DebugConfiguration);
    if (!configuration) return undefined;
    const session = new FakeDebugSession(`d${this.sessions.length + 1}`, configuration);
    this.sessions.push(session);
    this.connect(session);
    return session;
  }

  /** Makes an adapter for the session, also for one that starts again. */
  connect(session: FakeDebugSession): void {
    session.adapter?.dispose();
    const descriptor = this.#factory?.createDebugAdapterDescriptor(session as never, undefined) as { implementation: vscode.DebugAdapter };
    session.attach(descriptor.implementation);
  }

  readonly api = {
    registerDebugAdapterDescriptorFactory: (_: string, factory: vscode.DebugAdapterDescriptorFactory) => {
      this.#factory = factory;
      return { dispose: () => undefined };
    },
    registerDebugConfigurationProvider: (_: string, provider: vscode.DebugConfigurationProvider, trigger: unknown) => {
      this.providers.push({ provider, trigger });
      return { dispose: () => undefined };
    },
    startDebugging: async (folder: unknown, configuration: object, options: unknown) => {
      this.started.push({ folder, configuration, options });
      const session = await this.begin(configuration);
      if (session) void session.ask('initialize', { pathFormat: 'path' });
      return session !== undefined;
    },
    stopDebugging: async (session: FakeDebugSession) => void session.ask('disconnect'),
  };
}
