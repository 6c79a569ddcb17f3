/** A fake of a container's first process: it speaks as the held shell does, in the frames of Docker's attach stream. */
import type { Duplex } from 'node:stream';

/** The facts that the shell of a healthy container prints. */
export const goodFacts = `pid 7
Uid: 65534	65534	65534	65534
CapEff: 0000000000000000
CapBnd: 0000000000000000
NoNewPrivs: 1
Seccomp: 2
mount / overlay ro 0 0
mount /tmp tmpfs rw,size=65536k 0 0
mount /workspace tmpfs rw,size=65536k 0 0
net lo:
cgroup memory.max 67108864
cgroup pids.max 64
cgroup cpu.max 100000 100000
`;

export function frame(stream: 'stdout' | 'stderr', text: string): Buffer {
  const bytes = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = stream === 'stdout' ? 1 : 2;
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

/** Reads lines and reports at once that each program has ended with status 0. A program that owns stdin ends with stdin. */
export class FakeShell {
  readonly #socket: Duplex;
  /** What every program prints. */
  output = '';
  /** Everything that was received: lines and input. */
  received = '';
  #pending = '';
  #owner: string | undefined;

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('end', () => {
      if (this.#owner) this.#report(this.#owner);
      socket.end();
    });
  }

  /** Prints the facts between two marks, as the prelude of the held shell does. */
  speak(mark: string, facts: string): void {
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk.toString('latin1')));
    this.#socket.resume();
    this.#write('stdout', `${mark}${facts}${mark}`);
    this.#write('stderr', mark);
  }

  #read(text: string): void {
    this.received += text;
    if (this.#owner) return;
    const lines = (this.#pending + text).split('\n');
    this.#pending = lines.pop() ?? '';
    for (const line of lines) this.#run(line);
  }

  #run(line: string): void {
    // A line may also say what to do if it cannot be carried out. Here it always can.
    const [, mark = ''] = /\bt ([0-9a-f]{24})/.exec(line) ?? [];
    if (line.startsWith('exec 3<&0')) this.#owner = mark;
    // The line asks whether it runs on the kernel of the host. The answer is no.
    else if (line.includes('boot_id')) this.#end(`${mark}1 ${mark}`, mark);
    else if (line.includes(`z ${mark};`)) this.#report(mark);
    else if (mark) this.#end(`${mark}0 ${mark}`, mark);
  }

  #report(mark: string): void {
    if (this.output) this.#write('stdout', this.output);
    this.#end(`${mark}0;;;0;0;0;${mark}`, mark);
  }

  #end(trailer: string, mark: string): void {
    this.#write('stdout', trailer);
    this.#write('stderr', mark);
  }

  #write(stream: 'stdout' | 'stderr', text: string): void {
    if (this.#socket.writable) this.#socket.write(frame(stream, text));
  }
}
