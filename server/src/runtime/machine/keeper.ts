/**
 * The lease of host processes and folders: one small process beside the daemon that outlives it by a moment.
 * However the daemon ends, what it recorded here is gone right after (see keeper.sh).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { Log } from '../../base/log.ts';
import { ProtocolError } from '../../protocol/index.ts';
import keeperScript from './keeper.sh' with { type: 'text' };

const PREFIX = 'codebeaker-';
/** A keeper that dies so often is killed on purpose; without one nothing is started. */
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

  /** The daemon's own folder, for nobody but its user. Removed with the daemon. */
  async folder(): Promise<string> {
    this.#folder ??= makeFolder(this.#pid);
    const folder = await this.#folder;
    this.#running(folder);
    return folder;
  }

  /**
   * The pipe to the keeper. A child that gets it as a descriptor records itself with `+<its group>` and closes it,
   * before it becomes the program: so there is no moment in which a program runs and nobody knows.
   */
  async lease(): Promise<Writable> {
    return this.#running(await this.folder());
  }

  /** The daemon knows it too, for a keeper that has to be replaced. */
  hold(group: number): void {
    this.#groups.add(group);
  }

  /** How many groups are held. */
  get held(): number {
    return this.#groups.size;
  }

  /** The leader of the group has ended. What it left is killed. */
  release(group: number): void {
    if (this.#groups.delete(group)) this.#send(`-${group}`);
  }

  /** A control group of the daemon's own: removed with those in it when the daemon has died without `close`. */
  holdControlGroup(folder: string): void {
    this.#controlGroups.add(folder);
    this.#send(`@${folder}`);
  }

  /** `name` as in SIGTERM. A group that has been released gets nothing. */
  signal(group: number, name: string): void {
    if (this.#groups.has(group)) this.#send(`=${name.replace(/^SIG/, '')} ${group}`);
  }

  /** Runs `command` when the daemon has died without `close`. The last one counts. */
  async onDeath(command: readonly string[]): Promise<void> {
    this.#command = command.map(quote).join(' ');
    if (this.#command.includes('\n')) throw new Error('invariant: no line breaks in the command for a sudden death');
    await this.folder();
    this.#send(`!${this.#command}`);
  }

  /** Kills what is held and removes the folder. */
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
    if (!child.stdin) throw new ProtocolError('SandboxFailed', 'sh could not be started on this host; it is needed to look after processes');
    return child.stdin;
  }

  #start(folder: string): ChildProcess {
    if (++this.#starts > MAX_STARTS) throw new ProtocolError('SandboxFailed', 'the process that looks after sandboxes keeps dying; restart the daemon');
    const all = join(folder, '..', PREFIX);
    // It keeps the daemon's environment, for the command it may have to run.
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

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
