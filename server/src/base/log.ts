/** The log. A logger is always a parameter and never imported, and each part of the daemon gets a child logger with its name. */
import { inspect } from 'node:util';

export const levels = ['error', 'warn', 'info', 'debug'] as const;
export type Level = (typeof levels)[number];
export const logFormats = ['text', 'json'] as const;
export type LogFormat = (typeof logFormats)[number];

/** Says what a line is about: the visit, request, session or command. No value of a program's or a client's own stands there. */
export type Fields = Readonly<Record<string, string | number | undefined>>;

export interface Log {
  error(message: string, fault?: unknown, fields?: Fields): void;
  warn(message: string, fault?: unknown, fields?: Fields): void;
  info(message: string, fault?: unknown, fields?: Fields): void;
  debug(message: string, fault?: unknown, fields?: Fields): void;
  /** `fields` are in every line of the child. */
  child(name: string, fields?: Fields): Log;
}

/** Down to which level a log and its children write. It may be lowered for a while. */
export class Threshold {
  readonly #own: Level;
  readonly #lowered = new Set<{ readonly level: Level }>();

  constructor(level: Level) {
    this.#own = level;
  }

  lets(level: Level): boolean {
    const at = levels.indexOf(level);
    if (at <= levels.indexOf(this.#own)) return true;
    for (const each of this.#lowered) if (at <= levels.indexOf(each.level)) return true;
    return false;
  }

  /** Until the returned function is called, messages down to `level` are written as well. */
  lower(level: Level): () => void {
    const own = { level };
    this.#lowered.add(own);
    return () => void this.#lowered.delete(own);
  }
}

export interface LogStyle {
  readonly format?: LogFormat;
  readonly name?: string;
  readonly fields?: Fields;
}

/** `write` is called with one line at a time, without a newline at its end; in the format `text`, a fault may have several. */
export function createLog(level: Level | Threshold, write: (line: string) => void, { format = 'text', name = 'codebeaker', fields = {} }: LogStyle = {}): Log {
  const threshold = typeof level === 'string' ? new Threshold(level) : level;
  const show = format === 'json' ? asJson : asText;
  const line = (at: Level) => (message: string, fault?: unknown, more?: Fields) => {
    if (threshold.lets(at)) write(show({ at, name, message, fault, fields: more ? { ...fields, ...more } : fields }));
  };
  return {
    error: line('error'),
    warn: line('warn'),
    info: line('info'),
    debug: line('debug'),
    child: (part, more) => createLog(threshold, write, { format, name: `${name}.${part}`, fields: { ...fields, ...more } }),
  };
}

interface Line {
  readonly at: Level;
  readonly name: string;
  readonly message: string;
  readonly fault: unknown;
  readonly fields: Fields;
}

/** So deep is told what several faults have led to, which may have been led to by several. */
const DEPTH_OF_SEVERAL = 6;

function shown(fault: unknown): string {
  return inspect(fault, fault instanceof AggregateError ? { depth: DEPTH_OF_SEVERAL } : {});
}

function asText({ at, name, message, fault, fields }: Line): string {
  const about = Object.entries(fields).filter(([, value]) => value !== undefined).map(([key, value]) => `${key}=${value}`).join(' ');
  const cause = fault === undefined ? '' : `: ${shown(fault)}`;
  return `${new Date().toISOString()} ${at} [${name}] ${message}${about && ` (${about})`}${cause}`;
}

function asJson({ at, name, message, fault, fields }: Line): string {
  return JSON.stringify({ time: new Date().toISOString(), level: at, part: name, message, ...fields, ...(fault === undefined ? {} : { fault: shown(fault) }) });
}
