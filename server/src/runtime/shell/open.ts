/** Opens a sandbox: a runtime starts a first shell and hands over its streams; the result knows what is in force inside. */
import { type Clock, deadline } from '../../base/clock.ts';
import { abortable } from '../../base/promises.ts';
import type { ProtocolError } from '../../protocol/index.ts';
import type { Sandbox } from '../ports.ts';
import type { Channel, ShellSource } from './channel.ts';
import { parseFacts } from './facts.ts';
import { operationLine } from './lines.ts';
import { ShellSandbox, type ShellSandboxParts } from './sandbox.ts';
import { HeldShell } from './shell.ts';

export interface Opening extends Omit<ShellSandboxParts, 'source' | 'first' | 'facts'> {
  /** The streams of the sandbox's first process. They are read before `start` is called. */
  readonly first: Channel;
  /** The mark with which the first shell says that it is ready: the argument of its prelude. */
  readonly mark: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Starts the first shell. */
  start(): Promise<Started>;
  /** Called when the first shell is ready. `run` runs shell builtins in it, and resolves with their status. */
  source(run: (script: string) => Promise<number>): Promise<ShellSource>;
  /** Makes the error for a sandbox that could not be opened. */
  refusal(why: string): ProtocolError;
}

export interface Started {
  /** Rejects when what was started has ended, with the reason. undefined: that can't be known. */
  readonly ended: Promise<never> | undefined;
}

/** The first shell must be ready within this time. */
const SPEAK_DEADLINE_MS = 20_000;

/**
 * If it rejects, the caller must close the streams and end what `start` has started.
 * @throws the error of `refusal`; the fault of `start` or `source`; the reason of `signal`
 */
export async function openSandbox(opening: Opening): Promise<Sandbox> {
  const { first: channel, mark, clock, signal, start, refusal } = opening;
  const { shell, facts: speaking } = HeldShell.open(channel, mark, clock);
  const { ended } = await start();
  const soon = <T>(work: Promise<T>) => abortable(signal, deadline(clock, SPEAK_DEADLINE_MS, work, () => refusal('its shell says nothing')));
  const text = await soon(ended ? Promise.race([speaking, ended]) : speaking);
  if (text === undefined) throw refusal('its shell ended at once');
  const source = await opening.source(async (script) => Number((await soon(shell.run((end) => operationLine(end, script), () => undefined))) ?? 1));
  return new ShellSandbox({ ...opening, source, first: shell, facts: parseFacts(text) });
}
