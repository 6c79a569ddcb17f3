/** `codebeaker run FILE`: runs one file in a new session. */
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ResponseError } from 'vscode-jsonrpc/node';
import type { LogMessageParams } from 'vscode-languageserver-protocol';
import type { RunArguments } from './arguments.ts';
import { Asker, canBeAsked } from './ask.ts';
import { connectLocally, type LocalClient } from './client.ts';
import type { Daemon } from './daemon.ts';
import { Exit } from './exit-codes.ts';
import { findingLine, findingLines, Findings, refusedFor } from './findings.ts';
import { projectFolders } from './folder.ts';
import { Interrupts } from './interrupts.ts';
import { Report } from './report.ts';
import { folderOfRun, runInSession } from './run-in-session.ts';
import { CannotRun, findSource } from './source.ts';
import { Spinner } from './spinner.ts';
import type { Terminal } from './streams.ts';
import type { Surroundings } from './surroundings.ts';

/** @returns the exit code. Errors are written to stderr. */
export async function run(daemon: Daemon, surroundings: Surroundings, args: RunArguments, terminal: Terminal): Promise<number> {
  const spinner = new Spinner(terminal.stderr, surroundings.clock);
  const tell = (message: string) => {
    spinner.clear();
    terminal.stderr.write(`codebeaker: ${message}\n`);
  };
  const interrupts = new Interrupts(surroundings.clock);
  const stopListening = terminal.onSignal((signal) => {
    // Whoever does not want to wait for the end of everything can end the process itself, and the leases do the rest.
    if (interrupts.cancelled) stopListening();
    interrupts.receive(signal);
  });
  let unwritable: { code?: string } | undefined;
  for (const stream of [terminal.stdout, terminal.stderr]) {
    stream.on('error', (fault: { code?: string }) => {
      unwritable ??= fault;
      interrupts.cancel();
    });
  }
  const report = new Report();
  let code: number = Exit.notStarted;
  try {
    const source = await findSource(args, terminal.stdin, interrupts.signal);
    spinner.say('looking for a sandbox');
    const asker = asks(args, terminal) ? new Asker(terminal, surroundings.clock) : undefined;
    // Findings come a moment after the program has ended, so nobody waits for them who would not read them.
    const scans = daemon.scans && (terminal.stderr.isTTY || args.json);
    const folder = folderOfRun(args, source);
    // Their files only forbid something, so nobody is asked whether they are trusted.
    const folders = folder === undefined ? [] : await projectFolders(folder);
    const client = await connect(daemon, surroundings, { ports: args.publish.length > 0, asker, scans, folders }, tell);
    const findings = scans ? new Findings(client.connection, surroundings.clock) : undefined;
    try {
      code = await runInSession(client, { args, asker, source, terminal, spinner, interrupts, surroundings, report, tell, packages: daemon.packages.run, secretNames: daemon.secrets });
      if (!interrupts.cancelled) await findings?.whenCome();
      if (!args.json) for (const line of findingLines(args.file, findings?.all ?? [])) tell(line);
    } finally {
      if (findings?.all) report.add({ findings: findings.all });
      await client.close();
    }
  } catch (fault) {
    report.failed(fault, interrupts.cancelled);
    if (interrupts.cancelled) code = interrupts.exitCode;
    else for (const line of wordsFor(fault, args.file)) tell(line);
  } finally {
    stopListening();
    spinner.clear();
    await daemon.close();
  }
  if (args.json && !unwritable) terminal.stdout.write(report.line());
  if (unwritable && unwritable.code !== 'EPIPE') tell(`the output cannot be written: ${unwritable.code}`);
  return unwritable ? (unwritable.code === 'EPIPE' ? Exit.notRead : Exit.notStarted) : code;
}

/** Why the program was not run. What was found in it is told with its places. */
function wordsFor(fault: unknown, file: string): string[] {
  const refused = refusedFor(fault);
  if (refused.length > 0) return [`${file} was not run, because the configuration refuses what stands in it (scan.block)`, ...refused.map((each) => findingLine(file, each))];
  return [fault instanceof ResponseError || fault instanceof CannotRun ? fault.message : String(fault)];
}

/** Whether questions are asked at this terminal. @throws CannotRun where they are wanted and nobody is there */
function asks({ reach: { ask }, json }: RunArguments, terminal: Terminal): boolean {
  const there = canBeAsked(terminal) && !json;
  if (ask && !there) throw new CannotRun('--network ask needs a terminal on which it can ask, and no --json; --allow names hosts ahead');
  return ask ?? there;
}

async function connect(daemon: Daemon, surroundings: Surroundings, { ports, asker, scans, folders }: { ports: boolean; asker: Asker | undefined; scans: boolean; folders: readonly string[] }, tell: (message: string) => void): Promise<LocalClient> {
  const client = await connectLocally(daemon, surroundings, {
    clientInfo: { name: 'codebeaker run', version: surroundings.version },
    workspaceFolders: folders.map((path) => ({ uri: pathToFileURL(path).href, name: basename(path) })),
    // Only one program is run, so no sandbox needs to be prepared for another one.
    initializationOptions: { pool: {} },
    capabilities: { output: { flowControl: true }, window: { workDoneProgress: true }, ports: { changed: ports }, network: { requestAccess: asker !== undefined }, command: { diagnostics: scans } },
  });
  asker?.listen(client.connection);
  client.connection.onNotification('window/logMessage', ({ message }: LogMessageParams) => tell(message));
  return client;
}
