/** `$/cancelRequest`: the handler always gets the abort signal, and decides how the request is answered. */
import { expect } from 'chai';
import { codesOf, untilAborted, withServer } from './server.ts';
import { notification, request } from './wire.ts';

describe('cancellation', () => {
  const cancel = (id: unknown) => notification('$/cancelRequest', { id });

  it('aborts the handler, and is answered RequestCancelled if the handler rejects because of that', () =>
    withServer({ handlers: { 'session/list': untilAborted } }, async (server) => {
      await server.initialize();
      server.wire.send(request(1, 'session/list'), request('1', 'session/list'));
      await server.flush();
      server.wire.send(cancel('1'));
      const received = await server.flush();
      expect(codesOf(received)).to.deep.equal([['1', -32800]]);
      expect(received[0]?.error?.data).to.deep.equal({ kind: 'RequestCancelled' });
      server.wire.send(cancel(1), cancel(1), cancel('1'));
      expect(codesOf(await server.flush())).to.deep.equal([['1', -32800], [1, -32800]]);
    }));

  it('is answered RequestCancelled, whatever the aborted handler throws', () => {
    const handlers = {
      'session/list': (_: unknown, { signal }: { signal: AbortSignal }) =>
        new Promise((__, reject) => signal.addEventListener('abort', () => reject(new Error('torn down')))),
    };
    return withServer({ handlers }, async (server) => {
      await server.initialize();
      server.wire.send(request(1, 'session/list'));
      await server.flush();
      server.wire.send(cancel(1));
      expect((await server.wire.find(({ id }) => id === 1)).error?.code).to.equal(-32800);
    });
  });

  it('is answered with the result if the aborted handler still returns one', () => {
    const handlers = {
      'command/executeShell': (_: unknown, { signal }: { signal: AbortSignal }) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve({ outcome: 'cancelled' }))),
    };
    return withServer({ handlers }, async (server) => {
      await server.initialize();
      server.wire.send(request(1, 'command/executeShell', { sessionId: 's', command: 'x' }));
      await server.flush();
      server.wire.send(cancel(1));
      expect((await server.wire.find(({ id }) => id === 1)).result).to.deep.equal({ outcome: 'cancelled' });
    });
  });

  for (const [name, lead] of Object.entries({ 'in the same chunk': 0, 'behind a queue': 300 })) {
    it(`hands a request that is cancelled ${name} to its handler, with an aborted signal`, () => {
      const handlers = {
        'command/executeShell': (_: unknown, { signal }: { signal: AbortSignal }) => ({ outcome: signal.aborted ? 'cancelled' : 'exited' }),
      };
      return withServer({ handlers }, async (server) => {
        await server.initialize();
        const queue = Array.from({ length: lead }, (_, at) => request(`before ${at}`, 'server/health', {}));
        server.wire.send(...queue, request(1, 'command/executeShell', { sessionId: 's', command: 'x' }), cancel(1), cancel(1));
        expect((await server.wire.find(({ id }) => id === 1)).result).to.deep.equal({ outcome: 'cancelled' });
        server.wire.send(cancel(1));
        expect((await server.wire.ask(1, 'command/executeShell', { sessionId: 's', command: 'x' })).result).to.deep.equal({ outcome: 'exited' });
      });
    });
  }

  it('hands a request that is cancelled during initialize to its handler, with an aborted signal', () =>
    withServer({ handlers: { 'session/list': (_, { signal }) => ({ aborted: signal.aborted }) } }, async ({ wire }) => {
      wire.send(request('init', 'initialize', {}), request(1, 'session/list'), cancel(1));
      expect((await wire.find(({ id }) => id === 1)).result).to.deep.equal({ aborted: true });
    }));
});
