/** The shapes of the handshake (PROTOCOL.md, "From start to end"). Shapes that LSP defines are checked against its types. */
import type { ProgressToken as LspProgressToken, WorkspaceFolder } from 'vscode-languageserver-protocol';
import * as z from 'zod/mini';
import { Channels, ChannelWishes } from './channels.ts';
import { later } from './later.ts';
import { count, RuntimeInfo } from './values.ts';
import type { ShapeNotes } from './note.ts';

export const protocolVersion = '1.0';

export const Empty = later(() => z.object({}));
export const Nothing = later(() => z.null());

const Folder = later(() => z.object({ uri: z.string(), name: z.string() }));
({}) as z.infer<typeof Folder> satisfies WorkspaceFolder;

const flag = () => z.optional(z.boolean());

export const ClientCapabilities = later(() => z.object({
  output: z.optional(z.object({ flowControl: flag() })),
  session: z.optional(z.object({ stateChanged: flag(), resume: flag() })),
  window: z.optional(z.object({ workDoneProgress: flag(), showMessage: z.optional(z.looseObject({})) })),
  input: z.optional(z.object({ request: flag() })),
  network: z.optional(z.object({ requestAccess: flag() })),
  workspace: z.optional(z.object({ applyEdit: flag() })),
  debug: z.optional(z.object({ adapter: flag() })),
  ports: z.optional(z.object({ changed: flag() })),
  command: z.optional(z.object({ diagnostics: flag() })),
  history: z.optional(z.object({ changed: flag() })),
  channels: z.optional(ChannelWishes),
}));
export type ClientCapabilities = z.infer<typeof ClientCapabilities>;

export const InitializeParams = later(() => z.object({
  processId: z.optional(z.nullable(z.int())),
  clientInfo: z.optional(z.object({ name: z.string(), version: z.optional(z.string()) })),
  protocolVersions: z.optional(z.array(z.string())),
  workspaceFolders: z.optional(z.nullable(z.array(Folder))),
  trusted: z.optional(z.boolean()),
  initializationOptions: z.optional(z.nullable(z.looseObject({}))),
  trace: z.optional(z.enum(['off', 'messages', 'verbose'])),
  capabilities: z.optional(ClientCapabilities),
}));
export type InitializeParams = z.infer<typeof InitializeParams>;

export const ServerCapabilities = later(() => z.object({
  runtimes: z.array(RuntimeInfo),
  methods: z.array(z.string()),
  sessions: z.object({
    maxSessions: count(),
    idleTimeoutMs: count(),
    maxLifetimeMs: count(),
    pooled: z.boolean(),
    resume: z.optional(z.object({ graceMs: count(), maxGraceMs: count() })),
  }),
  output: z.object({ flowControl: z.boolean(), windowBytes: count(), maxChunkBytes: count() }),
  packages: z.optional(z.object({ managers: z.array(z.enum(['npm', 'pip', 'gem', 'go'])) })),
  network: z.optional(z.object({ modes: z.array(z.enum(['none', 'allowlist', 'full'])) })),
  pty: z.optional(Empty),
  history: z.optional(Empty),
  channels: z.optional(Channels),
  audit: z.optional(Empty),
  secrets: z.optional(Empty),
  metrics: z.optional(Empty),
}));
export type ServerCapabilities = z.infer<typeof ServerCapabilities>;

export const InitializeResult = later(() => z.object({
  protocolVersion: z.string(),
  serverInfo: z.object({ name: z.literal('codebeaker'), version: z.string() }),
  capabilities: ServerCapabilities,
}));
export type InitializeResult = z.infer<typeof InitializeResult>;

/** `ProgressToken` of LSP. */
export const ProgressToken = later(() => z.union([z.string(), z.int()]));
({}) as z.infer<typeof ProgressToken> satisfies LspProgressToken;
export const CancelProgressParams = later(() => z.object({ token: ProgressToken }));

export const SetTraceParams = later(() => z.object({ value: z.enum(['off', 'messages', 'verbose']) }));

/** The notes of these shapes (see notes.ts). */
export const lifecycleNotes = (): ShapeNotes => ({
  InitializeParams: {
    processId: 'The id of the client’s process. The daemon ends when this process has ended.',
    protocolVersions: 'The versions of this protocol that the client speaks. Default: `["1.0"]`.',
    workspaceFolders: 'The folders that are open in the client. Only these folders, and folders inside them, can be shared with a sandbox.',
    trusted: 'Whether the user trusts the workspace. If false, no folder is shared and project configuration is ignored. Default: true.',
    initializationOptions: 'The same keys as the configuration file. They can only narrow what that file allows.',
    trace: 'How much the daemon reports in `$/logTrace`. Default: `off`.',
  },
  InitializeResult: {
    protocolVersion: 'The version of this protocol that both sides speak from now on.',
  },
  ClientCapabilities: {
    '': 'What the client supports. The daemon sends nothing that the client has not declared here.',
    output: '`flowControl`: the client sends `command/ack`.',
    session: '`stateChanged`: the client wants `session/stateChanged`. `resume`: the client can take up sessions again after its connection was lost, and knows `session/detached`.',
    window: 'As in LSP.',
    input: '`request`: the client can ask a person for a line of input.',
    network: '`requestAccess`: the client can ask a person to allow a host (`network/requestAccess`).',
    workspace: '`applyEdit`: the client can apply a WorkspaceEdit.',
    debug: '`adapter`: the client can connect a debugger.',
    ports: '`changed`: the client wants `ports/changed`.',
    command: '`diagnostics`: the client wants `command/diagnostics`.',
    history: '`changed`: the client wants `history/changed`.',
    channels: 'The channels that the client wants beside the one for messages.',
  },
  ServerCapabilities: {
    '': 'What this daemon, on this host, serves to this client. A key that is absent is not served.',
    runtimes: 'The same as the result of `runtime/list`.',
    methods: 'The names of all request methods that are served, besides `initialize`. Any other method is answered -32601.',
    output: '`windowBytes`: with flow control, at most this much of one command’s output is sent and not acknowledged. `maxChunkBytes`: the most output in one message. Both count bytes before encoding.',
    sessions: '`maxSessions`: how many sessions may be open at once. `idleTimeoutMs`, `maxLifetimeMs`: the defaults of `session/create`. `pooled`: sandboxes are prepared in advance. `resume`: present for a client that can take up sessions again, with the default and the most of `resume.graceMs` of `session/create`.',
    packages: 'The package managers of `command/installPackages`.',
    network: 'The network modes that a session may ask for, and that some available runtime has.',
    channels: 'The channels that the connection has beside the one for messages. Present when the client asked for some.',
    pty: 'Present when commands can have a terminal.',
    history: 'Present when what ran is kept, and can be listed and run again.',
    audit: 'Present when what is run, written and reached is recorded in the audit log.',
    secrets: 'Present when `session/create` takes `secrets`.',
    metrics: 'Present when `server/metrics` is served.',
  },
  SetTraceParams: { value: 'How much the daemon reports in `$/logTrace`.' },
});
