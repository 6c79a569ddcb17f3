/** Recording a conversation, and showing what was recorded. */
import { expect } from 'chai';
import { mkdtempSync, rmSync, statSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordFile } from '../../server/src/cli/record-file.ts';
import { trace } from '../../server/src/cli/trace.ts';
import { defaultSizes } from '../../server/src/policy/sizes.ts';
import { FramedTransport } from '../../server/src/wire/framed.ts';
import { Recorder } from '../../server/src/wire/record.ts';
import type { MessageTransport } from '../../server/src/wire/message-transport.ts';
import { connect } from '../../server/src/wire/server.ts';
import type { Service } from '../../server/src/wire/service.ts';
import { CommandOutput, ProtocolError } from '../../server/src/protocol/index.ts';
import { FakeClock } from '../fakes/clock.ts';
import { recordingLog } from './server.ts';
import { notification, request, Wire } from './wire.ts';

describe('a recorded conversation', () => {
  let folder = '';
  let file = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'codebeaker-test-'));
    file = join(folder, 'record.jsonl');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A daemon that creates one session, runs commands in it, and refuses to close it. */
  async function converse(talk: (wire: Wire, clock: FakeClock) => Promise<void>): Promise<void> {
    const clock = new FakeClock();
    const wire = new Wire();
    const log = recordingLog([]);
    const write = recordFile(file, (line) => expect.fail(line));
    const transport = new Recorder({ version: '9.9.9', clock, write }).transport(new FramedTransport(wire.stream, log, defaultSizes.messageBytes));
    const connection = connect(transport, async (_params, client): Promise<Service> => ({
      capabilities: { methods: ['session/create', 'session/execute', 'session/close', 'command/executeShell'] } as unknown as Service['capabilities'],
      close: async () => undefined,
      start: async () => async ({ method, params }) => {
        await clock.advance(5);
        if (method.name === 'session/create') return { sessionId: 's1', runtime: 'fake', resume: { graceMs: 1, resumeToken: 'tell nobody' } };
        if (method.name !== 'command/executeShell') throw new ProtocolError('SessionNotFound', 'there is no session');
        const { commandId } = params as { commandId: string };
        for (let seq = 0; seq < 3; seq++) await client.notify(CommandOutput, { commandId, stream: 'stdout', seq, data: 'printed', encoding: 'utf-8' });
        return { commandId, outcome: 'exited', exitCode: 3 };
      },
    }), { log, clock, version: '9.9.9' });
    await wire.ask('init', 'initialize', { processId: null, capabilities: {} });
    await talk(wire, clock);
    await connection.close();
  }

  const shown = async (more: object = {}): Promise<string> => {
    let text = '';
    await trace({ command: 'trace', file, method: undefined, session: undefined, json: false, ...more }, async (each) => ((text += each), 0));
    return text;
  };

  const conversation = () =>
    converse(async (wire) => {
      await wire.ask(1, 'session/create', { language: 'python', secrets: { TOKEN: 'tell nobody' }, env: { OTHER: 'tell nobody' } });
      await wire.ask(2, 'session/execute', { sessionId: 's1', command: { type: 'executeShell', command: 'x', commandId: 'c', env: { A: 'tell nobody' } } });
      await wire.ask(3, 'command/executeShell', { sessionId: 's1', command: 'x', commandId: 'c' });
      wire.send(notification('command/input', { commandId: 'c', data: 'tell nobody' }), notification('command/input', { commandId: 'c', data: 'tell nobody' }));
      await wire.ask(4, 'no/such/method', { key: 'tell nobody' });
      await wire.ask('five', 'session/close', { sessionId: 's1' });
      wire.raw('Content-Length: 3\r\n\r\n{"a');
      wire.send(request(6, 'session/create', {}));
    });

  it('has every message in both directions, and no secrets, and nobody else can read it', async () => {
    await conversation();
    const text = readFileSync(file, 'utf8');
    expect(text).not.to.contain('tell nobody');
    const [head, ...lines] = text.trimEnd().split('\n').map((line) => JSON.parse(line));
    expect(head).to.deep.equal({ v: 1, recorded: 'codebeaker', version: '9.9.9', startedAt: '2030-01-01T00:00:00.000Z' });
    expect(lines.filter(({ from }) => from === 'client').map(({ message, bytes }) => message?.method ?? bytes)).to.deep.equal(['initialize', 'session/create', 'session/execute', 'command/executeShell', 'command/input', 'command/input', 'no/such/method', 'session/close', 3, 'session/create']);
    expect(lines.find(({ message }) => message?.id === 1).message.params).to.deep.equal({ language: 'python', secrets: '(hidden)', env: '(hidden)' });
    expect(lines.find(({ message }) => message?.id === 1 && message.result).message.result).to.deep.equal({ sessionId: 's1', runtime: 'fake', resume: { graceMs: 1, resumeToken: '(hidden, 11 characters)' } });
    expect(lines.find(({ message }) => message?.method === 'command/output').message.params.data).to.equal('(hidden, 7 characters)');
    expect(lines.find(({ message }) => message?.id === 3 && message.result).message.result).to.deep.equal({ commandId: 'c', outcome: 'exited', exitCode: 3 });
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it('is shown with requests beside their answers, and with notifications as one', async () => {
    await conversation();
    const lines = (await shown()).trimEnd().split('\n').map((line) => line.replaceAll(/ {2,}/g, ' '));
    expect(lines[0]).to.match(/^codebeaker 9\.9\.9, 2030-01-01T00:00:00\.000Z: \d+ of \d+ shown$/);
    expect(lines).to.include(' 0.000 s → session/create #1 5.0 ms ok s1 (fake) {"language":"python","secrets":"(hidden)","env":"(hidden)"}');
    expect(lines).to.include(' 0.010 s ← command/output ×3 {"commandId":"c","stream":"stdout","seq":0,"data":"(hidden, 7 characters)","encoding":"utf-8"}');
    expect(lines).to.include(' 0.010 s → command/executeShell #3 5.0 ms exited 3 {"sessionId":"s1","command":"x","commandId":"c"}');
    expect(lines.join('\n')).to.match(/→ command\/input ×2 .*\n.*→ no\/such\/method #4 0\.0 ms error -32601 MethodNotFound: /);
    expect(lines.join('\n')).to.match(/→ session\/close #five \d+\.0 ms error 1001 SessionNotFound: there is no session/).and.to.contain('→ (no JSON) 3 bytes');
  });

  it('is shown for one session or one method, or as JSON', async () => {
    await conversation();
    const json = async (more: object) => (JSON.parse(await shown({ json: true, ...more })).exchanges as { method: string }[]).map(({ method }) => method);
    expect(await json({ session: 's1' })).to.deep.equal(['session/create', 'session/execute', 'command/output', 'command/executeShell', 'command/output', 'command/input', 'session/close']);
    expect(await json({ method: 'session/*' })).to.deep.equal(['session/create', 'session/execute', 'session/close', 'session/create']);
    expect(await json({ method: 'session/close' })).to.deep.equal(['session/close']);
  });

  it('of several clients is one file, in which each line has the number of its connection, and answers and sessions are told apart by it', async () => {
    const write = recordFile(file, (line) => expect.fail(line));
    const recorder = new Recorder({ version: '9.9.9', clock: new FakeClock(), write });
    const ends = [1, 2].map((client) => {
      const heard: { message?: (body: Buffer) => void } = {};
      const transport = recorder.transport({ receive: (sink: { message(body: Buffer): void }) => void (heard.message = (body) => sink.message(body)), send: async () => undefined } as unknown as MessageTransport, client);
      transport.receive({ message: () => undefined, refused: () => undefined, ended: () => undefined, sent: () => undefined, gone: () => undefined });
      return { asks: (message: object) => heard.message?.(Buffer.from(JSON.stringify(message))), is: (message: object) => transport.send(message) };
    });
    for (const [at, { asks }] of ends.entries()) asks(request(1, 'command/executeShell', { sessionId: `s${at + 1}`, commandId: 'c', command: 'x', env: { A: 'tell nobody' } }));
    for (const { is } of ends) await is(notification('command/output', { commandId: 'c', data: 'tell nobody' }));
    await ends[1]?.is({ jsonrpc: '2.0', id: 1, result: { outcome: 'exited', exitCode: 2 } });
    await ends[0]?.is({ jsonrpc: '2.0', id: 1, result: { outcome: 'exited', exitCode: 1 } });
    const text = readFileSync(file, 'utf8');
    expect(text).not.to.contain('tell nobody');
    expect(text.trimEnd().split('\n').slice(1).map((line) => JSON.parse(line).client)).to.deep.equal([1, 2, 1, 2, 2, 1]);
    const { exchanges } = JSON.parse(await shown({ json: true })) as { exchanges: { client: number; method: string; outcome?: string; sessionId: string }[] };
    expect(exchanges.map(({ client, method, outcome, sessionId }) => [client, method, outcome, sessionId])).to.deep.equal([
      [1, 'command/executeShell', 'exited 1', 's1'], [2, 'command/executeShell', 'exited 2', 's2'],
      [1, 'command/output', undefined, 's1'], [2, 'command/output', undefined, 's2'],
    ]);
    expect((await shown()).split('\n')[2]?.replaceAll(/ {2,}/g, ' ')).to.match(/^ 0\.000 s client 2 → command\/executeShell #1 0\.0 ms exited 2 /);
  });

  it('is shown as far as it goes where it is cut off, and nothing else is taken for one', async () => {
    await conversation();
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, -20));
    expect(await shown()).to.contain('session/create').and.to.contain('(skipped)');
    const refused = async (text: string) => (writeFileSync(file, text), shown().then(() => undefined, (fault: Error) => fault.message.replace(file, 'FILE')));
    expect(await refused('')).to.equal('FILE is no record of codebeaker --record: it is empty');
    expect(await refused('{"a":1}\n')).to.equal('FILE is no record of codebeaker --record');
    expect(await refused('{"recorded":"codebeaker","v":2}\n')).to.equal('FILE is a record of version 2, and this program reads version 1');
    file = join(folder, 'none');
    expect(await shown().catch((fault: Error) => fault.message)).to.match(/none cannot be read \(ENOENT\)$/);
  });
});
