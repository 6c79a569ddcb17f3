/** The log. A logger is always a parameter and never imported, and each part of the daemon gets a child logger with its name. */
import { inspect } from 'node:util';

export const levels = ['error', 'warn', 'info', 'debug'] as const;
export type Level = (typeof levels)[number];

export interface Log {
  error(message: string, fault?: unknown): void;
  warn(message: string, fault?: unknown): void;
  info(message: string, fault?: unknown): void;
  debug(message: string, fault?: unknown): void;
  child(name: string): Log;
}

/** `write` is called with one line at a time, without a newline at its end. Messages below `level` are left out. */
export function createLog(level: Level, write: (line: string) => void, name = 'codebeaker'): Log {
  const line = (at: Level) => (message: string, fault?: unknown) => {
    if (levels.indexOf(at) > levels.indexOf(level)) return;
    const cause = fault === undefined ? '' : `: ${inspect(fault)}`;
    write(`${new Date().toISOString()} ${at} [${name}] ${message}${cause}`);
  };
  return {
    error: line('error'),
    warn: line('warn'),
    info: line('info'),
    debug: line('debug'),
    child: (part) => createLog(level, write, `${name}.${part}`),
  };
}
