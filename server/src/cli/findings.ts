/** What scanning finds in the program of `codebeaker run`: it is heard while the program runs, and told when that has ended. */
import { type MessageConnection, ResponseError } from 'vscode-jsonrpc/node';
import { within, type Clock } from '../base/clock.ts';
import { deferred } from '../base/promises.ts';
import { CommandDiagnostics, type CommandDiagnosticsParams, type Diagnostic, scanSeverities, type ScanSeverity } from '../protocol/index.ts';

/** A program that has ended is scanned within this time, or nobody waits for it. */
const WAIT_MS = 5_000;
/** The mildest that is told in words. */
const WARNING: Diagnostic['severity'] = 2;

export class Findings {
  readonly #clock: Clock;
  readonly #come = deferred();
  #all: readonly Diagnostic[] | undefined;

  constructor(connection: MessageConnection, clock: Clock) {
    this.#clock = clock;
    connection.onNotification(CommandDiagnostics.name, ({ diagnostics, skipped }: CommandDiagnosticsParams) => {
      if (skipped === undefined) this.#all = diagnostics;
      this.#come.resolve();
    });
  }

  /** Resolves when they have come, or after a while. */
  async whenCome(): Promise<void> {
    await within(this.#clock, WAIT_MS, this.#come.promise);
  }

  /** undefined: the program was not scanned, or not in time. */
  get all(): readonly Diagnostic[] | undefined {
    return this.#all;
  }
}

/** Those for which a run was refused; empty where it was refused for another reason. */
export function refusedFor(fault: unknown): readonly Diagnostic[] {
  if (!(fault instanceof ResponseError)) return [];
  const { policy, findings } = (fault as ResponseError<{ readonly policy?: string; readonly findings?: readonly Diagnostic[] } | undefined>).data ?? {};
  return policy === 'scan' ? (findings ?? []) : [];
}

/** The errors and warnings among them, one line each. */
export function findingLines(file: string, findings: readonly Diagnostic[]): string[] {
  return findings.filter(({ severity }) => severity <= WARNING).map((each) => findingLine(file, each));
}

/** A finding with its place, counted from 1 as compilers and editors do. */
export function findingLine(file: string, { range: { start }, severity, message, code }: Pick<Diagnostic, 'range' | 'message' | 'code'> & { readonly severity: Diagnostic['severity'] | ScanSeverity }): string {
  const name = typeof severity === 'number' ? scanSeverities[severity - 1] : severity;
  return `${file}:${start.line + 1}:${start.character + 1}: ${name}: ${message} (${code})`;
}
