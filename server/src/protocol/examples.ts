/** One whole conversation between a client and the daemon, and an example of every request that does not occur in it. */
import type { Isolation, Limits, RuntimeInfo, Session } from './values.ts';

/** A request that succeeds, and its result. */
export interface Example {
  readonly method: string;
  readonly params: object;
  readonly result: unknown;
}

/** A message, without `jsonrpc`. */
export interface Message {
  readonly from: 'client' | 'server';
  readonly id?: number;
  readonly method?: string;
  readonly params?: object;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data: object };
}

const KiB = 1024;
const MiB = 1024 * KiB;

const limits: Limits = { memoryBytes: 512 * MiB, cpus: 1, pids: 256, diskBytes: 256 * MiB, outputBytes: 16 * MiB, timeoutMs: 600_000, packageBytes: 1024 * MiB };

const isolation: Isolation = {
  score: 6,
  layers: [
    { name: 'user', state: 'enforced', detail: 'uid 65534' },
    { name: 'network', state: 'enforced', detail: 'no interface but loopback' },
    { name: 'memory', state: 'enforced', detail: '536870912 bytes' },
  ],
};

const native: RuntimeInfo = {
  id: 'native', available: true, languages: [{ id: 'python', version: '3.11.2' }, { id: 'shellscript' }], isolation,
  startup: { coldMs: 19.4, warmMs: 11.8, measured: true }, memoryBytes: 2 * MiB, measuredAt: '2026-11-29T08:00:00.000Z',
};

const sessionId = '8Jr1tQy0';
const session: Session = {
  sessionId, language: 'python', runtime: 'native', runtimeReason: 'it starts in 19 ms', state: 'ready', warm: false, workspace: '/workspace',
  createdAt: '2026-11-29T09:00:00.000Z', lastActiveAt: '2026-11-29T09:00:00.000Z', expiresAt: '2026-11-29T09:30:00.000Z',
  idleTimeoutMs: 1_800_000, maxLifetimeMs: 7_200_000, limits, network: { mode: 'none' }, isolation, commandCount: 0, usage: { cpuMs: 0, peakMemoryBytes: 0 },
};

const ended = { stdoutBytes: 0, stderrBytes: 0, truncated: false, usage: { cpuMs: 14.2, peakMemoryBytes: 9 * MiB } };

const request = (id: number, method: string, params: object): Message => ({ from: 'client', id, method, params });
const notification = (method: string, params: object): Message => ({ from: 'client', method, params });
const answer = (id: number, result: unknown): Message => ({ from: 'server', id, result });

export const conversation: readonly Message[] = [
  request(1, 'initialize', { processId: 4711, clientInfo: { name: 'my-editor', version: '1.0' }, capabilities: { output: { flowControl: true } } }),
  answer(1, {
    protocolVersion: '1.0', serverInfo: { name: 'codebeaker', version: '0.1.0' },
    capabilities: {
      runtimes: [native], methods: ['session/create', 'command/runCode', 'session/close', 'shutdown'],
      sessions: { maxSessions: 16, idleTimeoutMs: 1_800_000, maxLifetimeMs: 7_200_000, pooled: true },
      output: { flowControl: true, windowBytes: MiB, maxChunkBytes: 64 * KiB }, packages: { managers: ['pip', 'npm', 'gem', 'go'] }, network: { modes: ['none'] }, pty: {}, secrets: {}, audit: {}, history: {}, metrics: {},
    },
  }),
  notification('initialized', {}),
  request(2, 'session/create', { language: 'python' }),
  answer(2, session),
  request(3, 'command/writeFile', { sessionId, path: 'names.txt', content: 'Ada\nGrace\n' }),
  answer(3, { path: '/workspace/names.txt', bytes: 10 }),
  request(4, 'command/runCode', { sessionId, code: 'for name in open("names.txt"):\n    print("Hello,", name.strip())\n', commandId: 'run-1' }),
  { from: 'server', method: 'command/output', params: { commandId: 'run-1', stream: 'stdout', seq: 0, data: 'Hello, Ada\nHello, Grace\n', encoding: 'utf-8' } },
  notification('command/ack', { commandId: 'run-1', seq: 0 }),
  answer(4, {
    commandId: 'run-1', outcome: 'exited', exitCode: 0, signal: null, ...ended, stdoutBytes: 24, durationMs: 21.3,
    language: 'python', phases: [{ name: 'run', outcome: 'exited', exitCode: 0, signal: null, durationMs: 20.1 }],
  }),
  request(5, 'command/readFile', { sessionId, path: 'result.txt' }),
  {
    from: 'server', id: 5,
    error: { code: 1021, message: '/workspace/result.txt: no such file or directory', data: { kind: 'FileNotFound', path: '/workspace/result.txt' } },
  },
  request(6, 'command/executeShell', { sessionId, command: 'sleep 60' }),
  notification('$/cancelRequest', { id: 6 }),
  answer(6, { commandId: 'command-1', outcome: 'cancelled', exitCode: null, signal: 'SIGKILL', stdout: '', stderr: '', ...ended, durationMs: 812.5 }),
  request(7, 'session/close', { sessionId }),
  answer(7, { sessionId, closed: true }),
  request(8, 'shutdown', {}),
  answer(8, null),
  notification('exit', {}),
];

const example = (method: string, params: object, result: unknown): Example => ({ method, params, result });

/** One for each request: those of the conversation that succeed, and others. */
export function examples(): Example[] {
  const results = new Map(conversation.flatMap(({ method, id, result }) => (method === undefined && result !== undefined ? [[id, result]] : [])));
  const succeeded = conversation.flatMap(({ id, method, params = {} }) =>
    method !== undefined && id !== undefined && results.has(id) ? [example(method, params, results.get(id))] : []);
  return [...succeeded, ...others];
}

const entry = {
  entryId: '5f0c1e9ab3d24786', at: '2026-11-29T18:04:11.250Z', sessionId, method: 'command/runCode', language: 'python', runtime: 'native',
  path: 'report.py', uri: 'file:///home/ada/report/report.py', args: ['--year', '2026'], codeSha256: '84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882', codeBytes: 1184,
  outcome: 'exited', exitCode: 1, signal: null, durationMs: 24.5, stdoutBytes: 0, stderrBytes: 212, client: { name: 'vscode', version: '1.100.0' },
  workspace: { uri: 'file:///home/ada/report', access: 'copy' },
};

const others: readonly Example[] = [
  example('runtime/list', {}, { runtimes: [native] }),
  example('runtime/select', { language: 'python', requirements: { enforced: ['network', 'memory'] } }, {
    runtime: 'native', language: 'python', preference: 'balanced',
    candidates: [{ runtime: 'native', score: 84.2, eligible: true, reasons: ['it starts in 19 ms'] }],
  }),
  example('session/execute', { sessionId, command: { type: 'createDirectory', path: 'out' } }, { path: '/workspace/out', created: true }),
  example('session/list', {}, { sessions: [session] }),
  example('session/detach', { sessionId, graceMs: 300_000 }, { sessionId, graceMs: 300_000 }),
  example('session/attach', { sessionId, resumeToken: 'hx1wqP0mY4kZs7T2cN9aVbE6uRjL3dGfKoI8yXQvWnM', acknowledged: { 'run-1': 41 } }, {
    session: { ...session, resume: { graceMs: 60_000 } }, commands: [{ commandId: 'run-1', state: 'running', nextSeq: 42, inputBytes: 0 }],
  }),
  example('command/wait', { sessionId, commandId: 'run-1' }, { commandId: 'run-1', outcome: 'exited', exitCode: 0, signal: null, ...ended, stdoutBytes: 104_857_600, durationMs: 9120.4 }),
  example('ports/forward', { sessionId, port: 8000 }, { sessionId, port: 8000, hostPort: 8000, address: '127.0.0.1' }),
  example('ports/list', { sessionId }, { ports: [{ port: 3000, listening: true }, { port: 8000, listening: true, hostPort: 8000 }] }),
  example('ports/close', { sessionId, port: 8000 }, { sessionId, port: 8000, closed: true }),
  example('command/readFile', { sessionId, path: 'names.txt' }, { path: '/workspace/names.txt', content: 'Ada\nGrace\n', encoding: 'utf-8', size: 10, eof: true }),
  example('command/createDirectory', { sessionId, path: 'out' }, { path: '/workspace/out', created: true }),
  example('command/copyFile', { sessionId, source: 'names.txt', destination: 'out/names.txt' }, { source: '/workspace/names.txt', destination: '/workspace/out/names.txt' }),
  example('command/deleteFile', { sessionId, path: 'out', recursive: true }, { path: '/workspace/out', deleted: true }),
  example('command/listDirectory', { sessionId, pattern: '*.txt' }, {
    path: '/workspace', truncated: false,
    entries: [{ name: 'names.txt', path: '/workspace/names.txt', type: 'file', size: 10, mtimeMs: 1_796_000_400_000, mode: 0o644 }],
  }),
  example('command/installPackages', { sessionId, manager: 'pip', packages: ['idna==3.7'] }, {
    commandId: 'command-2', outcome: 'exited', exitCode: 0, signal: null, stdout: '', stderr: '', ...ended, durationMs: 1804.2,
    manager: 'pip', installed: [{ name: 'idna', version: '3.7' }], cached: false,
  }),
  example('command/signal', { commandId: 'run-1', signal: 'SIGINT' }, null),
  example('command/drain', { commandId: 'run-1' }, null),
  example('server/health', {}, { status: 'ok', checks: [{ name: 'runtime.native', status: 'ok' }], uptimeMs: 90_000 }),
  example('server/metrics', {}, {
    format: 'json',
    body: [{ name: 'codebeaker_sessions_open', help: 'Sessions that are open.', type: 'gauge', values: [{ name: 'codebeaker_sessions_open', labels: { runtime: 'native' }, value: 2 }] }],
  }),
  example('usage/get', { sessionId }, {
    cpuSeconds: 1.2, memoryGiBSeconds: 0.4, commands: 3, estimatedCost: { amount: 0.0016, currency: 'EUR' }, outputBytes: 24, networkBytes: 0, sessions: 1,
    quotas: [{ quota: 'perDay.commands', limit: 1000, used: 41, resetsAt: '2026-11-29T23:00:00.000Z' }],
  }),
  example('usage/estimate', { language: 'python', code: 'print(1)' }, {
    basis: 'program', runs: 12, durationMs: { p50: 21.3, p95: 30.8 }, cpuSeconds: { p50: 0.014, p95: 0.02 }, memoryBytes: { p50: 9 * MiB, p95: 9 * MiB }, cost: { p50: 0.0001, p95: 0.0001, currency: 'EUR' },
  }),
  example('history/list', { outcome: 'exited', limit: 1 }, { entries: [entry] }),
  example('history/rerun', { entryId: entry.entryId }, { sessionId: 'session-2', commandId: 'command-3', outcome: 'exited', exitCode: 1, signal: null, stdout: '', stderr: '', ...ended, durationMs: 23.1, language: 'python', phases: [{ name: 'run', outcome: 'exited', exitCode: 1, signal: null, durationMs: 22.8 }] }),
  example('history/clear', { before: '2026-11-01T00:00:00Z' }, { removed: 41 }),
  example('rpc.discover', {}, { openrpc: '1.3.2', info: { title: 'CodeBeaker Protocol', version: '0.1.0' }, methods: [] }),
];
