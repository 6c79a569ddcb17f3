/** `codebeaker dap --terminal SOCKET`: shows the terminal of a program that is debugged, in the terminal in which an editor has started this. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Said } from './dap-terminal.ts';
import { Exit } from './exit-codes.ts';
import { sizeOf } from './screen.ts';
import type { Terminal } from './streams.ts';

/** @returns the exit code, when the program has ended */
export async function showTerminal(path: string, { stdin, stdout, stderr, showUnchanged }: Pick<Terminal, 'stdin' | 'stdout' | 'stderr' | 'showUnchanged'>): Promise<number> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
  } catch {
    stderr.write('codebeaker: nothing is debugged any more that this terminal could show\n');
    return Exit.notStarted;
  }
  // However it is cut off, nothing more comes.
  const closed = once(socket, 'close').catch(() => undefined);
  const say = (said: Said) => void socket.write(`${JSON.stringify(said)}\n`);
  const resize = () => say(sizeOf(stdout));
  const type = (chunk: Buffer) => say({ input: chunk.toString('base64') });
  const raw = stdin.isTTY === true;
  if (raw) {
    stdin.setRawMode?.(true);
    await showUnchanged();
  }
  resize();
  stdout.on('resize', resize);
  stdin.on('data', type);
  socket.on('data', (chunk: Buffer) => {
    if (!stdout.write(chunk)) {
      socket.pause();
      stdout.once('drain', () => socket.resume());
    }
  });
  await closed;
  stdin.off('data', type);
  stdout.off('resize', resize);
  if (raw) stdin.setRawMode?.(false);
  stdin.destroy();
  return 0;
}
