/** Calls that reach nothing are told of: whoever keeps records wants to know of them. */
import { expect } from 'chai';
import { TestServer } from './server.ts';

describe('a call that reaches nothing is told of', () => {
  it('where it comes before initialize, where its method is not there, and where its params have the wrong shape', async () => {
    const server = new TestServer({ handlers: { 'session/list': () => ({ sessions: [] }), 'session/close': () => null } });
    const { wire } = server;
    await wire.ask('1', 'session/list', {});
    await wire.ask('2', 'initialize', { capabilities: 1 });
    await server.initialize();
    await wire.ask('3', 'none', {});
    await wire.ask('4', 'session/close', { sessionId: 1 });
    await wire.ask('5', 'session/list', {});
    expect(server.refused).to.deep.equal(['session/list ServerNotInitialized', 'initialize InvalidParams', 'none MethodNotFound', 'session/close InvalidParams']);
    await server.connection.close();
  });
});
