/** The terminal of the person as the terminal of the program: its size, its keys, and the way out. */
import type { MessageConnection } from 'vscode-jsonrpc/node';
import type { Clock } from '../base/clock.ts';
import { CommandResize } from '../protocol/index.ts';
import { type Input, send, type Terminal } from './streams.ts';

const CTRL_C = 3;
/** So many times Ctrl-C within this time end the program, whatever it does with the key. */
const PRESSES = 3;
const WITHIN_MS = 2_000;
/** Ends the input of a program on a terminal, as Ctrl-D does. */
const CTRL_D = '\x04';

export interface Size {
  readonly cols: number;
  readonly rows: number;
}

export function sizeOf({ columns, rows }: NodeJS.WriteStream): Size {
  return { cols: columns || 80, rows: rows || 24 };
}

/** Whether the program runs on a terminal if nobody says so. */
export function isTerminal({ stdin, stdout }: Terminal): boolean {
  return stdin.isTTY === true && stdout.isTTY;
}

export interface Attached {
  readonly input: Input;
  detach(): void;
}

/** From now on every key goes to the program, and the terminal shows what the program's own terminal has made of its output. `end` is called when Ctrl-C was pressed several times. */
export async function attach(connection: MessageConnection, commandId: string, { stdin, stdout, showUnchanged }: Terminal, clock: Clock, end: () => void): Promise<Attached> {
  const raw = stdin.isTTY === true;
  const presses: number[] = [];
  const heard = (bytes: Buffer) => {
    for (const byte of bytes) if (byte === CTRL_C) presses.push(clock.monotonic());
    const from = presses.at(-PRESSES);
    if (from !== undefined && clock.monotonic() - from <= WITHIN_MS) end();
  };
  const resize = () => void send(connection, CommandResize.name, { commandId, ...sizeOf(stdout) });
  stdout.on('resize', resize);
  if (raw) {
    stdin.setRawMode?.(true);
    await showUnchanged();
  }
  let attached = true;
  return {
    input: { ...(raw && { heard }), last: () => (attached ? CTRL_D : '') },
    detach: () => {
      if (!attached) return;
      attached = false;
      stdout.off('resize', resize);
      if (raw) stdin.setRawMode?.(false);
    },
  };
}
