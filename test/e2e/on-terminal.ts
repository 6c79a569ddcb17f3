/** Runs a program of this machine on a terminal, as an editor does that is asked to. */
import { type ChildProcess, spawn } from 'node:child_process';
import { type Probe, program } from '../require.ts';

/** Python has what Node has not: a terminal. */
const keeper = `
import fcntl, os, pty, select, struct, sys, termios
columns, rows, *command = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
def resize(columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))
resize(columns, rows)
sources = [0, terminal]
while terminal in sources:
    for source in select.select(sources, [], [])[0]:
        try:
            data = os.read(source, 65536)
        except OSError:
            data = b""
        if not data:
            sources.remove(source)
        elif source == terminal:
            os.write(1, data)
        elif data.startswith(b"\\0size "):
            size, _, data = data[6:].partition(b"\\n")
            resize(*size.split())
            os.write(terminal, data)
        else:
            os.write(terminal, data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

export const hasTerminals: Probe = program('python3');

export class OnTerminal {
  readonly child: ChildProcess;
  /** Resolves when it has ended and all that it showed has arrived. */
  readonly exited: Promise<number | null>;
  /** What the terminal shows. */
  shown = '';

  constructor(command: readonly string[], env: NodeJS.ProcessEnv, { cols, rows }: { cols: number; rows: number }) {
    this.child = spawn('python3', ['-c', keeper, String(cols), String(rows), ...command], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdout?.on('data', (chunk: Buffer) => void (this.shown += chunk.toString()));
    this.child.stdin?.on('error', () => undefined);
    this.exited = new Promise((resolve) => this.child.once('close', (code) => resolve(code)));
  }

  type(text: string): void {
    this.child.stdin?.write(text);
  }

  resize(cols: number, rows: number): void {
    this.child.stdin?.write(`\0size ${cols} ${rows}\n`);
  }
}
