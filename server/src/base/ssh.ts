/** Starts the machine's own ssh, and makes its standard streams a connection. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Duplex } from 'node:stream';

export interface SshTarget {
  /** As ssh takes it: also a name from the user's ssh configuration. */
  readonly host: string;
  /** undefined: ssh decides. */
  readonly user: string | undefined;
  /** Empty: ssh decides. */
  readonly port: string;
  /** The environment of the ssh process. ssh is searched for on its PATH. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

const MAX_COMPLAINT_LENGTH = 4096;
/** After the reason, ssh prints this. */
const SAYS_NOTHING = 'stdio forwarding failed';

/**
 * Starts one ssh process, which ends with the connection. `options` stand before the name of the host, `command` behind it.
 * What ssh has to say against it is the error of the connection.
 */
export function startSsh({ host, user, port, env }: SshTarget, options: readonly string[], command: readonly string[] = []): SshStream {
  const args = ['-T', ...options, ...(port ? ['-p', port] : []), '--', user ? `${user}@${host}` : host, ...command];
  // `detached`: in a session of its own ssh has no terminal to ask questions on, and gets no Ctrl-C that is meant for us.
  return new SshStream(spawn('ssh', args, { env, detached: true, windowsHide: true, stdio: 'pipe' }));
}

/** The standard streams of an ssh process as a connection. */
export class SshStream extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;
  #complaint = '';
  #bytesRead = 0;

  constructor(child: ChildProcessWithoutNullStreams) {
    super();
    this.#child = child;
    const { stdin, stdout, stderr } = child;
    stdout.on('data', (chunk: Buffer) => {
      this.#bytesRead += chunk.length;
      if (!this.push(chunk)) stdout.pause();
    });
    stderr.on('data', (chunk: Buffer) => (this.#complaint = (this.#complaint + chunk.toString()).slice(-MAX_COMPLAINT_LENGTH)));
    // The exit of the process tells why the stream broke.
    stdin.on('error', () => undefined);
    child.once('error', () => this.destroy(new Error("ssh can't be started: is it installed?")));
    // An ssh that shares its connection leaves a process behind that holds stderr open. So the end of stdout is waited for,
    // and that of stderr only after a failure, for the message.
    child.once('exit', (code) => void this.#finish(code));
  }

  /** How many bytes have come. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** The last line on stderr that says what is wrong. Empty: none. */
  get complaint(): string {
    const lines = this.#complaint.split('\n').map((line) => line.trim());
    return (lines.findLast((line) => line !== '' && line !== SAYS_NOTHING) ?? '').replace(/^ssh: /, '');
  }

  async #finish(code: number | null): Promise<void> {
    const { stdout, stderr } = this.#child;
    if (!stdout.readableEnded) await once(stdout, 'end').catch(() => undefined);
    if (code === 0) return void this.push(null);
    if (!stderr.readableEnded && !stderr.destroyed) await once(stderr, 'end').catch(() => undefined);
    this.destroy(new Error(`ssh: ${this.complaint || `ended with ${code ?? 'a signal'}`}`));
  }

  /** Node's HTTP client calls this on a connection that is no longer needed. */
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
