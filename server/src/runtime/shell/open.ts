/** From the streams of a shell that somebody starts to a sandbox that says what it is. */
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
  /** Leads to the sandbox's own first process. It is listened to before `start` is called. */
  readonly first: Channel;
  /** What the prelude of that shell is started with. */
  readonly mark: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  start(): Promise<Started>;
  /** Called when the first shell has spoken. `run` runs shell builtins in it and tells their status. */
  source(run: (script: string) => Promise<number>): Promise<ShellSource>;
  /** The error for what did not become a sandbox. */
  refusal(why: string): ProtocolError;
}

export interface Started {
  /** Rejects when it has ended, with what it had to say. undefined: nobody would know. */
  readonly ended: Promise<never> | undefined;
}

/** What does not speak within this time is no sandbox. */
const SPEAK_DEADLINE_MS = 20_000;

/** After a rejection the streams are open as before, and whatever `start` started is the caller's to end. */
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
