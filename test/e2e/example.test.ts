/** The conversation that PROTOCOL.md shows is one that the daemon really holds (C11). */
import { expect } from 'chai';
import { conversation } from '../../server/src/protocol/examples.ts';
import { bundles, need, program } from '../require.ts';
import { daemonEnvironment } from './environment.ts';
import { type Message, RawClient } from './raw-client.ts';

/** What kinds of values it has, at every path. Lists are alike if their first elements are. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shape);
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, shape(child)]));
}

/** Members that depend on the machine, or on how far a program has come when it is cancelled. */
const free = new Set(['runtimes', 'usage', 'isolation', 'signal']);
const without = (value: any): any => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => !free.has(key)).map(([key, child]) => [key, without(child)]));
};

describe('the conversation in PROTOCOL.md', () => {
  before(need('the bundles', bundles));
  before(need('bubblewrap', program('bwrap')));
  before(need('python3', program('python3')));

  it('is held by the daemon (C11)', async () => {
    const client = new RawClient({ env: daemonEnvironment() });
    const answers = new Map<number, Promise<Message>>();
    let sessionId = '';
    for (const { from, id, method, params = {}, result, error } of conversation) {
      if (from === 'client' && method !== undefined) {
        const given: any = { ...params, ...('sessionId' in params ? { sessionId } : {}), ...(method === 'initialize' ? { processId: process.pid } : {}), ...(method === 'session/create' ? { runtime: 'native' } : {}) };
        if (id === undefined) client.notify(method, given);
        else answers.set(id, client.call(method, given));
      } else if (id !== undefined) {
        const answer = await (answers.get(id) as Promise<Message>);
        if (error) expect(answer.error).to.deep.equal(error);
        else expect(shape(without(answer.result)), `${id}`).to.deep.equal(shape(without(result)));
        sessionId = answer.result?.workspace ? answer.result.sessionId : sessionId;
      }
    }
    // A program may print in any number of pieces.
    const printed = (messages: readonly Pick<Message, 'method' | 'params'>[]): string =>
      messages.filter(({ method }) => method === 'command/output').map(({ params }) => params.data).join('');
    expect(printed(client.notifications)).to.equal(printed(conversation));
    expect(await client.exited).to.equal(0);
  });
});
