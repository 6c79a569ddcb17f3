/** The commands and options of the command line. Parsing, help, completion and the man page are made from this table. */

/** What the value of an option, or the operand of a command, is completed with. */
export type Completion = 'file' | 'folder' | 'language' | 'runtime' | 'shell';

export interface CommandRow {
  /** What follows the options. */
  readonly operands: string;
  readonly text: string;
  readonly completes?: Completion;
  /** Not meant for people, so no help shows it. */
  readonly hidden?: true;
}

export interface OptionRow {
  /** The commands that take it; absent: all. */
  readonly of?: readonly CommandName[];
  readonly short?: string;
  /** The name of its value in the help. Absent: it has none. */
  readonly value?: string;
  /** Whether it may be given several times. */
  readonly many?: true;
  readonly completes?: Completion;
  readonly text: string;
}

export type CommandName = 'run' | 'dap' | 'scan' | 'doctor' | 'cache' | 'audit' | 'config' | 'usage' | 'history' | 'trace' | 'serve' | 'connect' | 'completion' | 'man' | 'sweep' | 'bury';

/** `bury` is chosen by an option, `serve` also by having no name; the others by their names. */
export const commands: Readonly<Record<CommandName, CommandRow>> = {
  run: { operands: 'FILE [ARGUMENTS...]', completes: 'file', text: 'Runs a file in a sandbox, with a copy of its folder. The file - is the standard input. What follows FILE belongs to the program.' },
  dap: { operands: '', text: 'Debugs a program in a sandbox, for an editor that starts this command as a debug adapter and speaks the Debug Adapter Protocol with it over stdin and stdout.' },
  scan: { operands: 'FILE...', completes: 'file', text: 'Looks for dangerous patterns and credentials in files, without running them. Exits with 1 where it finds something of the severity or worse.' },
  doctor: { operands: '', text: 'Shows what this machine can run, what is missing, and what to do about it.' },
  cache: { operands: 'ls|rm NAME...|prune|verify', text: 'Shows, removes or checks the packages that were installed on this machine. prune removes all that are not in use.' },
  audit: { operands: 'verify|show', text: 'verify finds out whether somebody changed the audit log, or removed something from it. show prints what was recorded: what was run, written and reached.' },
  usage: { operands: '[estimate FILE]', completes: 'file', text: 'Shows what programs have used on this machine, by days, and what it costs. With estimate FILE: what the program will probably use, told from earlier runs.' },
  history: { operands: '[rerun ID|clear]', text: 'Shows what was run and how it ended, with the latest first. With rerun ID: runs it again. With clear: removes what is kept of it.' },
  config: { operands: 'schema|check [FILE...]|show', completes: 'file', text: 'Prints the JSON Schema of the configuration, checks configuration files, or shows what holds and which file says so.' },
  trace: { operands: 'FILE', completes: 'file', text: 'Shows what was recorded with codebeaker --record: requests with their answers and times, and notifications.' },
  serve: { operands: '', text: 'Serves an editor, over stdin and stdout if no option says otherwise; with --listen any number of clients, also on other machines, until it is told to end.' },
  connect: { operands: 'URL', text: 'Serves an editor, over stdin and stdout, by a daemon elsewhere that listens (serve --listen): wss://HOST:PORT, ws://HOST:PORT, unix:PATH, or by ssh: ssh://[USER@]HOST/PATH-OF-ITS-SOCKET or ssh://[USER@]HOST?port=PORT. An editor that starts codebeaker --stdio starts this instead.' },
  completion: { operands: 'SHELL', completes: 'shell', text: 'Prints a script that completes commands and options in bash, zsh or fish.' },
  man: { operands: '', text: 'Prints the manual page, for man -l.' },
  sweep: { operands: '', text: 'Removes what daemons that have died left behind on this machine: containers, folders, control groups, installations of packages. Nothing of a daemon that lives is touched.' },
  bury: { operands: '', text: 'Removes what the daemon with this id has left.', hidden: true },
};

export const options = {
  runtime: { of: ['run', 'usage', 'history'], value: 'ID', completes: 'runtime', text: 'The runtime: docker, gvisor, native, deno, bun, or one of the configuration. Default: the best one that is available.' },
  language: { of: ['run', 'dap', 'scan', 'usage', 'history'], short: 'l', value: 'ID', completes: 'language', text: 'The language. Default: that of the extension of FILE, or of its first line if that begins with #!.' },
  env: { of: ['run'], short: 'e', value: 'NAME=VALUE', many: true, text: 'A variable for the program. NAME alone takes the value that the variable has here.' },
  secret: { of: ['run'], value: 'NAME[=@FILE]', many: true, text: 'A variable for the program that is taken out of its output: the secret of this name in the configuration, or the variable of this name here, or what the FILE says. -e would show it to everybody who lists processes.' },
  folder: { of: ['run', 'config'], value: 'FOLDER', completes: 'folder', text: 'The folder that goes along and in which the program starts; FILE must lie in it. Default: the folder of FILE. For config: the folder of a project with a .codebeaker.json. Default: this folder.' },
  'no-folder': { of: ['run'], text: 'FILE goes alone.' },
  with: { of: ['run'], value: 'PATH', many: true, completes: 'file', text: 'A file or folder, within the folder that goes along, which goes along although it is otherwise left out.' },
  save: { of: ['run'], value: 'PATTERN', many: true, text: 'Files that are saved to this machine after the run, if the program made or changed them, such as out/*.csv. A pattern without a slash is compared with names in every folder.' },
  'save-to': { of: ['run'], value: 'FOLDER', completes: 'folder', text: 'The folder to which --save writes. Default: the folder that goes along.' },
  replace: { of: ['run'], text: '--save also replaces files of yours that the program did not begin with, or that you changed meanwhile.' },
  publish: { of: ['run'], value: '[PORT-HERE:]PORT', many: true, text: 'A port of the program that is to be reached from this machine, at 127.0.0.1 and PORT-HERE. Default: the same number if that is free, or any other. When the program listens, its address is shown.' },
  package: { of: ['run'], short: 'p', value: 'NAME', many: true, text: 'A package that is installed before the program runs, such as requests==2.32.3 or left-pad@1.3.0.' },
  packages: { of: ['run'], value: 'MODE', text: 'Whether the packages of the manifest in the folder (requirements.txt, pyproject.toml, package.json, Gemfile, go.mod) are installed: auto, ask or never. Default: auto, or packages.run of the configuration.' },
  allow: { of: ['run'], value: 'HOST[:PORT]', many: true, text: 'A host that the program may reach, such as pypi.org:443, *.example.com or 10.0.0.0/8. On a terminal you are asked about others. Default: none.' },
  network: { of: ['run', 'dap', 'serve'], value: 'MODE', text: 'What programs may reach: none, ask (what a person allows when asked), or full (everything public). It counts where the configuration says nothing of it. Default: none, and with --allow those hosts.' },
  tty: { of: ['run'], short: 't', text: 'The program runs on a terminal. Default: if stdin and stdout are terminals.' },
  'no-tty': { of: ['run'], text: 'The program does not run on a terminal.' },
  timeout: { of: ['run'], value: 'TIME', text: 'How long it may run, such as 500ms, 10s or 2m. Default: 10m. 0 means no limit.' },
  memory: { of: ['run'], value: 'SIZE', text: 'How much memory the sandbox may use, from 16m to 16g. Default: 512m.' },
  disk: { of: ['run'], value: 'SIZE', text: 'How large the files of the sandbox may be, from 1m to 16g, at most half of the memory. Default: 256m.' },
  cpus: { of: ['run'], value: 'NUMBER', text: 'How many processors it may use, from 0.05 to 64. Default: 1.' },
  pids: { of: ['run'], value: 'NUMBER', text: 'How many processes and threads it may have, from 8 to 16384. Default: 256.' },
  'output-limit': { of: ['run'], value: 'SIZE', text: 'How much it may print, from 1 to 64g. Default: 16m.' },
  'package-limit': { of: ['run'], value: 'SIZE', text: 'How much one installation of packages may take on the disk, from 1m to 64g. Default: 1g.' },
  severity: { of: ['scan'], value: 'SEVERITY', text: 'From which severity on findings count for the exit code: error, warning, information or hint. Default: warning.' },
  failed: { of: ['history'], text: 'Shows only what did not exit with 0.' },
  before: { of: ['history'], value: 'WHEN', text: 'history clear: removes only what ended before this time. Default: everything.' },
  most: { of: ['history'], value: 'NUMBER', text: 'Shows so many at most, up to 10000. Default: 30.' },
  since: { of: ['audit', 'history', 'usage'], value: 'WHEN', text: 'audit show, history: since when, as a time ago, such as 30m, 2h or 7d, or as a date, such as 2026-01-31 or 2026-01-31T18:00. Default of audit show: 24h. usage: so many days, with today as the last one, such as 7. Default: 30.' },
  session: { of: ['audit', 'history', 'trace'], value: 'ID', text: 'Shows only what was recorded of this session.' },
  method: { of: ['trace'], value: 'NAME', text: 'Shows only this method, such as command/runCode, or those that begin so, such as command/*.' },
  kind: { of: ['audit'], value: 'KIND', text: 'Shows only records of this kind: log, client, session, command, file, install, port, network or denial.' },
  json: { of: ['run', 'scan', 'doctor', 'cache', 'audit', 'config', 'usage', 'history', 'trace', 'sweep'], text: 'Prints one JSON object at the end, in place of everything else.' },
  stdio: { of: ['serve'], text: 'Serves over stdin and stdout.' },
  pipe: { of: ['serve'], value: 'PATH', completes: 'file', text: 'Connects to this socket or named pipe.' },
  socket: { of: ['serve'], value: 'PORT', text: 'Connects to this TCP port of this machine.' },
  listen: { of: ['serve'], value: 'ADDRESS', text: 'Listens for clients, which speak WebSocket or HTTP, at a HOST:PORT such as 127.0.0.1:7070, or at unix:PATH, a socket that only you can reach. A port needs --token-file.' },
  'token-file': { of: ['serve', 'connect', 'dap'], value: 'FILE', completes: 'file', text: 'The file with the token that every client of --listen has to send. It must be yours, and closed to others (chmod 600). To make one: (umask 077; openssl rand -hex 32 > FILE). For connect and dap --connect the variable CODEBEAKER_TOKEN can have the token instead.' },
  ca: { of: ['connect', 'dap'], value: 'FILE', completes: 'file', text: 'The certificates, in PEM, of the authorities that are trusted to know the daemon. Default: those that are known everywhere.' },
  'same-machine': { of: ['connect', 'dap'], text: 'The daemon is on this machine: it gets folders themselves, of those that it was started with as --share, and ports that it opens are reached here. Without it, it gets the contents of folders, and opens no ports.' },
  'tls-cert': { of: ['serve'], value: 'FILE', completes: 'file', text: 'The certificate with which a daemon that listens speaks TLS, and those of its authorities, in PEM. It needs --tls-key. SIGHUP has these files, and the token, read again.' },
  'tls-key': { of: ['serve'], value: 'FILE', completes: 'file', text: 'The key of --tls-cert, in PEM.' },
  share: { of: ['serve'], value: 'FOLDER', many: true, completes: 'folder', text: 'A folder of this machine, of which clients of a daemon that listens may share what is open in them with sandboxes. Default: none.' },
  'allow-origin': { of: ['serve'], value: 'ORIGIN', many: true, text: 'Web pages of this origin, such as https://example.com, may use a daemon that listens, if they have the token.' },
  'allow-host': { of: ['serve'], value: 'NAME', many: true, text: 'A name by which clients call a daemon that listens. Without it: localhost and addresses.' },
  'max-connections': { of: ['serve'], value: 'N', text: 'So many clients may be connected to a daemon that listens. Default: 64.' },
  clientProcessId: { of: ['serve'], value: 'PID', text: 'Exits when this process has ended.' },
  'dry-run': { of: ['sweep'], text: 'Shows what would be removed, and why, and removes nothing.' },
  'log-level': { of: ['run', 'dap', 'serve'], value: 'LEVEL', text: 'The least severe messages of the log: error, warn, info or debug. Default: log.level of the configuration, or warn.' },
  'log-file': { of: ['run', 'dap', 'serve'], value: 'FILE', completes: 'file', text: 'The file to which the log is written. Default: log.file of the configuration, or stderr.' },
  'log-format': { of: ['run', 'dap', 'serve'], value: 'FORMAT', text: 'text, or json for one JSON object a line. Default: log.format of the configuration, or text.' },
  record: { of: ['serve'], value: 'FILE', completes: 'file', text: 'Writes every message in both directions to this file, for codebeaker trace; with --listen those of all connections, each with its number. Code, the contents of files and the collected output of programs are in it; secrets, variables, input and streamed output are not.' },
  connect: { of: ['dap'], value: 'URL', text: 'A daemon that runs already has the sandbox, in place of one that is started for this program alone: the address as for codebeaker connect.' },
  terminal: { of: ['dap'], value: 'SOCKET', text: 'Shows the terminal of a program that is debugged, in the terminal in which an editor starts this because codebeaker dap has asked for it.' },
  sweep: { of: ['bury'], value: 'ID', text: 'The id of the daemon.' },
  config: { value: 'FILE', completes: 'file', text: 'The configuration. Default: $CODEBEAKER_CONFIG, then ~/.config/codebeaker/config.json.' },
  help: { short: 'h', text: 'Shows the options of the command.' },
  version: { short: 'v', text: 'Shows the version.' },
} as const satisfies Readonly<Record<string, OptionRow>>;

export type OptionName = keyof typeof options;
export const optionNames = Object.keys(options) as readonly OptionName[];
export const rowOf = (name: OptionName): OptionRow => options[name];

/** The options of one command, without those that all commands have. */
export function optionsOf(command: CommandName): OptionName[] {
  return optionNames.filter((name) => rowOf(name).of?.includes(command));
}

/** The options that all commands have. */
export const commonOptions: readonly OptionName[] = optionNames.filter((name) => !rowOf(name).of);

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];
