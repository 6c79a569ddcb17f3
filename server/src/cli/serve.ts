/** `codebeaker --stdio`, `--pipe` and `--socket`: serves one connection, and exits when it has ended. */
import { within } from '../base/clock.ts';
import { connect, type Connection } from '../wire/server.ts';
import { FramedTransport } from '../wire/framed.ts';
import type { OpenService } from '../wire/service.ts';
import type { TraceLevel } from '../wire/trace.ts';
import { takeStdout } from '../wire/stdout.ts';
import { type ByteStream, pipeStream, socketStream, stdioStream } from '../wire/streams.ts';
import { watchProcess } from './watch.ts';
import type { Arguments } from './arguments.ts';
import { createDaemon } from './daemon.ts';
import { endOnSignals } from './ending.ts';
import type { Surroundings } from './surroundings.ts';

type Serve = Extract<Arguments, { command: 'serve' }>;

/**
 * From when the connection begins to close, the daemon takes no longer to clean up and exit. Then the leases remove what
 * is left, so that every sandbox is gone within two seconds.
 */
const EXIT_DEADLINE_MS = 1_800;

/**
 * An editor that ends its daemon with a signal does not wait for it, and its person has gone. So nothing that runs is given
 * time to end by itself, unless the configuration says so (drain.deadlineMs).
 */
const AT_ONCE_MS = 0;

export interface ServeHooks {
  stderr(): NodeJS.WriteStream;
  /** Called when `initialize` has been answered, before anything changes V8's flags. */
  started(): void;
}

export async function serve(surroundings: Surroundings, args: Serve, process: NodeJS.Process, { stderr, started }: ServeHooks): Promise<number> {
  const { clock, version } = surroundings;
  const output = takeStdout(process.stdout, stderr);
  let stream: ByteStream;
  try {
    stream = await streamOf(args, process.stdin, output);
  } catch (fault) {
    surroundings.writeLog(`codebeaker: it cannot connect to the client (${(fault as { code?: string }).code ?? String(fault)})`);
    return 1;
  }
  const { record: file } = args;
  const record = file === undefined ? undefined : await import('./record-file.ts').then(({ recorder }) => recorder(file, surroundings)).catch((fault: unknown) => {
    stream.dispose();
    throw fault;
  });
  const daemon = await createDaemon(surroundings, args.config, { typed: args.networkModes, logging: args.log }).catch((fault: unknown) => {
    stream.dispose();
    throw fault;
  });
  const { log } = daemon;
  const framed = new FramedTransport(stream, log, daemon.sizes.messageBytes);
  const transport = record?.transport(framed) ?? framed;
  const stops: (() => void)[] = [];
  const leave = (why: string) => {
    log.info(`the daemon is ending, because ${why}`);
    void connection.close();
  };
  const watch = (pid: number) => stops.push(watchProcess(pid, clock, surroundings.alive, () => leave(`the process ${pid} has ended`)));
  const begun = async () => {
    started();
    (await import('./relief.ts')).relieve(stream.output);
  };
  let stopTracing = () => {};
  const onTrace = (level: TraceLevel) => {
    stopTracing();
    stopTracing = level === 'off' ? () => {} : daemon.lowerLog(level === 'verbose' ? 'debug' : 'info');
  };
  let exitBy = Infinity;
  const onClosing = () => (exitBy = clock.monotonic() + EXIT_DEADLINE_MS);
  const connection: Connection = connect(transport, announcing(daemon.openSole, begun), { log, clock, version, onClientProcess: watch, onClosing, onTrace, refused: daemon.refused, unread: daemon.unread, channels: { pipe: pipeStream } });
  daemon.watch();
  if (args.clientProcessId !== undefined) watch(args.clientProcessId);
  endOnSignals({ process, drain: (hurry) => daemon.drain(AT_ONCE_MS, hurry), end: (signal) => leave(`it received ${signal}`) });
  // The terminal in which the editor ran is gone.
  process.on('SIGHUP', () => leave('it received SIGHUP'));
  process.on('uncaughtException', (fault) => {
    log.error('there is an error in CodeBeaker itself', fault);
    leave('there is an error in CodeBeaker itself');
  });
  const code = await connection.done;
  for (const stop of stops) stop();
  const closed = daemon.close().catch((fault: unknown) => log.error('closing the daemon failed', fault));
  if (!(await within(clock, Math.max(0, exitBy - clock.monotonic()), closed))) log.error('cleaning up takes too long: the leases will remove what is left');
  process.exit(code);
}

/** Calls `begun` when `initialize` has been answered, before the service starts. */
function announcing(open: OpenService, begun: () => Promise<void>): OpenService {
  return async (...args) => {
    const service = await open(...args);
    const start = async () => {
      await begun();
      return service.start();
    };
    return { ...service, start };
  };
}

function streamOf({ transport }: Serve, stdin: NodeJS.ReadStream, output: ReturnType<typeof takeStdout>): Promise<ByteStream> {
  switch (transport.kind) {
    case 'stdio':
      return Promise.resolve(stdioStream(stdin, output));
    case 'pipe':
      return pipeStream(transport.path);
    case 'socket':
      return socketStream(transport.port);
  }
}
