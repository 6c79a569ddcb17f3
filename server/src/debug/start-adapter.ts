/** Starts the adapter of a conversation, whichever way it speaks. */
import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '../base/clock.ts';
import type { Environment } from '../protocol/index.ts';
import type { Exit, Process, Program, Sandbox, Sink } from '../runtime/ports.ts';
import type { DebugLanguage, FoundAdapter, LaunchRequest } from './adapter.ts';
import type { Unbuilt } from './build.ts';
import { startConnected } from './connected.ts';
import type { Exchange } from './exchange.ts';
import { type ReadyAdapter, wake } from './ready-adapter.ts';
import { StandIn } from './stand-in.ts';
import { type Terminal, withoutFarewell } from './terminal.ts';

/** What is started. */
export interface AdapterStart {
  readonly found: FoundAdapter;
  /** The adapter itself, if it has waited. */
  readonly ready: ReadyAdapter | undefined;
  readonly launch: LaunchRequest;
  readonly row: DebugLanguage;
  readonly cwd: string;
  readonly env: Environment;
  /** Is there if the program could not be built. */
  readonly unbuilt: Unbuilt | undefined;
  /** That of the program. undefined: it has none. */
  readonly terminal: Terminal | undefined;
}

export interface AdapterPlace {
  readonly sandbox: Pick<Sandbox, 'listen' | 'start'>;
  readonly clock: Clock;
  /** Takes the messages of the adapter. */
  readonly messages: Sink;
  readonly exchange: Pick<Exchange, 'fromAdapter'>;
  /** Takes what is printed in the terminal. */
  readonly shown: Sink;
  readonly stop: AbortSignal;
}

/** The program; of an adapter that connects, but for its command, which needs the port. */
export function programOf({ found: { command, inSandbox }, cwd, env, terminal }: AdapterStart): Program {
  return typeof command === 'function' ? { command: [], cwd, env, stdin: 'none', pty: terminal?.size } : { command, cwd, env, stdin: 'open', pty: undefined, ...(inSandbox ? { debugger: true } : {}) };
}

/** Starts `program`, as `programOf` makes it. Resolves with a process whose stdin and stdout carry the messages. @throws ProtocolError as `Sandbox.start` and `Sandbox.listen` */
export async function startAdapter(start: AdapterStart, program: Program, { sandbox, clock, messages, exchange, shown, stop }: AdapterPlace): Promise<Process> {
  const { found, ready, row, launch, unbuilt, terminal } = start;
  const { command } = found;
  if (unbuilt !== undefined) return new StandIn({ sink: messages, ...unbuilt, exit: { kind: 'exited', code: 1 } });
  const printed = terminal ? withoutFarewell(shown, found.farewell) : printedTo(exchange);
  if (ready) {
    const adapter = await ready.go({ messages, printed });
    return row.inProgram ? inProgram(adapter, exchange) : adapter;
  }
  if (typeof command !== 'function') {
    terminal?.open({ sandbox, env: program.env, sink: shown, stop });
    return wake(await sandbox.start(program, messages, stop), found);
  }
  const { adapter, program: child } = await startConnected({ sandbox, clock, program: (port) => ({ ...program, command: command(port, launch) }), messages, printed, stop });
  if (program.pty) await terminal?.hold(child, program.pty);
  return row.inProgram ? inProgram(adapter, exchange) : adapter;
}

/** What comes on the streams of the program is told as adapters tell it. */
function printedTo(exchange: AdapterPlace['exchange']): Sink {
  const decoders = { stdout: new StringDecoder(), stderr: new StringDecoder(), pty: new StringDecoder() };
  return (stream, chunk) => {
    const output = decoders[stream].write(chunk);
    return output === '' ? undefined : exchange.fromAdapter({ seq: 0, type: 'event', event: 'output', body: { category: stream, output } });
  };
}

/** An adapter that is a part of its program: where the program has exited by itself, its client is told the exit code. */
function inProgram(adapter: Process, exchange: AdapterPlace['exchange']): Process {
  /** Whether nobody needs it any more. */
  let left = false;
  const exited = adapter.exited.then(async (exit): Promise<Exit> => {
    if (!left && exit.kind === 'exited') await exchange.fromAdapter({ seq: 0, type: 'event', event: 'exited', body: { exitCode: exit.code } });
    return exit;
  });
  return {
    ...adapter,
    exited,
    kill: (graceMs) => {
      left = true;
      return adapter.kill(graceMs);
    },
    end: () => {
      left = true;
      adapter.end();
    },
  };
}
