/** The process: arguments, streams, signals, exit codes. Nothing below knows them. */
import { homedir, hostname } from 'node:os';
import { inspect } from 'node:util';
import { systemClock } from './base/clock.ts';
import { ConfigError } from './policy/config-file.ts';
import { type Arguments, parseArguments, usage, UsageError } from './cli/arguments.ts';
import { createDaemon } from './cli/daemon.ts';
import type { Surroundings } from './cli/surroundings.ts';
import { isAlive } from './cli/watch.ts';

const EXIT_FAULT = 1;
const EXIT_USAGE = 2;

const surroundings: Surroundings = {
  env: process.env,
  home: homedir(),
  hostname: hostname(),
  platform: process.platform,
  pid: process.pid,
  uid: process.getuid?.() ?? -1,
  clock: systemClock,
  version: typeof __VERSION__ === 'undefined' ? '0.0.0-source' : __VERSION__,
  self: [process.execPath, process.argv[1] ?? ''],
  alive: (pid) => isAlive(pid, (id, signal) => process.kill(id, signal)),
  writeLog: (line) => void stderr().write(`${line}\n`),
};

/** `started` is called when `initialize` has been answered. */
export function main(started: () => void): void {
  process.stdout.on('error', ignore);
  void run(process.argv.slice(2), started).then((code) => (process.exitCode = code), crash);
}

/** Node would print the line of the bundle as well, which is a long one. */
function crash(fault: unknown): void {
  stderr().write(`codebeaker: a fault of ours: ${inspect(fault)}\n`);
  process.exit(EXIT_FAULT);
}

async function run(argv: readonly string[], started: () => void): Promise<number> {
  try {
    return await dispatch(parseArguments(argv), started);
  } catch (fault) {
    if (fault instanceof UsageError) {
      stderr().write(`codebeaker: ${fault.message}\n\n${usage}`);
      return EXIT_USAGE;
    }
    if (fault instanceof ConfigError) {
      stderr().write(`codebeaker: ${fault.message}\n`);
      return EXIT_USAGE;
    }
    throw fault;
  }
}

async function dispatch(args: Arguments, started: () => void): Promise<number> {
  switch (args.command) {
    case 'help':
      process.stdout.write(usage);
      return 0;
    case 'version':
      process.stdout.write(`codebeaker ${surroundings.version}\n`);
      return 0;
    case 'serve': {
      const { serve } = await import('./cli/serve.ts');
      return serve(surroundings, args, process, { stderr, started });
    }
    case 'run': {
      const { run: runFile } = await import('./cli/run.ts');
      const daemon = await createDaemon(surroundings, args.config);
      return runFile(daemon, surroundings, args, { stdin: process.stdin, stdout: process.stdout, stderr: stderr(), onInterrupt });
    }
    case 'doctor': {
      const { doctor } = await import('./cli/doctor.ts');
      return doctor(await createDaemon(surroundings, args.config), surroundings.clock, args.json, (text) => void process.stdout.write(text));
    }
    case 'sweep': {
      const { sweep } = await import('./cli/sweep.ts');
      return sweep(surroundings, args.daemonId, args.config);
    }
  }
}

/** Made when something is to be told: for most starts that is never. */
function stderr(): NodeJS.WriteStream {
  const { stderr: stream } = process;
  if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore);
  return stream;
}

/** A reader that has gone is no fault: who writes what must be read looks for itself. */
function ignore(): void {
  return undefined;
}

/** The first Ctrl-C is the callback's; a second one ends us at once, and the leases take the sandboxes along. */
function onInterrupt(callback: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const first = () => {
    stop();
    callback();
  };
  const stop = () => {
    for (const signal of signals) process.off(signal, first);
  };
  for (const signal of signals) process.on(signal, first);
  return stop;
}
