/** An engine at the other end of ssh, reached as the docker command does it: by `docker system dial-stdio` over there. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { Duplex } from 'node:stream';

export interface SshTarget {
  /** A name that ssh knows: its configuration is the user's. */
  readonly host: string;
  readonly user: string | undefined;
  readonly port: string;
  /** Of the ssh process; PATH says where it is. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

const MAX_COMPLAINT_LENGTH = 4096;

/** One ssh process for each connection, which ends with it. Who wants one for all tells ssh to share (ControlMaster). */
export class SshAgent extends Agent {
  readonly #target: SshTarget;

  constructor(target: SshTarget) {
    super({ keepAlive: false });
    this.#target = target;
  }

  override createConnection(): Duplex {
    const { host, user, port, env } = this.#target;
    const args = ['-T', ...(port ? ['-p', port] : []), '--', user ? `${user}@${host}` : host, 'docker', 'system', 'dial-stdio'];
    // In a session of its own: nothing to ask questions on, and no Ctrl-C meant for us.
    return new ProcessSocket(spawn('ssh', args, { env, detached: true, windowsHide: true, stdio: 'pipe' }));
  }
}

/** The standard streams of a process as a connection. */
class ProcessSocket extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;
  #complaint = '';

  constructor(child: ChildProcessWithoutNullStreams) {
    super();
    this.#child = child;
    const { stdin, stdout, stderr } = child;
    stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stdout.pause();
    });
    stderr.on('data', (chunk: Buffer) => (this.#complaint = (this.#complaint + chunk.toString()).slice(-MAX_COMPLAINT_LENGTH)));
    // How it ended is told by the process.
    stdin.on('error', () => undefined);
    child.once('error', () => this.destroy(new Error('ssh can not be started: is it installed?')));
    // Connections that ssh shares keep stderr open: the end of stdout is what counts, unless there is something to tell.
    child.once('exit', (code) => void this.#finish(code));
  }

  async #finish(code: number | null): Promise<void> {
    const { stdout, stderr } = this.#child;
    if (!stdout.readableEnded) await once(stdout, 'end').catch(() => undefined);
    if (code === 0) return void this.push(null);
    if (!stderr.readableEnded && !stderr.destroyed) await once(stderr, 'end').catch(() => undefined);
    this.destroy(new Error(`ssh: ${this.#complaint.trim().split('\n').at(-1) || `ended with ${code ?? 'a signal'}`}`));
  }

  /** What HTTP does with a connection that nobody needs any more. */
  destroySoon(): void {
    this.end(() => this.destroy());
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#child.stdin.write(chunk, () => done());
  }

  override _final(done: () => void): void {
    this.#child.stdin.end(done);
  }

  override _destroy(fault: Error | null, done: (fault: Error | null) => void): void {
    this.#child.kill();
    for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) stream.destroy();
    done(fault);
  }
}
