/** The command line. */
import { parseArgs } from 'node:util';
import { type LanguageId, languageIds } from '../protocol/index.ts';

export type Arguments =
  | { readonly command: 'serve'; readonly transport: Transport; readonly clientProcessId: number | undefined; readonly config: string | undefined }
  | RunArguments
  | { readonly command: 'doctor'; readonly json: boolean; readonly config: string | undefined }
  | { readonly command: 'sweep'; readonly daemonId: string; readonly config: string | undefined }
  | { readonly command: 'help' }
  | { readonly command: 'version' };

export type Transport =
  | { readonly kind: 'stdio' }
  | { readonly kind: 'pipe'; readonly path: string }
  | { readonly kind: 'socket'; readonly port: number };

export interface RunArguments {
  readonly command: 'run';
  readonly file: string;
  readonly args: readonly string[];
  readonly runtime: string | undefined;
  readonly language: LanguageId | undefined;
  readonly timeoutMs: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly json: boolean;
  readonly config: string | undefined;
}

/** The message says what to type instead. */
export class UsageError extends Error {}

export const usage = `codebeaker: runs code in a real sandbox

  codebeaker run FILE [options] [-- ARGS...]   run a file; its exit code becomes ours
      --runtime ID      docker, deno (default: the best that is there)
      --language ID     ${languageIds.join(', ')}
      --timeout TIME    such as 500ms, 10s, 2m (default 10m; 0 for none)
      --memory SIZE     such as 256m, 2g (default 512m)
      --json            print one JSON object when it has ended, instead of its output
  codebeaker doctor [--json]                   what this machine can run, and what is missing
  codebeaker [--stdio]                         serve an editor over stdin and stdout
      --pipe=PATH       instead: connect to this socket or named pipe
      --socket=PORT     instead: connect to this port of this machine
      --clientProcessId=PID   leave when this process is gone

  --config FILE   the configuration (default: $CODEBEAKER_CONFIG, then ~/.config/codebeaker/config.json)
  --version, --help

A run that did not end by itself: 124 timed out, 130 interrupted, 137 out of memory, 125 could not be started.
`;

/** @throws UsageError */
export function parseArguments(argv: readonly string[]): Arguments {
  const separator = argv.indexOf('--');
  const own = separator < 0 ? argv : argv.slice(0, separator);
  const rest = separator < 0 ? [] : argv.slice(separator + 1);
  const { values, positionals } = parse(own);
  if (values.help) return { command: 'help' };
  if (values.version) return { command: 'version' };
  const [command, ...operands] = positionals;
  const { config } = values;
  if (command === 'run') {
    const [file, ...more] = operands;
    if (file === undefined) throw new UsageError('run needs a FILE');
    if (more.length > 0) throw new UsageError(`arguments for the program come after --: codebeaker run ${file} -- ${more.join(' ')}`);
    return {
      command,
      file,
      args: rest,
      runtime: values.runtime,
      language: values.language === undefined ? undefined : languageId(values.language),
      timeoutMs: values.timeout === undefined ? undefined : duration(values.timeout),
      memoryBytes: values.memory === undefined ? undefined : size(values.memory),
      json: values.json ?? false,
      config,
    };
  }
  if (operands.length > 0 || rest.length > 0) throw new UsageError(`what is ${[...operands, ...rest].join(' ')}?`);
  if (command === 'doctor') return { command, json: values.json ?? false, config };
  if (command !== undefined) throw new UsageError(`there is no command ${command}`);
  if (values.sweep !== undefined) return { command: 'sweep', daemonId: values.sweep, config };
  return { command: 'serve', transport: transport(values), clientProcessId: number(values.clientProcessId, '--clientProcessId'), config };
}

function parse(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        stdio: flag, pipe: text, socket: text, clientProcessId: text, config: text, sweep: text,
        runtime: text, language: text, timeout: text, memory: text, json: flag,
        help: { ...flag, short: 'h' }, version: { ...flag, short: 'v' },
      },
    });
  } catch (fault) {
    throw new UsageError((fault as Error).message);
  }
}

function transport({ pipe, socket }: { pipe?: string; socket?: string }): Transport {
  if (pipe !== undefined) return { kind: 'pipe', path: pipe };
  const port = number(socket, '--socket');
  return port === undefined ? { kind: 'stdio' } : { kind: 'socket', port };
}

function number(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new UsageError(`${option} takes a number`);
  return Number(text);
}

function languageId(text: string): LanguageId {
  const found = languageIds.find((id) => id === text);
  if (!found) throw new UsageError(`--language is one of ${languageIds.join(', ')}`);
  return found;
}

const timeUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, '': 1000 };
const sizeUnits: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

function duration(text: string): number {
  return quantity(text, timeUnits, '--timeout takes a time such as 500ms, 10s or 2m');
}

function size(text: string): number {
  return quantity(text, sizeUnits, '--memory takes a size such as 256m or 2g');
}

function quantity(text: string, units: Readonly<Record<string, number>>, help: string): number {
  const [, value, unit = ''] = /^(\d+(?:\.\d+)?)([a-z]*)b?$/i.exec(text) ?? [];
  const factor = units[unit.toLowerCase().replace(/^([kmg])i?b$/, '$1')];
  if (value === undefined || factor === undefined) throw new UsageError(help);
  return Math.round(Number(value) * factor);
}
