/**
 * A program in Deno. Deno's inspector has no channel within the process, so it listens at loopback, which is that of the
 * sandbox: no other program of the sandbox may use the network there.
 */
import { createServer, type AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { LateEvents } from './late-events.ts';
import { Spawned } from './spawned.ts';
import { environmentFor, type Host, type Program, type ProgramEvents } from './program.ts';
import { ScriptGates } from './script-gates.ts';
import { shorten } from './shorten.ts';
import { WebSocketClient } from './web-socket.ts';

/** The command line that runs the program, as a list in JSON. Its option `--inspect-wait` names an address without a port. */
export const COMMAND_VARIABLE = 'CODEBEAKER_DEBUGGEE';

/** How often it is looked whether the inspector listens, in milliseconds. */
const LOOK_MS = 4;
/** It listens so soon, if it ever does. */
const LISTENS_MS = 20_000;
/** A longer message may have huge strings in it. */
const LONG_MESSAGE = 100_000;
const INSPECT = '--inspect-wait=';

/**
 * Starts the program at once, since its command line is known, and returns what launches programs: the first time this one,
 * which waits for its inspector's client, and later ones that are started then.
 */
export function startingInDeno(parts: Pick<Host, 'process'>): Host['start'] {
  const events = new LateEvents();
  let waiting: Promise<Begin | undefined> | undefined = startInDeno(parts, events).catch(() => undefined);
  return async (_launch, host, wanted) => {
    const first = await waiting;
    waiting = undefined;
    if (!first || events.over) return (await startInDeno(host, wanted))();
    events.go(wanted);
    return first();
  };
}

/** Becomes the client of the inspector, for which a program waits. */
type Begin = () => Promise<Program>;

/** Resolves when the inspector listens. @throws Error where the program ends before that */
async function startInDeno({ process }: Pick<Host, 'process'>, events: ProgramEvents): Promise<Begin> {
  // The sandbox has made the command line and the variables. What `launch` names is for a program alone, and Deno itself would obey it.
  const { [COMMAND_VARIABLE]: said = '[]', ...env } = environmentFor({}, { process });
  const port = await freePort();
  const command = (JSON.parse(said) as string[]).map((word) => (word.startsWith(INSPECT) ? `${word}:${port}` : word));
  let isOver = false;
  const ended = (exitCode: number) => {
    isOver = true;
    events.ended(exitCode);
  };
  const spawned = await Spawned.start({ command, cwd: undefined, env, channel: false, terminal: false }, process, { output: (...all) => events.output(...all), ended });
  const path = await listens(port, () => isOver).catch((fault: unknown) => {
    spawned.kill();
    throw fault;
  });
  return async () => {
    const conversation = new Conversation(`file://${dirname(command[0] ?? '')}/`, events);
    await conversation.begin(port, path);
    return Object.assign(spawned, { send: (text: string) => conversation.send(text) });
  };
}

/** Resolves with the path of the inspector. @throws Error where the program ends before its inspector listens, or that never does */
async function listens(port: number, isOver: () => boolean): Promise<string> {
  for (const begin = performance.now(); performance.now() - begin < LISTENS_MS;) {
    if (isOver()) throw new Error('The program has ended before it could be debugged.');
    const path = await pathAt(port);
    if (path !== undefined) return path;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`The inspector of Deno has not listened within ${LISTENS_MS / 1000} s.`);
}

/** No other program of the sandbox can take it in between. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** The path of the inspector there. undefined: nothing listens there yet. */
async function pathAt(port: number): Promise<string | undefined> {
  try {
    const targets = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as readonly { readonly webSocketDebuggerUrl: string }[];
    return new URL(targets[0]?.webSocketDebuggerUrl ?? '').pathname;
  } catch {
    return undefined;
  }
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly result?: object;
  readonly params?: { readonly url?: string; readonly executionContextId?: number; readonly context?: { readonly id: number } };
}

/** Makes of the inspector of Deno what the bridge expects. */
class Conversation {
  #socket: WebSocketClient | undefined;
  /** What is in this folder is a part of Deno. */
  readonly #own: string;
  readonly #events: ProgramEvents;
  readonly #gates: ScriptGates;
  #main: number | undefined;

  constructor(own: string, events: ProgramEvents) {
    this.#own = own;
    this.#events = events;
    this.#gates = new ScriptGates((text) => this.#socket?.send(text), (text) => events.message(text));
  }

  async begin(port: number, path: string): Promise<void> {
    this.#socket = await WebSocketClient.open(port, path, { message: (text) => this.#take(text), closed: () => undefined });
  }

  send(text: string): void {
    if (!this.#gates.asked(text)) this.#socket?.send(text);
  }

  #take(text: string): void {
    const event = /^\{"method":"([\w.]+)"/.exec(text)?.[1];
    if (event === undefined) this.#answer(text);
    else if (event === 'Debugger.scriptParsed') this.#events.message(text.includes(this.#own) ? this.#internal(text) : text);
    else if (event.startsWith('Runtime.executionContext')) this.#context(JSON.parse(text) as Message, text);
    else if (!this.#gates.told(text, event)) this.#events.message(text);
  }

  #answer(text: string): void {
    if (text.length < LONG_MESSAGE) return void (this.#gates.answered(text) || this.#events.message(text));
    const message = JSON.parse(text) as Message;
    this.#events.message(JSON.stringify({ ...message, ...(message.result ? { result: shorten(message.result) } : {}) }));
  }

  #internal(text: string): string {
    const message = JSON.parse(text) as Message;
    const { url = '' } = message.params ?? {};
    return url.startsWith(this.#own) ? JSON.stringify({ ...message, params: { ...message.params, url: `node:${url}` } }) : text;
  }

  #context({ method, params = {} }: Message, text: string): void {
    this.#events.message(text);
    if (method === 'Runtime.executionContextCreated') this.#main ??= params.context?.id;
    // The program has ended, and waits for those who debug it.
    if (method === 'Runtime.executionContextDestroyed' && params.executionContextId === this.#main) this.#socket?.close();
  }
}
