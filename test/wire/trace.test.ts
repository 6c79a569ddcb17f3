/** What `$/logTrace` reports at each level, and that `$/setTrace` changes the level. */
import { expect } from 'chai';
import { ProtocolError } from '../../server/src/protocol/index.ts';
import { withServer } from './server.ts';
import { notification, request } from './wire.ts';

describe('trace', () => {
  const shell = { sessionId: 's', command: 'x', env: { A: 'hidden-1' } };
  const handlers = { 'command/executeShell': () => ({}), 'command/input': () => undefined, 'session/execute': () => ({}), 'session/close': () => Promise.reject(new ProtocolError('SessionNotFound', 'no')) };
  async function traced(trace: string, ...messages: object[]): Promise<{ message: string; verbose?: string }[]> {
    const traces: { message: string; verbose?: string }[] = [];
    await withServer({ handlers }, async (server) => {
      await server.initialize({ trace });
      server.wire.send(...messages);
      const received = await server.flush();
      traces.push(...received.filter(({ method }) => method === '$/logTrace').map(({ params }) => params));
    });
    return traces.filter(({ message }) => !message.includes('server/health'));
  }

  it('reports nothing when it is off', async () => {
    expect(await traced('off', request(1, 'command/executeShell', shell))).to.deep.equal([]);
  });

  it('reports the messages that are received and answered', async () => {
    const traces = await traced('messages', request(1, 'command/executeShell', shell), request(2, 'session/close', { sessionId: 's' }), notification('command/input', { commandId: 'c', data: '' }));
    expect(traces).to.have.deep.members([
      { message: "Received request 'command/executeShell'." },
      { message: "Sending response 'command/executeShell' after 0 ms." },
      { message: "Received request 'session/close'." },
      { message: "Sending response 'session/close' after 0 ms. It failed with 1001." },
      { message: "Received notification 'command/input'." },
    ]);
  });

  it('adds the params when it is verbose, without secrets and up to a maximum length (F-E7)', async () => {
    const nested = { sessionId: 's', command: { type: 'executeShell', secrets: { B: 'hidden-2' }, env: ['hidden-3'] } };
    const traces = await traced(
      'verbose',
      request(1, 'command/executeShell', shell),
      request(2, 'session/execute', nested),
      request(3, 'command/executeShell', { ...shell, stdin: 'long'.repeat(10_000) }),
      notification('command/input', { commandId: 'c', data: 'hidden-4' }),
    );
    expect(traces.map(({ verbose }) => verbose).filter(Boolean)).to.have.length(4);
    expect(traces[0]?.verbose).to.equal('Params: {"sessionId":"s","command":"x","env":"(hidden)"}');
    expect(traces.find(({ message }) => message.includes('command/input'))?.verbose).to.equal('Params: {"commandId":"c","data":"(hidden)"}');
    expect(JSON.stringify(traces)).not.to.contain('hidden-');
    for (const { verbose = '' } of traces) expect(verbose.length).to.be.at.most(10_100);
    expect(traces.some(({ verbose = '' }) => verbose.length > 9000)).to.equal(true);
  });

  it('hides all params of an unknown method', async () => {
    const traces = await traced('verbose', request(1, 'session/creat', { secrets: { A: 'hidden-5' } }));
    expect(traces[0]).to.deep.equal({ message: "Received request 'session/creat'.", verbose: 'Params: (hidden, because the method is unknown)' });
  });

  it('is turned on and off by $/setTrace', async () => {
    const set = (value: unknown) => notification('$/setTrace', { value });
    const traces = await traced('off', set('messages'), notification('command/input', { commandId: 'c', data: '' }), set('loud'), set('off'), request(1, 'command/executeShell', shell));
    expect(traces.map(({ message }) => message)).to.deep.equal(["Received notification 'command/input'.", "Received notification '$/setTrace'.", "Received notification '$/setTrace'."]);
  });

  it('says so if params are nested too deeply to be shown', async () => {
    const depth = 50_000;
    const body = `{"jsonrpc":"2.0","id":9,"method":"session/close","params":{"sessionId":"s","a":${'['.repeat(depth)}${']'.repeat(depth)}}}`;
    await withServer({ handlers }, async (server) => {
      await server.initialize({ trace: 'verbose' });
      server.wire.raw(`Content-Length: ${body.length}\r\n\r\n${body}`);
      const received = await server.flush();
      expect(received.some(({ params }) => params?.verbose === 'Params: (nested too deeply to show)')).to.equal(true);
    });
  });
});
