/** Writes the log to a file, which is put aside when it has grown, and never disturbs whoever logs. */
import { appendFileSync, closeSync, openSync, renameSync, statSync, unlinkSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';

export interface LogFileOptions {
  readonly file: string;
  /** A file that would become larger is put aside, as FILE.1; the one before it becomes FILE.2, and so on. */
  readonly maxBytes: number;
  /** So many files are kept besides the one that is written. */
  readonly keepFiles: number;
  readonly clock: Clock;
  /** Takes lines that cannot be written to the file. */
  instead(line: string): void;
}

/** Whoever puts files aside needs a moment; a lock that is older was left by a daemon that died. */
const LOCK_MS = 10_000;

/** What it returns never throws. Several daemons may write to one file. @throws the system's fault if the file cannot be written from the beginning */
export function logFile(options: LogFileOptions): (line: string) => void {
  const { file, instead } = options;
  append(file, '');
  let fails = false;
  return (line) => {
    try {
      const text = `${line}\n`;
      if (sizeOf(file) + Buffer.byteLength(text) > options.maxBytes) putAside(options);
      append(file, text);
      fails = false;
    } catch (fault) {
      if (!fails) instead(`codebeaker: ${file} cannot be written (${codeOf(fault)}), so the log goes to stderr: free some room there, or change log.file in the configuration`);
      fails = true;
      instead(line);
    }
  };
}

function append(file: string, text: string): void {
  appendFileSync(file, text, { mode: 0o600 });
}

/** While another daemon does the same, nothing is put aside, and the file grows a little. */
function putAside({ file, keepFiles, clock }: LogFileOptions): void {
  const lock = `${file}.lock`;
  if (!take(lock, clock.now())) return;
  try {
    for (let at = keepFiles; at > 0; at--) moveIfThere(at === 1 ? file : `${file}.${at - 1}`, `${file}.${at}`);
    if (keepFiles === 0) unlinkSync(file);
  } finally {
    unlinkSync(lock);
  }
}

function take(lock: string, now: number): boolean {
  try {
    closeSync(openSync(lock, 'wx', 0o600));
    return true;
  } catch (fault) {
    if (codeOf(fault) !== 'EEXIST') throw fault;
    if (now - statSync(lock).mtimeMs > LOCK_MS) unlinkSync(lock);
    return false;
  }
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (fault) {
    if (codeOf(fault) !== 'ENOENT') throw fault;
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

export function codeOf(fault: unknown): string | undefined {
  return (fault as { code?: string }).code;
}
