/**
 * The keeper: a small process beside the daemon that outlives it by a moment. It is the lease of the processes and
 * folders on this host: however the daemon ends, the keeper then kills and removes what was recorded with it (see
 * keeper.sh).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { isThere } from '../../base/is-there.ts';
import type { Log } from '../../base/log.ts';
import { ProtocolError } from '../../protocol/index.ts';
import { errorCode } from './faults.ts';
import { holdLock } from './lock.ts';
import { Reaped } from './process-times.ts';
import { quote } from './quote.ts';
import { findStrays, FOLDER_PREFIX } from './strays.ts';
import keeperScript from './keeper.sh' with { type: 'text' };

/** A keeper that dies more often than this is killed by somebody on purpose. No program is started then any more. */
const MAX_STARTS = 5;

export class Keeper {
  /** The name of the daemon's folder, and of its control groups. No two daemons have the same. */
  readonly name: string;
  /** What the processes have used that it keeps. */
  readonly reaped = new Reaped();
  readonly #process: Pick<NodeJS.Process, 'kill'>;
  readonly #log: Log;
  readonly #groups = new Set<number>();
  readonly #controlGroups = new Set<string>();
  /** Folders in other places. */
  readonly #places = new Set<string>();
  readonly #strays = new Set<string>();
  readonly #furniture = new Map<string, (path: string) => Promise<unknown>>();
  #folder: Promise<string> | undefined;
  #searching: Promise<void> | undefined;
  #unlock = () => {};
  #child: ChildProcess | undefined;
  #starts = 0;
  #command = '';
  #closing: Promise<void> | undefined;

  constructor({ process, log }: { process: Pick<NodeJS.Process, 'pid' | 'kill'>; log: Log }) {
    this.name = `${FOLDER_PREFIX}${process.pid}-${randomBytes(6).toString('hex')}`;
    this.#process = process;
    this.#log = log;
  }

  /**
   * The path of the daemon's own folder, which no other user can enter. It is removed when the daemon ends. Where it can't
   * be made, that is tried again the next time; and what somebody has removed of it is made again.
   * @throws ProtocolError SandboxFailed
   */
  async folder(): Promise<string> {
    this.#refuseWhenClosing();
    const known = this.#folder;
    if (known && !(await known.then(isThere, () => true)) && this.#folder === known) this.#folder = undefined;
    this.#folder ??= this.#make().catch((fault: unknown) => {
      this.#folder = undefined;
      throw noFolder(fault);
    });
    const folder = await this.#folder;
    this.#running(folder);
    await Promise.all([...this.#furniture].map(async ([name, make]) => {
      const path = join(folder, name);
      if (!(await isThere(path))) await make(path);
    })).catch((fault: unknown) => {
      throw errorCode(fault) === '' ? fault : noFolder(fault);
    });
    return folder;
  }

  /** The path of that folder, if it was made: it may have been deleted since. Makes nothing. */
  made(): Promise<string | undefined> {
    return this.#folder?.catch(() => undefined) ?? Promise.resolve(undefined);
  }

  /**
   * Has `make` put something into the daemon's folder, now and whenever it is no longer there. It must be there whole, or
   * not at all. Resolves with its path.
   */
  async furnish(name: string, make: (path: string) => Promise<unknown>): Promise<string> {
    this.#furniture.set(name, make);
    return join(await this.folder(), name);
  }

  /** The names of the daemons of this user that were found dead when the folder was made. Never rejects. */
  async strays(): Promise<ReadonlySet<string>> {
    await this.folder().catch(() => undefined);
    await this.#searching;
    return this.#strays;
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

  /**
   * To be called as soon as the leader of the group is known to have ended. Kills what is left of the group, and forgets it.
   * From then on the system gives its number to others, so nobody may signal it later.
   */
  release(group: number): void {
    if (!this.#groups.has(group)) return;
    this.#kill(group, 'SIGKILL');
    this.#groups.delete(group);
    this.#send(`-${group}`);
  }

  /**
   * Records a control group of the daemon's, which need not be there yet. If the daemon dies without `close`, it is removed
   * with the groups in it.
   */
  holdControlGroup(folder: string): void {
    this.#controlGroups.add(folder);
    this.#send(`@${folder}`);
  }

  /** Records a folder of the daemon's in another place, such as the user's cache. What is in it, but for its lock, is removed however the daemon ends. */
  holdFolder(folder: string): void {
    this.#places.add(folder);
    this.#send(`=${folder}`);
  }

  /** Sends a signal, by its POSIX name such as SIGTERM, to a group at once. To one that has been released nothing is sent: then it returns false. */
  signal(group: number, name: string): boolean {
    const held = this.#groups.has(group);
    if (held) this.#kill(group, name);
    return held;
  }

  #kill(group: number, name: string): void {
    try {
      this.#process.kill(-group, name);
    } catch (fault) {
      if (errorCode(fault) !== 'ESRCH') this.#log.warn('a process group could not be signaled', fault);
    }
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
    const folder = await this.made();
    const child = this.#child;
    if (child) {
      child.ref();
      const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
      child.stdin?.end('!\n');
      await gone;
    } else if (folder !== undefined) {
      // It was closed while the folder was made, or no keeper can be started.
      await rm(folder, { recursive: true, force: true }).catch((fault: unknown) => this.#log.warn('the folder of the daemon could not be removed', fault));
    }
    this.#unlock();
  }

  async #make(): Promise<string> {
    const place = await realpath(tmpdir());
    const folder = join(place, this.name);
    await mkdir(folder, { mode: 0o700 });
    this.#unlock();
    this.#unlock = await holdLock(folder).catch((fault: unknown) => {
      this.#log.debug('the folder of the daemon has no lock', fault);
      return () => {};
    });
    for (const group of this.#controlGroups) this.#send(`@${group}`);
    this.#searching ??= this.#bury(place);
    return folder;
  }

  /** Has the keeper remove what dead daemons have left on this machine. */
  async #bury(place: string): Promise<void> {
    for (const name of await findStrays(place, this.name)) {
      this.#strays.add(name);
      this.#send(`/${join(place, name)}`);
    }
  }

  #refuseWhenClosing(): void {
    if (this.#closing) throw new ProtocolError('SandboxFailed', 'the daemon is shutting down');
  }

  #running(folder: string): Writable {
    this.#refuseWhenClosing();
    const child = (this.#child ??= this.#start(folder));
    if (!child.stdin) throw new ProtocolError('SandboxFailed', '/bin/sh could not be started on this host; it is needed to clean up after programs');
    return child.stdin;
  }

  #start(folder: string): ChildProcess {
    if (++this.#starts > MAX_STARTS) throw new ProtocolError('SandboxFailed', 'the process that cleans up after sandboxes keeps dying; restart the daemon');
    // It inherits the daemon's environment, which the command for a sudden death needs.
    const child = spawn('/bin/sh', ['-c', keeperScript, 'codebeaker-keeper', folder], {
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
    for (const folder of this.#places) if (!folder.includes('\n')) child.stdin.write(`=${folder}\n`);
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

  /** A path with a line break in it would be taken for two: nothing is sent of it. */
  #send(line: string): void {
    if (!line.includes('\n')) this.#child?.stdin?.write(`${line}\n`);
  }
}

function noFolder(fault: unknown): ProtocolError {
  return new ProtocolError('SandboxFailed', `the daemon can't make its folder in the directory for temporary files (${errorCode(fault)}): free some room there, or set TMPDIR`);
}
