/** Progress for a client that is slow or uses a token twice. */
import { expect } from 'chai';
import { type Deferred, deferred } from '../../server/src/base/promises.ts';
import { ProgressTokens } from '../../server/src/serving/progress.ts';

interface Sent {
  readonly kind: string;
  readonly message?: string;
}

const turns = () => new Promise<void>((resolve) => void setImmediate(resolve));

describe('progress to a slow client', () => {
  it('is sent one message at a time, and of several waiting reports only the latest', async () => {
    const sent: Sent[] = [];
    const taken: Deferred<void>[] = [];
    const progress = new ProgressTokens({
      capabilities: {},
      notify: async () => undefined, request: () => Promise.reject(new Error('nobody asks anything')),
      logMessage: async () => undefined, showMessage: async () => undefined, logTrace: () => undefined,
      progress: (_, value) => {
        sent.push(value as Sent);
        const gate = deferred();
        taken.push(gate);
        return gate.promise;
      },
    });
    const shown = progress.begin('t', 'title', new AbortController().signal);
    for (let at = 0; at < 10_000; at += 1) shown.report(`report ${at}`, at / 100);
    const ended = shown.end();
    shown.report('late');
    for (let at = 0; at < 3; at += 1) {
      await turns();
      expect(sent).to.have.lengthOf(at + 1);
      taken[at]?.resolve();
    }
    await ended;
    expect(sent.map(({ kind, message }) => [kind, message])).to.deep.equal([['begin', undefined], ['report', 'report 9999'], ['end', undefined]]);
  });

  it('distinguishes two requests with the same token', async () => {
    const sent: Sent[] = [];
    const client = { capabilities: {}, notify: async () => undefined, request: () => Promise.reject(new Error('nobody asks anything')), logMessage: async () => undefined, showMessage: async () => undefined, logTrace: () => undefined, progress: async (_: unknown, value: object) => void sent.push(value as Sent) };
    const progress = new ProgressTokens(client);
    const first = progress.begin('t', 'first', new AbortController().signal);
    const second = progress.begin('t', 'second', new AbortController().signal);
    await first.end();
    progress.cancel('t');
    expect([first.signal.aborted, second.signal.aborted]).to.deep.equal([false, true]);
    await second.end();
    progress.cancel('t');
    expect(sent.map(({ kind }) => kind)).to.deep.equal(['begin', 'begin', 'end', 'end']);
  });
});
