/** Clients of one daemon that can take up sessions again. */
import { expect } from 'chai';
import type { Config } from '../../server/src/protocol/index.ts';
import { notification, type Json } from '../wire/wire.ts';
import { type Guest, type Shared, withGuests } from './guests.ts';

export const resuming = { session: { stateChanged: true, resume: true }, output: { flowControl: true } };

export interface Kept {
  readonly sessionId: string;
  readonly resumeToken: string;
}

export interface Resuming extends Shared {
  /** Another client that can. */
  come(capabilities?: object): Promise<Guest>;
}

export function withResuming(test: (one: Guest, shared: Resuming) => Promise<void>, config: Config = {}): Promise<void> {
  return withGuests({ pool: {}, ...config }, async (_plain, _other, shared) => {
    const come = (more: object = {}) => shared.third({ capabilities: { ...resuming, ...more } });
    await test(await come(), { ...shared, come });
  });
}

/** Creates a session that waits. */
export async function keep(guest: Guest, resume: object = {}, more: object = {}): Promise<Kept> {
  const view = (await guest.call('session/create', { language: 'python', resume, ...more }));
  expect(view, JSON.stringify(view)).to.have.property('sessionId');
  return { sessionId: view.sessionId, resumeToken: view.resume.resumeToken };
}

/** Begins a command and waits until its program runs. What it is answered with is not waited for. */
export async function begin(guest: Guest, { sessionId }: Kept, command: string, more: object = {}): Promise<{ readonly answer: Promise<Json> }> {
  const answer = guest.call('command/executeShell', { sessionId, commandId: 'c', command, ...more });
  await guest.server.flushTurns();
  return { answer };
}

/** What a client has been sent of the output of a command. */
export const outputOf = (guest: Guest, commandId = 'c') => (guest.received('command/output')).filter((each) => each.commandId === commandId);
export const textOf = (guest: Guest, commandId = 'c') => outputOf(guest, commandId).map(({ data }) => data as string).join('');
export const acknowledge = (guest: Guest, seq: number, commandId = 'c') => guest.server.wire.send(notification('command/ack', { commandId, seq }));
