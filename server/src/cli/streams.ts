/** Connects the streams of `codebeaker run` with those of the program: output to stdout and stderr, stdin to input. */
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { CommandAck, CommandInput, CommandOutput, type CommandOutputParams, DrainCommand } from '../protocol/index.ts';

export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { destroy(): unknown };
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Calls `callback` on Ctrl-C. Calling the returned function stops that. */
  onInterrupt(callback: () => void): () => void;
}

/** How much input is sent before waiting until the program has taken it. */
const INPUT_WINDOW_BYTES = 8 * 1024 * 1024;

/** Writes output unchanged. It is acknowledged when stdout has taken it, so that a slow reader slows down the program. */
export function showOutput(connection: MessageConnection, { stdout, stderr }: Pick<Terminal, 'stdout' | 'stderr'>): void {
  connection.onNotification(CommandOutput.name, (piece: CommandOutputParams) => {
    const bytes = Buffer.from(piece.data, piece.encoding === 'base64' ? 'base64' : 'utf8');
    (piece.stream === 'stderr' ? stderr : stdout).write(bytes, () => void acknowledge(connection, piece));
  });
}

/** Returns an object to which output is added while the program runs. */
export function collectOutput(connection: MessageConnection): { stdout: string; stderr: string } {
  const collected = { stdout: '', stderr: '' };
  connection.onNotification(CommandOutput.name, (piece: CommandOutputParams) => {
    collected[piece.stream === 'stderr' ? 'stderr' : 'stdout'] += piece.data;
    void acknowledge(connection, piece);
  });
  return collected;
}

const acknowledge = (connection: MessageConnection, { commandId, seq }: CommandOutputParams) => send(connection, CommandAck.name, { commandId, seq });

/** Sends stdin no faster than the program takes it, until stdin ends or the returned function is called. */
export function passInput(connection: MessageConnection, commandId: string, stdin: Terminal['stdin']): () => void {
  const input = (params: { data: string; encoding?: 'base64'; end?: boolean }) => send(connection, CommandInput.name, { commandId, ...params });
  const pass = async () => {
    let untaken = 0;
    for await (const chunk of stdin) {
      const bytes = Buffer.from(chunk);
      await input({ data: bytes.toString('base64'), encoding: 'base64' });
      untaken += bytes.length;
      if (untaken < INPUT_WINDOW_BYTES) continue;
      await connection.sendRequest(DrainCommand.name, { commandId });
      untaken = 0;
    }
  };
  // If stdin cannot be read any more, the input has ended.
  void pass().catch(() => undefined).then(() => input({ data: '', end: true }));
  return () => void stdin.destroy();
}

/** Never rejects: after the connection has closed, nothing needs to be sent any more. */
async function send(connection: MessageConnection, method: string, params: object): Promise<void> {
  try {
    await connection.sendNotification(method, params);
  } catch {
    // The connection has closed.
  }
}
