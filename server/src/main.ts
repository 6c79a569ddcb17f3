/** The process: arguments, streams, signals, exit codes. Nothing below knows them. */
import { homedir, hostname } from 'node:os';
import { systemClock } from './base/clock.ts';
import { ConfigError } from './policy/config-file.ts';
import { type Arguments, parseArguments, usage, UsageError } from './cli/arguments.ts';
import { createDaemon, type Host } from './cli/daemon.ts';
import { isAlive } from './connection/watch.ts';

const EXIT_USAGE = 2;

const host: Host = {
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
  writeLog: (line) => void process.stderr.write(`${line}\n`),
};

// A reader that has gone is no fault: who writes what must be read looks for itself.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

/** `started` is called when a client is being served: from then on nothing waits for the start. */
export function main(started: () => void): void {
  void run(process.argv.slice(2), started).then((code) => (process.exitCode = code));
}

async function run(argv: readonly string[], started: () => void): Promise<number> {
  try {
    return await dispatch(parseArguments(argv), started);
  } catch (fault) {
    if (fault instanceof UsageError) {
      process.stderr.write(`codebeaker: ${fault.message}\n\n${usage}`);
      return EXIT_USAGE;
    }
    if (fault instanceof ConfigError) {
      process.stderr.write(`codebeaker: ${fault.message}\n`);
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
      process.stdout.write(`codebeaker ${host.version}\n`);
      return 0;
    case 'serve': {
      const { serve } = await import('./cli/serve.ts');
      return serve(host, args, process, started);
    }
    case 'run': {
      const { run: runFile } = await import('./cli/run.ts');
      const daemon = await createDaemon(host, args.config);
      return runFile(daemon, host, args, { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, onInterrupt });
    }
    case 'doctor': {
      const { doctor } = await import('./cli/doctor.ts');
      return doctor(await createDaemon(host, args.config), host.clock, args.json, (text) => void process.stdout.write(text));
    }
    case 'sweep': {
      const { sweep } = await import('./cli/sweep.ts');
      return sweep(host, args.daemonId, args.config);
    }
  }
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
