/** Connects the streams of `codebeaker run` with those of the program: output to stdout and stderr, stdin to input. */
import { isUtf8 } from 'node:buffer';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { CommandAck, CommandInput, CommandOutput, type CommandOutputParams, DrainCommand } from '../protocol/index.ts';
import type { EndSignal } from './interrupts.ts';

export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean; readonly isRaw?: boolean; destroy(): unknown; setRawMode?(raw: boolean): unknown };
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Whether stdout and stderr are the same file, as after `2>&1`. */
  readonly oneOutput: boolean;
  /** From now on, and until the raw mode ends, the terminal shows what is written to it as it is. */
  showUnchanged(): Promise<void>;
  /** Calls `callback` for every signal that asks the process to end. After the returned function is called, they end the process. */
  onSignal(callback: (signal: EndSignal) => void): () => void;
}

/** How much input is sent before waiting until the program has taken it. */
const INPUT_WINDOW_BYTES = 8 * 1024 * 1024;

/** Writes output unchanged, and gives it to `heard`. It is acknowledged when stdout has taken it, so that a slow reader slows down the program. */
export function showOutput(connection: MessageConnection, { stdout, stderr }: Pick<Terminal, 'stdout' | 'stderr'>, heard: (bytes: Buffer) => void): void {
  connection.onNotification(CommandOutput.name, (piece: CommandOutputParams) => {
    const bytes = bytesOf(piece);
    heard(bytes);
    (piece.stream === 'stderr' ? stderr : stdout).write(bytes, () => void acknowledge(connection, piece));
  });
}

/** What a stream contained: text if it is valid UTF-8, base64 if it is not. */
interface Collected {
  readonly stdout: string;
  readonly stdoutEncoding: 'utf-8' | 'base64';
  readonly stderr: string;
  readonly stderrEncoding: 'utf-8' | 'base64';
}

/** Collects output while the program runs. The returned function gives what has come so far. */
export function collectOutput(connection: MessageConnection): () => Collected {
  const pieces: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
  connection.onNotification(CommandOutput.name, (piece: CommandOutputParams) => {
    pieces[piece.stream === 'stderr' ? 'stderr' : 'stdout'].push(bytesOf(piece));
    void acknowledge(connection, piece);
  });
  return () => {
    const [stdout, stderr] = [pieces.stdout, pieces.stderr].map((all) => encoded(Buffer.concat(all))) as [Encoded, Encoded];
    return { stdout: stdout.text, stdoutEncoding: stdout.encoding, stderr: stderr.text, stderrEncoding: stderr.encoding };
  };
}

interface Encoded {
  readonly text: string;
  readonly encoding: 'utf-8' | 'base64';
}

function encoded(bytes: Buffer): Encoded {
  return isUtf8(bytes) ? { text: bytes.toString(), encoding: 'utf-8' } : { text: bytes.toString('base64'), encoding: 'base64' };
}

const bytesOf = ({ data, encoding }: CommandOutputParams) => Buffer.from(data, encoding === 'base64' ? 'base64' : 'utf8');

const acknowledge = (connection: MessageConnection, { commandId, seq }: CommandOutputParams) => send(connection, CommandAck.name, { commandId, seq });

export interface Input {
  /** Takes a piece of input that is not for the program. */
  readonly takes?: (bytes: Buffer) => boolean;
  /** Sees every piece of input before it is sent. */
  readonly heard?: (bytes: Buffer) => void;
  /** What is sent when stdin has ended, before the input is closed. */
  readonly last?: () => string;
}

/** Sends stdin no faster than the program takes it, until stdin ends or the returned function is called. */
export function passInput(connection: MessageConnection, commandId: string, stdin: Terminal['stdin'], { takes, heard, last = () => '' }: Input = {}): () => void {
  const input = (params: { data: string; encoding?: 'base64'; end?: boolean }) => send(connection, CommandInput.name, { commandId, ...params });
  const pass = async () => {
    let untaken = 0;
    for await (const chunk of stdin) {
      const bytes = Buffer.from(chunk);
      heard?.(bytes);
      if (takes?.(bytes)) continue;
      await input({ data: bytes.toString('base64'), encoding: 'base64' });
      untaken += bytes.length;
      if (untaken < INPUT_WINDOW_BYTES) continue;
      await connection.sendRequest(DrainCommand.name, { commandId });
      untaken = 0;
    }
  };
  // If stdin cannot be read any more, the input has ended.
  void pass().catch(() => undefined).then(() => input({ data: last(), end: true }));
  return () => void stdin.destroy();
}

/** Never rejects: after the connection has closed, nothing needs to be sent any more. */
export async function send(connection: MessageConnection, method: string, params: object): Promise<void> {
  try {
    await connection.sendNotification(method, params);
  } catch {
    // The connection has closed.
  }
}
