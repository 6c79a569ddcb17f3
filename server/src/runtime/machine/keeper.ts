/**
 * The keeper: a small process beside the daemon that outlives it by a moment. It is the lease of the processes and
 * folders on this host: however the daemon ends, the keeper then kills and removes what was recorded with it (see
 * keeper.sh).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { Log } from '../../base/log.ts';
import { ProtocolError } from '../../protocol/index.ts';
import { errorCode } from './faults.ts';
import { quote } from './quote.ts';
import keeperScript from './keeper.sh' with { type: 'text' };

const PREFIX = 'codebeaker-';
/** A keeper that dies more often than this is killed by somebody on purpose. No program is started then any more. */
const MAX_STARTS = 5;

export class Keeper {
  readonly #pid: number;
  readonly #log: Log;
  readonly #groups = new Set<number>();
  readonly #controlGroups = new Set<string>();
  #folder: Promise<string> | undefined;
  #child: ChildProcess | undefined;
  #starts = 0;
  #command = '';
  #closing: Promise<void> | undefined;

  constructor({ pid, log }: { pid: number; log: Log }) {
    this.#pid = pid;
    this.#log = log;
  }

  /**
   * The path of the daemon's own folder, which no other user can enter. It is removed when the daemon ends. Where it can't
   * be made, that is tried again the next time.
   * @throws ProtocolError SandboxFailed
   */
  async folder(): Promise<string> {
    this.#folder ??= makeFolder(this.#pid).catch((fault: unknown) => {
      this.#folder = undefined;
      throw new ProtocolError('SandboxFailed', `the daemon can't make its folder in the directory for temporary files (${errorCode(fault)}): free some room there, or set TMPDIR`);
    });
    const folder = await this.#folder;
    this.#running(folder);
    return folder;
  }

  /**
   * The pipe to the keeper. A child process gets it as a descriptor, writes `+GROUP` with its own process group to it,
   * closes it, and only then becomes the program. So at no moment a program runs that the keeper does not know.
   */
  async lease(): Promise<Writable> {
    return this.#running(await this.folder());
  }

  /** Remembers a group in the daemon too, so that a keeper that replaces a dead one can be told. */
  hold(group: number): void {
    this.#groups.add(group);
  }

  /** The number of groups that are held. */
  get held(): number {
    return this.#groups.size;
  }

  /** To be called when the leader of the group has ended. Kills what is left of the group, and forgets it. */
  release(group: number): void {
    if (this.#groups.delete(group)) this.#send(`-${group}`);
  }

  /**
   * Records a control group of the daemon's, which need not be there yet. If the daemon dies without `close`, it is removed
   * with the groups in it.
   */
  holdControlGroup(folder: string): void {
    this.#controlGroups.add(folder);
    this.#send(`@${folder}`);
  }

  /** Sends a signal, by its POSIX name such as SIGTERM, to a group. To one that has been released nothing is sent. */
  signal(group: number, name: string): void {
    if (this.#groups.has(group)) this.#send(`=${name.replace(/^SIG/, '')} ${group}`);
  }

  /** Has `command` run if the daemon dies without `close`. A later call replaces the command. */
  async onDeath(command: readonly string[]): Promise<void> {
    this.#command = command.map(quote).join(' ');
    if (this.#command.includes('\n')) throw new Error('invariant: no line breaks in the command for a sudden death');
    await this.folder();
    this.#send(`!${this.#command}`);
  }

  /** Kills all groups that are held, and removes the daemon's folder. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    child.ref();
    const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
    child.stdin?.end('!\n');
    await gone;
  }

  #running(folder: string): Writable {
    if (this.#closing) throw new ProtocolError('SandboxFailed', 'the daemon is shutting down');
    const child = (this.#child ??= this.#start(folder));
    if (!child.stdin) throw new ProtocolError('SandboxFailed', '/bin/sh could not be started on this host; it is needed to clean up after programs');
    return child.stdin;
  }

  #start(folder: string): ChildProcess {
    if (++this.#starts > MAX_STARTS) throw new ProtocolError('SandboxFailed', 'the process that cleans up after sandboxes keeps dying; restart the daemon');
    const all = join(folder, '..', PREFIX);
    // It inherits the daemon's environment, which the command for a sudden death needs.
    const child = spawn('/bin/sh', ['-c', keeperScript, 'codebeaker-keeper', folder, all], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    child.on('error', (fault) => this.#log.error('the keeper could not be started', fault));
    child.on('exit', () => this.#ended(folder));
    child.stdin.on('error', () => undefined);
    child.unref();
    for (const group of this.#groups) child.stdin.write(`+${group}\n`);
    for (const folder of this.#controlGroups) child.stdin.write(`@${folder}\n`);
    child.stdin.write(`!${this.#command}\n`);
    return child;
  }

  #ended(folder: string): void {
    this.#child = undefined;
    if (this.#closing) return;
    this.#log.warn('the keeper died and is replaced');
    try {
      this.#running(folder);
    } catch (fault) {
      this.#log.error('the keeper could not be replaced', fault);
    }
  }

  #send(line: string): void {
    this.#child?.stdin?.write(`${line}\n`);
  }
}

async function makeFolder(pid: number): Promise<string> {
  return mkdtemp(join(await realpath(tmpdir()), `${PREFIX}${pid}-`));
}
