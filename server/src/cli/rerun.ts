/** `codebeaker history rerun`: runs an entry of the history again, as it was run then. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ResponseError } from 'vscode-jsonrpc/node';
import { digestOf } from '../history/entry.ts';
import type { History } from '../history/history.ts';
import { type Execution, type HistoryEntry, HistoryRerun, RunCode, SignalCommand } from '../protocol/index.ts';
import type { HistoryArguments } from './actions.ts';
import { connectLocally } from './client.ts';
import type { Daemon } from './daemon.ts';
import { Exit, exitCodeOf } from './exit-codes.ts';
import { Interrupts } from './interrupts.ts';
import { Report } from './report.ts';
import { collectOutput, showOutput, type Terminal } from './streams.ts';
import type { Surroundings } from './surroundings.ts';

export interface HistoryCommandParts {
  print(text: string): Promise<number>;
  readonly terminal: Pick<Terminal, 'stdout' | 'stderr' | 'onSignal'>;
  /** Carries out a command line. */
  run(argv: readonly string[]): Promise<number>;
  daemon(): Promise<Daemon>;
}

const COMMAND_ID = 'rerun';

export async function rerun(kept: History, surroundings: Surroundings, args: HistoryArguments, parts: HistoryCommandParts): Promise<number> {
  const entry = await kept.find(args.entryId);
  if (!entry) return failed(`the history has no entry ${args.entryId}, or several that begin like this; codebeaker history shows what it has`, args, surroundings, parts);
  const file = hostFile(entry);
  if (entry.redacted) return failed('it had a secret in its arguments or its code, which is not kept; run it anew instead', args, surroundings, parts);
  if (file === undefined) return inDaemon(entry, surroundings, args, parts);
  if (await hasChanged(file, entry)) surroundings.writeLog(`codebeaker: ${file} has changed since it was run`);
  return parts.run([...optionsFor(entry, args), 'run', file, '--', ...(entry.args ?? [])]);
}

/** The file of this machine that was run. undefined: it was none, or only a part of one. */
function hostFile({ method, uri }: HistoryEntry): string | undefined {
  if (method !== RunCode.name || !uri?.startsWith('file://') || uri.includes('#')) return undefined;
  try {
    return fileURLToPath(uri);
  } catch {
    return undefined;
  }
}

async function hasChanged(file: string, { codeSha256 }: HistoryEntry): Promise<boolean> {
  const bytes = codeSha256 === undefined ? undefined : await readFile(file).catch(() => undefined);
  return bytes !== undefined && digestOf(bytes).codeSha256 !== codeSha256;
}

/** The options of `codebeaker run` that ask for what the session was asked for. */
function optionsFor({ language, runtime, network, limits = {} }: HistoryEntry, { json, config }: HistoryArguments): string[] {
  const { timeoutMs, memoryBytes, diskBytes, packageBytes, cpus, pids, outputBytes } = limits;
  const named = { language, runtime, memory: memoryBytes, disk: diskBytes, 'package-limit': packageBytes, cpus, pids, 'output-limit': outputBytes, timeout: timeoutMs === undefined ? undefined : `${timeoutMs}ms`, config };
  const reach = network?.mode === 'full' ? ['--network=full'] : network?.mode === 'allowlist' ? (network.hosts ?? []).map((host) => `--allow=${host}`) : [];
  return [...Object.entries(named).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`])), ...reach, ...(json ? ['--json'] : [])];
}

/** What was no file of this machine is run by a daemon of its own. */
async function inDaemon(entry: HistoryEntry, surroundings: Surroundings, args: HistoryArguments, parts: HistoryCommandParts): Promise<number> {
  const { terminal } = parts;
  const daemon = await parts.daemon();
  const interrupts = new Interrupts(surroundings.clock);
  const stopListening = terminal.onSignal((signal) => interrupts.receive(signal));
  const report = new Report();
  let code: number = Exit.notStarted;
  try {
    const { workspace } = entry;
    const { connection, close } = await connectLocally(daemon, surroundings, {
      clientInfo: { name: 'codebeaker history', version: surroundings.version },
      initializationOptions: { pool: {} },
      // The person has named the entry, and with it the folder.
      ...(workspace ? { workspaceFolders: [{ uri: workspace.uri, name: 'history' }] } : {}),
      capabilities: { output: { flowControl: true } },
    });
    try {
      const collect = args.json ? collectOutput(connection) : showOutput(connection, terminal, { heard: () => undefined, whenFree: (write) => write() });
      const stopSending = interrupts.programRuns((signal) => {
        connection.sendRequest(SignalCommand.name, { commandId: COMMAND_ID, signal }).catch(() => interrupts.cancel());
      });
      const result = await connection.sendRequest<Execution>(HistoryRerun.name, { entryId: entry.entryId, commandId: COMMAND_ID, outputEncoding: 'base64' }, interrupts.token).finally(stopSending);
      report.add({ ...result, ...collect?.() });
      code = interrupts.cancelled ? interrupts.exitCode : exitCodeOf(result);
    } finally {
      await close();
    }
  } catch (fault) {
    if (!(fault instanceof ResponseError)) throw fault;
    report.failed(fault, interrupts.cancelled);
    if (!interrupts.cancelled) surroundings.writeLog(`codebeaker: ${fault.message}`);
  } finally {
    stopListening();
    await daemon.close();
  }
  if (args.json) await parts.print(report.line());
  return code;
}

async function failed(message: string, { json }: HistoryArguments, { writeLog }: Surroundings, { print }: HistoryCommandParts): Promise<number> {
  writeLog(`codebeaker: ${message}`);
  if (json) {
    const report = new Report();
    report.failed(new Error(message), false);
    await print(report.line());
  }
  return Exit.notStarted;
}
