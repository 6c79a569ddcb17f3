/** Parses the command line by the table of commands and options. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { levels, logFormats } from '../base/log.ts';
import type { Config, LanguageId, Network, PartialLimits } from '../protocol/index.ts';
import { auditing, type AuditArguments, type CacheArguments, caching, type ConfigArguments, configuring, type HistoryArguments, recalling, type ScanArguments, scanning, type SweepArguments, type TraceArguments, tracing, type UsageArguments, using } from './actions.ts';
import { type ConnectArguments, connecting, type DaemonElsewhere, daemonElsewhere } from './connecting.ts';
import { type ListenArguments, listening, listeningOptions } from './listening.ts';
import { published, type Published } from './publish.ts';
import type { PackagesMode } from '../policy/packages.ts';
import { duration, fraction, ranges, size, UsageError, whole } from './quantities.ts';
import { modesFor, reaching, type Reaching } from './reach.ts';
import { type CommandName, commands, type OptionName, optionNames, rowOf, type Shell, shells } from './table.ts';
import { languageNamed, oneOf, optional, type Values } from './typed.ts';

export type Arguments =
  | { readonly command: 'serve'; readonly transport: Transport; readonly clientProcessId: number | undefined; readonly networkModes: readonly Network['mode'][]; readonly log: Config['log']; readonly record: string | undefined; readonly config: string | undefined }
  | ListenArguments
  | ConnectArguments
  | RunArguments
  | CacheArguments
  | AuditArguments
  | UsageArguments
  | HistoryArguments
  | ScanArguments
  | ConfigArguments
  | TraceArguments
  | { readonly command: 'dap'; /** What is wrong with the rest. */ readonly wrong?: UsageError; readonly terminal: string | undefined; readonly elsewhere: DaemonElsewhere | undefined; readonly language: LanguageId | undefined; readonly networkModes: readonly Network['mode'][]; readonly log: Config['log']; readonly config: string | undefined }
  | { readonly command: 'doctor'; readonly json: boolean; readonly config: string | undefined }
  | SweepArguments
  | { readonly command: 'bury'; readonly daemonId: string; readonly config: string | undefined }
  | { readonly command: 'completion'; readonly shell: Shell }
  | { readonly command: 'man' }
  | { readonly command: 'help'; readonly topic: CommandName | undefined }
  | { readonly command: 'version' };

export type Transport =
  | { readonly kind: 'stdio' }
  | { readonly kind: 'pipe'; readonly path: string }
  | { readonly kind: 'socket'; readonly port: number };

export interface Saving {
  /** Globs of paths below the folder that goes along. */
  readonly patterns: readonly string[];
  /** The folder to which is saved; undefined: the one that goes along. */
  readonly to: string | undefined;
  /** Whether files are replaced that are not what the program began with. */
  readonly replace: boolean;
}

export interface RunArguments {
  readonly command: 'run';
  /** `-` is the standard input. */
  readonly file: string;
  readonly args: readonly string[];
  readonly runtime: string | undefined;
  readonly language: LanguageId | undefined;
  /** Where a value is undefined, it is that of the variable here. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The names of secrets. The value is what a file says, or undefined: that of the configuration, or of the variable here. */
  readonly secrets: Readonly<Record<string, string | undefined>>;
  /** The folder that goes along: its path, or undefined for that of the file, or null for none. */
  readonly folder: string | null | undefined;
  /** Paths that go along although they would be left out. */
  readonly with: readonly string[];
  /** What is saved after the run; undefined: nothing. */
  readonly save: Saving | undefined;
  /** The ports of the program that are to be reached from this machine. */
  readonly publish: readonly Published[];
  /** The names of packages that are installed before it runs. */
  readonly package: readonly string[];
  /** Whether the packages of the manifest are installed; undefined: as the configuration says. */
  readonly packages: PackagesMode | undefined;
  readonly reach: Reaching;
  /** Whether the program runs on a terminal; undefined: if stdin and stdout are terminals. */
  readonly tty: boolean | undefined;
  readonly limits: PartialLimits;
  readonly log: Config['log'];
  readonly json: boolean;
  readonly config: string | undefined;
}

const packagesModes = ['auto', 'ask', 'never'] as const;

/** @throws UsageError */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, operands: [name, ...operands], args } = split(argv);
  const command = commandOf(name, values);
  if (values.help) return { command: 'help', topic: name === undefined ? undefined : command };
  if (values.version) return { command: 'version' };
  refuseOthers(command, Object.keys(values) as OptionName[]);
  const { config } = values;
  if (command === 'run') return { command, ...program(operands, args), ...settings(values), config };
  if (command === 'audit') return { command, ...auditing(operands, values), json: values.json ?? false, config };
  if (command === 'cache') return { command, ...caching(operands), json: values.json ?? false, config };
  if (command === 'usage') return { command, ...using(operands, values), json: values.json ?? false, config };
  if (command === 'history') return { command, ...recalling(operands, values), json: values.json ?? false, config };
  if (command === 'scan') return { command, ...scanning(operands, values), json: values.json ?? false, config };
  if (command === 'config') return { command, ...configuring(operands), folder: values.folder ?? '.', json: values.json ?? false, config };
  if (command === 'trace') return { command, ...tracing(operands, values), json: values.json ?? false };
  if (command === 'connect') return { command, ...connecting(operands, values) };
  const [first, ...more] = operands;
  if (command === 'completion') return { command, shell: oneOf(shells, first, 'completion needs the name of a shell') };
  if (first !== undefined) throw new UsageError(`there are unexpected arguments: ${[first, ...more].join(' ')}`);
  switch (command) {
    case 'man':
      return { command };
    case 'dap':
      return { command, terminal: values.terminal, elsewhere: daemonElsewhere(values), language: languageNamed(values.language), networkModes: modesFor(values.network), log: logging(values), config };
    case 'doctor':
      return { command, json: values.json ?? false, config };
    case 'sweep':
      return { command, dryRun: values['dry-run'] ?? false, json: values.json ?? false, config };
    case 'bury':
      return { command, daemonId: values.sweep ?? '', config };
    case 'serve':
      return serving(values, config);
  }
}

function serving(values: Values, config: string | undefined): Extract<Arguments, { command: 'serve' | 'listen' }> {
  const networkModes = modesFor(values.network);
  const where = transport(values);
  if (where.kind === 'listen') return { command: 'listen', ...listening(where.at, values), networkModes, log: logging(values), record: recording(values), config };
  return { command: 'serve', transport: where, clientProcessId: optional(values.clientProcessId, (given) => whole(given, '--clientProcessId', ranges.process)), networkModes, log: logging(values), record: recording(values), config };
}

/** The options and operands of the command line. What follows the file of `run` belongs to the program. */
function split(argv: readonly string[]): { values: Values; operands: string[]; args: string[] } {
  const known = Object.fromEntries(optionNames.map((name) => {
    const { short, value, many } = rowOf(name);
    return [name, { type: value ? 'string' : 'boolean', ...(short && { short }), ...(many && { multiple: true }) } as const];
  }));
  const { tokens } = parseArgs({ args: [...argv], options: known, strict: false, allowPositionals: true, tokens: true });
  const values: Record<string, unknown> = {};
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    else if (token.kind === 'option') take(values, token.name, token.rawName, token.value);
    if (operands[0] === 'run' && operands.length === 2) return { values, operands, args: own(argv.slice(token.index + 1)) };
  }
  return { values, operands, args: [] };
}

/** A `--` directly after the file may say that the rest is the program's. */
function own(args: readonly string[]): string[] {
  return args.slice(args[0] === '--' ? 1 : 0);
}

function take(values: Record<string, unknown>, name: string, raw: string, value: string | undefined): void {
  const known = optionNames.find((each) => each === name);
  if (!known) throw new UsageError(`there is no option ${raw}`);
  const row = rowOf(known);
  if (row.value === undefined && value !== undefined) throw new UsageError(`${raw} takes no value`);
  if (row.value !== undefined && value === undefined) throw new UsageError(`${raw} needs a value: ${raw} ${row.value}`);
  values[name] = row.many ? [...((values[name] as string[] | undefined) ?? []), value] : (value ?? true);
}

function commandOf(name: string | undefined, { sweep }: Values): CommandName {
  if (name === undefined) return sweep === undefined ? 'serve' : 'bury';
  if (name !== 'bury' && Object.hasOwn(commands, name)) return name as CommandName;
  throw new UsageError(`there is no command ${name}${/[./]/.test(name) ? `: to run a file, type codebeaker run ${name}` : ''}`);
}

/** An option that the command would ignore is an error. */
function refuseOthers(command: CommandName, given: readonly OptionName[]): void {
  for (const name of given) {
    const homes = rowOf(name).of;
    if (!homes || homes.includes(command)) continue;
    throw new UsageError(`--${name} is an option of codebeaker ${homes[0]}`);
  }
}

function program([file = '']: readonly string[], args: readonly string[]) {
  if (file === '') throw new UsageError('run needs the name of a file: codebeaker run FILE');
  return { file, args };
}

function settings(values: Values) {
  const { runtime, language, folder, tty, json = false } = values;
  if (folder !== undefined && values['no-folder']) throw new UsageError('only one of --folder and --no-folder can be given');
  if (values.with && values['no-folder']) throw new UsageError('only one of --with and --no-folder can be given');
  if (tty && values['no-tty']) throw new UsageError('only one of --tty and --no-tty can be given');
  if (tty && json) throw new UsageError('only one of --tty and --json can be given');
  return {
    runtime,
    language: languageNamed(language),
    env: variables(values.env ?? []),
    secrets: secretFiles(values.secret ?? []),
    folder: values['no-folder'] ? null : folder,
    with: values.with ?? [],
    save: saving(values),
    publish: publishing(values.publish ?? []),
    package: values.package ?? [],
    packages: optional(values.packages, (given) => oneOf(packagesModes, given, '--packages')),
    reach: reaching(values.network, values.allow),
    tty: values['no-tty'] ? false : tty,
    limits: limits(values),
    log: logging(values),
    json,
  };
}

function saving({ save, 'save-to': to, replace }: Values): Saving | undefined {
  if (save === undefined) {
    if (to !== undefined) throw new UsageError('--save-to needs --save PATTERN');
    if (replace) throw new UsageError('--replace needs --save PATTERN');
    return undefined;
  }
  const patterns = save.map((pattern) => pattern.replace(/^(?:\.\/+)+/, ''));
  const wrong = patterns.findIndex((pattern) => pattern === '' || pattern.startsWith('/') || pattern.split('/').includes('..'));
  if (wrong >= 0) throw new UsageError(`--save needs a pattern of paths below the folder of the program, such as out/*.csv; ${save[wrong] || 'an empty value'} is not`);
  return { patterns, to, replace: replace ?? false };
}

function publishing(given: readonly string[]): Published[] {
  const all = given.map(published);
  const twice = all.find(({ port }, at) => all.findIndex((other) => other.port === port) !== at);
  if (twice) throw new UsageError(`--publish names port ${twice.port} twice`);
  return all;
}

function variables(given: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries(given.map((each) => {
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)(?:=([^]*))?$/.exec(each) ?? [];
    if (name === undefined) throw new UsageError(`--env needs NAME=VALUE, where NAME has letters, digits and _ only; ${each || 'an empty value'} is not`);
    return [name, value];
  }));
}

function secretFiles(given: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries(given.map((each) => {
    const [, name, file] = /^([A-Za-z_][A-Za-z0-9_]*)(?:=@([^]+))?$/.exec(each) ?? [];
    if (name === undefined) throw new UsageError(`--secret needs NAME or NAME=@FILE, where NAME has letters, digits and _ only; a value can't be typed, because everybody can see it there`);
    return [name, file];
  }));
}

function recording({ record }: Values): string | undefined {
  if (record === '') throw new UsageError('--record needs the name of a file');
  return record;
}

function logging({ 'log-level': level, 'log-file': file, 'log-format': format }: Values): NonNullable<Config['log']> {
  if (file === '') throw new UsageError('--log-file needs the name of a file');
  return {
    ...(level === undefined ? {} : { level: oneOf(levels, level, '--log-level') }),
    ...(file === undefined ? {} : { file: resolve(file) }),
    ...(format === undefined ? {} : { format: oneOf(logFormats, format, '--log-format') }),
  };
}

function limits(values: Values): PartialLimits {
  const all: Record<keyof PartialLimits, number | undefined> = {
    timeoutMs: optional(values.timeout, (given) => duration(given, '--timeout')),
    memoryBytes: optional(values.memory, (given) => size(given, '--memory', ranges.memory)),
    diskBytes: optional(values.disk, (given) => size(given, '--disk', ranges.disk)),
    packageBytes: optional(values['package-limit'], (given) => size(given, '--package-limit', ranges.packageLimit)),
    cpus: optional(values.cpus, (given) => fraction(given, '--cpus', ranges.cpus)),
    pids: optional(values.pids, (given) => whole(given, '--pids', ranges.pids)),
    outputBytes: optional(values['output-limit'], (given) => size(given, '--output-limit', ranges.outputLimit)),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function transport({ stdio, pipe, socket, listen, ...values }: Values): Transport | { readonly kind: 'listen'; readonly at: string } {
  if ([stdio, pipe, socket, listen].filter((each) => each !== undefined).length > 1) throw new UsageError('only one of --stdio, --pipe, --socket and --listen can be given');
  if (listen !== undefined) return { kind: 'listen', at: listen };
  const alone = listeningOptions.find((name) => values[name] !== undefined);
  if (alone) throw new UsageError(`--${alone} needs --listen`);
  if (pipe === '') throw new UsageError('--pipe needs a path');
  if (pipe !== undefined) return { kind: 'pipe', path: pipe };
  return socket === undefined ? { kind: 'stdio' } : { kind: 'socket', port: whole(socket, '--socket', ranges.port) };
}
