/** Parses the command line. */
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

/** A wrong command line. The message says what to type instead. */
export class UsageError extends Error {}

export const usage = `codebeaker: runs code in a real sandbox

  codebeaker run FILE [options] [-- ARGS...]   run a file and exit with the exit code of its program
      --runtime ID      docker, gvisor, deno … (default: the best one that is available)
      --language ID     ${languageIds.join(', ')}
                        (default: the language of the file's extension)
      --timeout TIME    such as 500ms, 10s, 2m (default 10m; 0 means no limit)
      --memory SIZE     such as 256m, 2g (default 512m)
      --json            print one JSON object at the end, instead of the program's output
  codebeaker doctor [--json]                   show what this machine can run, and what is missing
  codebeaker [--stdio]                         serve an editor over stdin and stdout
      --pipe=PATH       connect to this socket or named pipe instead
      --socket=PORT     connect to this TCP port of this machine instead
      --clientProcessId=PID   exit when this process has ended

  --config FILE   the configuration file (default: $CODEBEAKER_CONFIG, then ~/.config/codebeaker/config.json)
  --version, --help

Exit codes of codebeaker run, if the program did not end by itself: 124 it reached the time limit, 125 it could not
be run, 130 it was interrupted, 137 it ran out of memory, 141 the reader of its output has gone.
`;

type Command = 'serve' | 'run' | 'doctor' | 'sweep';
type Option = keyof typeof options;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const options = {
  stdio: flag, pipe: text, socket: text, clientProcessId: text, sweep: text,
  runtime: text, language: text, timeout: text, memory: text, json: flag,
  config: text, help: { ...flag, short: 'h' }, version: { ...flag, short: 'v' },
} as const;

/** The options of each command, besides --config, --help and --version. */
const optionsOf: Readonly<Record<Command, readonly Option[]>> = {
  serve: ['stdio', 'pipe', 'socket', 'clientProcessId'],
  run: ['runtime', 'language', 'timeout', 'memory', 'json'],
  doctor: ['json'],
  sweep: ['sweep'],
};

/** @throws UsageError */
export function parseArguments(argv: readonly string[]): Arguments {
  const separator = argv.indexOf('--');
  const own = separator < 0 ? argv : argv.slice(0, separator);
  const rest = separator < 0 ? [] : argv.slice(separator + 1);
  const { values, positionals: [name, ...operands] } = parse(own);
  if (values.help) return { command: 'help' };
  if (values.version) return { command: 'version' };
  const command = commandOf(name, values);
  refuseOthers(command, Object.keys(values) as Option[]);
  const { config } = values;
  if (command === 'run') return { command, ...program(operands, rest), ...settings(values), config };
  if (operands.length > 0 || rest.length > 0) throw new UsageError(`there are unexpected arguments: ${[...operands, ...rest].join(' ')}`);
  switch (command) {
    case 'doctor':
      return { command, json: values.json ?? false, config };
    case 'sweep':
      return { command, daemonId: values.sweep ?? '', config };
    case 'serve':
      return { command, transport: transport(values), clientProcessId: number(values.clientProcessId, '--clientProcessId'), config };
  }
}

type Values = ReturnType<typeof parse>['values'];

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], allowPositionals: true, options });
  } catch (fault) {
    throw new UsageError((fault as Error).message);
  }
}

function commandOf(name: string | undefined, { sweep }: Values): Command {
  if (name === undefined) return sweep === undefined ? 'serve' : 'sweep';
  if (name === 'run' || name === 'doctor') return name;
  throw new UsageError(`there is no command ${name}`);
}

/** An option that the command would ignore is an error. */
function refuseOthers(command: Command, given: readonly Option[]): void {
  const known: readonly Option[] = ['config', ...optionsOf[command]];
  const other = given.find((option) => !known.includes(option));
  if (other === undefined) return;
  const home = Object.entries(optionsOf).find(([, names]) => names.includes(other))?.[0];
  throw new UsageError(`--${other} is an option of ${home === 'serve' ? 'codebeaker without a command' : `codebeaker ${home}`}`);
}

function program([file, ...more]: readonly string[], args: readonly string[]) {
  if (file === undefined || file === '') throw new UsageError('run needs the name of a file: codebeaker run FILE');
  if (more.length > 0) throw new UsageError(`arguments for the program must come after --: codebeaker run ${file} -- ${more.join(' ')}`);
  return { file, args };
}

function settings({ runtime, language, timeout, memory, json = false }: Values) {
  return {
    runtime,
    language: language === undefined ? undefined : languageId(language),
    timeoutMs: timeout === undefined ? undefined : duration(timeout),
    memoryBytes: memory === undefined ? undefined : size(memory),
    json,
  };
}

function transport({ stdio, pipe, socket }: Values): Transport {
  if ([stdio, pipe, socket].filter((each) => each !== undefined).length > 1) throw new UsageError('only one of --stdio, --pipe and --socket can be given');
  if (pipe === '') throw new UsageError('--pipe needs a path');
  if (pipe !== undefined) return { kind: 'pipe', path: pipe };
  const port = number(socket, '--socket', MAX_PORT);
  return port === undefined ? { kind: 'stdio' } : { kind: 'socket', port };
}

const MAX_PORT = 65_535;
/** The largest process id on any operating system. */
const MAX_PID = 2 ** 32 - 1;

function number(given: string | undefined, option: string, most = MAX_PID): number | undefined {
  if (given === undefined) return undefined;
  const value = /^\d+$/.test(given) ? Number(given) : 0;
  if (value < 1 || value > most) throw new UsageError(`${option} needs a number from 1 to ${most}`);
  return value;
}

function languageId(given: string): LanguageId {
  const found = languageIds.find((id) => id === given);
  if (!found) throw new UsageError(`--language must be one of ${languageIds.join(', ')}`);
  return found;
}

const timeUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, '': 1000 };
const KiB = 1024;
const sizeUnits: Readonly<Record<string, number>> = Object.fromEntries(
  ['', 'k', 'm', 'g'].flatMap((unit, power) => ['', 'b', 'ib'].map((end) => [unit + end, KiB ** power])),
);

/** In milliseconds; 0 means no limit. */
function duration(given: string): number {
  const value = quantity(given, timeUnits);
  if (value === undefined) throw new UsageError('--timeout needs a time such as 500ms, 10s or 2m, or 0 for no limit');
  return value;
}

function size(given: string): number {
  const value = quantity(given, sizeUnits);
  if (!value) throw new UsageError('--memory needs a size such as 256m or 2g');
  return value;
}

function quantity(given: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, value = '', unit = ''] = /^(\d+(?:\.\d+)?)([a-z]*)$/i.exec(given) ?? [];
  const result = value === '' ? NaN : Math.ceil(Number(value) * (units[unit.toLowerCase()] ?? NaN));
  return Number.isSafeInteger(result) ? result : undefined;
}
