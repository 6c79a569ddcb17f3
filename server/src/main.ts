/** The entry point of the process. Only this file and cli/ know its arguments, streams, signals and exit codes. */
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

/** Node itself would also print the line of the bundle, which is very long. */
function crash(fault: unknown): void {
  stderr().write(`codebeaker: there is an error in CodeBeaker itself: ${inspect(fault)}\n`);
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

/** The first Ctrl-C calls `callback`. A second one ends the process at once, and the leases then remove the sandboxes. */
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
