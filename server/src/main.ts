/** The entry point of the process. Only this file and cli/ know its arguments, streams, signals and exit codes. */
import { fstatSync } from 'node:fs';
import { hostname } from 'node:os';
import { inspect } from 'node:util';
import { systemClock } from './base/clock.ts';
import { homeFolder } from './base/home.ts';
import { ConfigError } from './policy/config-file.ts';
import { type Arguments, parseArguments } from './cli/arguments.ts';
import { createDaemon } from './cli/daemon.ts';
import { Exit } from './cli/exit-codes.ts';
import type { EndSignal } from './cli/interrupts.ts';
import { UsageError } from './cli/quantities.ts';
import type { Surroundings } from './cli/surroundings.ts';
import { isAlive } from './cli/watch.ts';

const surroundings: Surroundings = {
  env: process.env,
  home: homeFolder(),
  hostname: hostname(),
  platform: process.platform,
  process,
  uid: process.getuid?.() ?? -1,
  clock: systemClock,
  version: typeof __VERSION__ === 'undefined' ? '0.0.0-source' : __VERSION__,
  self: [process.execPath, process.argv[1] ?? ''],
  alive: (pid) => isAlive(pid, (id, signal) => process.kill(id, signal)),
  writeLog: (line) => void stderr().write(`${line}\n`),
};

/**
 * So many names are resolved at once: one for each of the sessions that are open at most by default, and one for each
 * installation of packages (see network/lookups.ts). A name whose servers are silent keeps its thread, so with fewer threads some sessions could
 * keep the others from the network.
 */
const LOOKUPS = 19;

/** `started` is called when `initialize` has been answered. */
export function main(started: () => void): void {
  // Node makes its threads when it first needs one, and gives about half of them to the system's resolver.
  process.env.UV_THREADPOOL_SIZE ??= `${2 * LOOKUPS - 1}`;
  process.stdout.on('error', ignore);
  process.once('beforeExit', abandoned);
  void run(process.argv.slice(2), started).then((code) => {
    process.off('beforeExit', abandoned);
    process.exitCode = code;
  }, crash);
}

/** Nothing is left for which the process could wait, and the work has neither succeeded nor failed. */
function abandoned(): void {
  stderr().write('codebeaker: there is an error in CodeBeaker itself: it waits for something that will never happen\n');
  process.exitCode = Exit.fault;
}

/** Node itself would also print the line of the bundle, which is very long. */
function crash(fault: unknown): void {
  stderr().write(`codebeaker: there is an error in CodeBeaker itself: ${inspect(fault)}\n`);
  process.exit(Exit.fault);
}

async function run(argv: readonly string[], started: () => void): Promise<number> {
  // A command line that is wrong says no more than this.
  let wantsJson = argv.includes('--json');
  try {
    const args = argumentsOf(argv);
    wantsJson = 'json' in args && args.json;
    return await dispatch(args, started);
  } catch (fault) {
    if (!(fault instanceof UsageError || fault instanceof ConfigError)) throw fault;
    const isUsage = fault instanceof UsageError;
    stderr().write(`codebeaker: ${fault.message}${isUsage ? '; codebeaker --help shows what can be typed' : ''}\n`);
    if (wantsJson) await print(`${JSON.stringify({ outcome: 'notStarted', exitCode: null, signal: null, error: { message: fault.message } })}\n`);
    return codeOfFault(fault);
  }
}

/** What is wrong with the command line of a debug adapter is told to the editor as well, which shows what its `launch` is refused with. */
function argumentsOf(argv: readonly string[]): Arguments {
  try {
    return parseArguments(argv);
  } catch (fault) {
    if (argv[0] !== 'dap' || !(fault instanceof UsageError)) throw fault;
    return { ...(parseArguments(['dap']) as Extract<Arguments, { command: 'dap' }>), wrong: fault };
  }
}

/** The exit code where nothing could begin. Any other fault is one of CodeBeaker's own. */
function codeOfFault(fault: unknown): number {
  return fault instanceof UsageError ? Exit.usage : fault instanceof ConfigError ? Exit.config : Exit.fault;
}

async function dispatch(args: Arguments, started: () => void): Promise<number> {
  switch (args.command) {
    case 'help':
      return print((await import('./cli/help.ts')).help(args.topic));
    case 'version':
      return print(`codebeaker ${surroundings.version}\n`);
    case 'man':
      return print((await import('./cli/man.ts')).manPage(surroundings.version));
    case 'completion':
      return print((await import('./cli/completion.ts')).completion(args.shell));
    case 'serve': {
      const { serve } = await import('./cli/serve.ts');
      return serve(surroundings, args, process, { stderr, started });
    }
    case 'listen': {
      const { listen } = await import('./cli/listen.ts');
      return listen(surroundings, args, process, print);
    }
    case 'connect': {
      const { connect } = await import('./cli/connect.ts');
      return connect(surroundings, args, process, stderr);
    }
    case 'run': {
      const [{ run: runFile }, { showUnchanged }] = await Promise.all([import('./cli/run.ts'), import('./cli/unchanged.ts')]);
      const daemon = await createDaemon(surroundings, args.config, { typed: args.reach.network.mode === 'none' ? [] : [args.reach.network.mode], logging: args.log });
      const { stdin, stdout } = process;
      return runFile(daemon, surroundings, args, { stdin, stdout, stderr: stderr(), oneOutput: isOneFile(1, 2), showUnchanged: () => showUnchanged(stdin), onSignal });
    }
    case 'dap': {
      const { stdin, stdout } = process;
      if (args.terminal !== undefined) {
        const [{ showTerminal }, { showUnchanged }] = await Promise.all([import('./cli/dap-screen.ts'), import('./cli/unchanged.ts')]);
        return showTerminal(args.terminal, { stdin, stdout, stderr: stderr(), showUnchanged: () => showUnchanged(stdin) });
      }
      const [{ dap }, { dapDaemon }] = await Promise.all([import('./cli/dap.ts'), import('./cli/dap-daemon.ts')]);
      return dap(args.wrong ? Promise.reject(args.wrong) : dapDaemon(surroundings, { elsewhere: args.elsewhere, config: args.config, typed: args.networkModes, logging: args.log }), surroundings, args.language, { stdin, stdout, stderr }, codeOfFault);
    }
    case 'doctor': {
      const { doctor } = await import('./cli/doctor.ts');
      return doctor(await createDaemon(surroundings, args.config), surroundings, args.json, print);
    }
    case 'cache': {
      const { cache } = await import('./cli/cache.ts');
      return cache(surroundings, args, print);
    }
    case 'audit': {
      const { audit } = await import('./cli/audit.ts');
      return audit(surroundings, args, print);
    }
    case 'usage': {
      const { usage } = await import('./cli/usage.ts');
      return usage(surroundings, args, process.stdin, print);
    }
    case 'history': {
      const { history } = await import('./cli/history.ts');
      const { stdin, stdout } = process;
      const terminal = { stdin, stdout, stderr: stderr(), oneOutput: isOneFile(1, 2), onSignal };
      return history(surroundings, args, { print, terminal, run: (argv) => dispatch(parseArguments(argv), started), daemon: () => createDaemon(surroundings, args.config) });
    }
    case 'scan': {
      const { scan } = await import('./cli/scan.ts');
      return scan(surroundings, args, print);
    }
    case 'trace': {
      const { trace } = await import('./cli/trace.ts');
      return trace(args, print);
    }
    case 'config': {
      const { config } = await import('./cli/config.ts');
      return config(surroundings, args, print);
    }
    case 'sweep': {
      const { sweep } = await import('./cli/sweep.ts');
      return sweep(surroundings, args, print);
    }
    case 'bury': {
      const { bury } = await import('./cli/bury.ts');
      return bury(surroundings, args.daemonId, args.config);
    }
  }
}

/** Node creates the stream when it is first used, and most starts never use it. */
function stderr(): NodeJS.WriteStream {
  const { stderr: stream } = process;
  if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore);
  return stream;
}

/** It is no error if the reader of a stream goes away. Code that needs the reader listens for errors itself. */
function ignore(): void {
  return undefined;
}

/** Writes to stdout. @returns the exit code: a text that cannot be written is an error, unless nobody wants to read it */
async function print(text: string): Promise<number> {
  const fault = await new Promise<NodeJS.ErrnoException | null | undefined>((resolve) => void process.stdout.write(text, resolve));
  if (!fault || fault.code === 'EPIPE') return 0;
  stderr().write(`codebeaker: the output cannot be written: ${fault.code}\n`);
  return Exit.fault;
}

/** Whether two descriptors are of the same file, as stdout and stderr are after `2>&1`. */
function isOneFile(first: number, second: number): boolean {
  try {
    const [a, b] = [fstatSync(first, { bigint: true }), fstatSync(second, { bigint: true })];
    return a.dev === b.dev && a.ino === b.ino;
  } catch {
    return false;
  }
}

function onSignal(callback: (signal: EndSignal) => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, callback);
  return () => {
    for (const signal of signals) process.off(signal, callback);
  };
}
