/** Plain HTTP requests to a daemon that listens: one-shot requests of the protocol, and code in, result out. */
import { expect } from 'chai';
import { need } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { folders, processes, until } from './environment.ts';
import { RemoteDaemon } from './remote-daemon.ts';

interface Event {
  readonly event: string;
  readonly data: any;
}

/** The events of an answer, as they come. */
async function* eventsOf(response: Response): AsyncGenerator<Event> {
  let text = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString();
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
      text = text.slice(end + 2);
      if (event !== undefined && data !== undefined) yield { event, data: JSON.parse(data) };
    }
  }
}

describe('a daemon that listens, by HTTP', () => {
  before(need('bubblewrap', bubblewrap));

  let daemon: RemoteDaemon;
  before(async () => {
    daemon = await RemoteDaemon.start({ args: ['--allow-origin', 'https://allowed.example'], config: { allowedImages: [], sizes: { messageBytes: 1024 * 1024 } } });
  });
  after(async () => {
    expect(await daemon.stop()).to.equal(0);
    expect(daemon.stderr).to.equal('');
  });

  const post = (path: string, body: unknown, init: { headers?: Record<string, string>; signal?: AbortSignal } = {}) =>
    daemon.fetch(path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), ...init, headers: { 'content-type': 'application/json', ...init.headers } });
  const rpc = async (method: string, params?: object, id: unknown = 7) => (await post('/rpc', { jsonrpc: '2.0', id, method, params })).json() as Promise<any>;
  const run = (body: object, init?: { headers?: Record<string, string>; signal?: AbortSignal }) => post('/v1/run', { language: 'python', runtime: 'native', ...body }, init);
  const events = (body: object, signal?: AbortSignal) => run(body, { headers: { accept: 'text/event-stream' }, ...(signal && { signal }) });

  it('says that it is ready, and why not only to whoever has the token', async () => {
    expect(await (await fetch(`http://${daemon.at}/readyz`)).json()).to.deep.equal({ ok: true });
    expect(await (await daemon.fetch('/readyz')).json()).to.deep.equal({ ok: true, reasons: [] });
    expect((await fetch(`http://${daemon.at}/metrics`)).status).to.equal(401);
    const metrics = await daemon.fetch('/metrics');
    expect([metrics.status, metrics.headers.get('content-type')]).to.deep.equal([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(await metrics.text()).to.match(/^codebeaker_build_info\{/m);
    expect((await daemon.fetch('/rpc')).status).to.equal(405);
    expect((await daemon.fetch('/nothing')).status).to.equal(404);
  });

  it('answers one request of the protocol with POST /rpc; a session lives from one to the next', async () => {
    const { result: { sessionId } } = await rpc('session/create', { language: 'python', runtime: 'native' }, 'a');
    expect(await rpc('command/writeFile', { sessionId, path: 'x.py', content: 'print(6 * 7)' }, 'b')).to.deep.equal({ jsonrpc: '2.0', id: 'b', result: { path: '/workspace/x.py', bytes: 12 } });
    expect((await rpc('command/runCode', { sessionId, path: 'x.py' })).result).to.include({ stdout: '42\n', exitCode: 0 });
    expect((await rpc('session/list')).result.sessions.map((session: any) => session.sessionId)).to.deep.equal([sessionId]);
    expect((await rpc('session/close', { sessionId })).result).to.deep.equal({ sessionId, closed: true });
    expect((await rpc('session/close', { sessionId: 'none' })).error.code).to.equal(1001);
  });

  it('refuses with POST /rpc what is about a connection, and what is no request', async () => {
    for (const method of ['initialize', 'shutdown', 'exit']) expect((await rpc(method, {})).error.code, method).to.equal(-32601);
    expect((await rpc('nothing/atAll')).error.code).to.equal(-32601);
    expect((await rpc('session/create', { language: 5 })).error.code).to.equal(-32602);
    const refused = async (body: unknown, headers = {}) => {
      const response = await post('/rpc', body, { headers });
      return [response.status, (await response.json() as any).error.code];
    };
    expect(await refused('{')).to.deep.equal([400, -32700]);
    expect(await refused([])).to.deep.equal([400, -32600]);
    expect(await refused({ jsonrpc: '2.0', id: 1, result: 1 })).to.deep.equal([400, -32600]);
    expect(await refused('{}', { 'content-type': 'text/plain' })).to.deep.equal([415, undefined]);
    expect(await refused(`"${'x'.repeat(1024 * 1024)}"`)).to.deep.equal([413, undefined]);
    expect((await post('/rpc', { jsonrpc: '2.0', method: 'exit' })).status).to.equal(204);
    expect((await rpc('session/list')).result.sessions).to.deep.equal([]);
  });

  it('cancels a request of POST /rpc whose client leaves', async () => {
    const { result: { sessionId } } = await rpc('session/create', { language: 'python', runtime: 'native' });
    const mark = `mark-${daemon.pid}-rpc`;
    const leaving = new AbortController();
    const left = post('/rpc', { jsonrpc: '2.0', id: 1, method: 'command/runCode', params: { sessionId, code: 'import time\ntime.sleep(600)', args: [mark] } }, { signal: leaving.signal }).catch(() => 'left');
    await until('the program runs', () => processes(mark).length > 0);
    leaving.abort();
    expect(await left).to.equal('left');
    await until('the program has ended', () => processes(mark).length === 0);
    expect((await rpc('session/close', { sessionId })).result.closed).to.equal(true);
  });

  it('runs code with POST /v1/run, and leaves no session', async () => {
    const response = await run({ code: 'import sys\nprint(sys.argv[1:], input())\nsys.exit(3)', args: ['a', 'b'], stdin: 'hello\n' });
    expect(response.status).to.equal(200);
    expect(await response.json()).to.include({ outcome: 'exited', exitCode: 3, stdout: "['a', 'b'] hello\n", stderr: '', language: 'python' });
    const files = { 'main.py': 'import data.values\nprint(open("raw.txt").read(), data.values.x)', 'data/values.py': 'x = 5', 'raw.txt': { content: Buffer.from('é').toString('base64'), encoding: 'base64' } };
    expect(await (await run({ files, path: 'main.py' })).json()).to.include({ stdout: 'é 5\n', stderr: '' });
    expect(await (await run({ code: 'import time\ntime.sleep(600)', timeoutMs: 200 })).json()).to.include({ outcome: 'timedOut' });
    expect((await rpc('session/list')).result.sessions).to.deep.equal([]);
  });

  it('refuses with POST /v1/run what the policy and the shapes refuse', async () => {
    const refused = async (body: object) => {
      const response = await run(body);
      return [response.status, (await response.json() as any).error.data?.kind];
    };
    expect(await refused({})).to.deep.equal([400, 'InvalidParams']);
    expect(await refused({ code: 'x', limits: { memoryBytes: 'much' } })).to.deep.equal([400, 'InvalidParams']);
    expect(await refused({ code: 'x', network: { mode: 'full' } })).to.deep.equal([403, 'PolicyDenied']);
    expect(await refused({ code: 'x', files: { '../../etc/x': 'y' } })).to.deep.equal([400, 'InvalidPath']);
    expect(await refused({ code: 'x', workspace: { uri: 'file:///etc', access: 'copy' } })).to.deep.equal([400, undefined]);
    expect(await refused({ code: 'x', files: ['a'] })).to.deep.equal([400, undefined]);
    expect(await refused({ code: 'x', runtime: 'none' })).to.deep.equal([503, 'RuntimeUnavailable']);
    expect(await refused({ code: 'x', limits: { diskBytes: 1_048_576 }, files: { large: 'x'.repeat(900_000) } })).to.deep.equal([507, 'DiskFull']);
  });

  it('streams output as Server-Sent Events while the program runs', async () => {
    const response = await events({ code: 'import time\nprint("one", flush=True)\ntime.sleep(1)\nprint("two")' });
    expect(response.headers.get('content-type')).to.equal('text/event-stream');
    const seen: Event[] = [];
    for await (const event of eventsOf(response)) seen.push(event);
    const last = seen.pop();
    expect(seen.map(({ event, data: { stream, seq } }) => [event, stream, seq])).to.deep.equal(seen.map((_, seq) => ['output', 'stdout', seq]));
    expect(seen.map(({ data: { data } }) => data).join('')).to.equal('one\ntwo\n');
    expect(seen.length, 'what is printed later comes later').to.be.at.least(2);
    expect(last).to.have.property('event', 'result');
    expect(last?.data).to.include({ outcome: 'exited', exitCode: 0 });
    const many: Event[] = [];
    for await (const event of eventsOf(await events({ code: 'print("x" * 99999999)', limits: { outputBytes: 8_000_000 } }))) many.push(event);
    expect(many.slice(0, -1).reduce((sum, { data }) => sum + Number(data.data.length), 0)).to.equal(8_000_000);
    expect(many.at(-1)).to.have.nested.property('data.outcome', 'outputLimit');
  });

  it('ends a run whose client leaves', async () => {
    const mark = `mark-${daemon.pid}-run`;
    const leaving = new AbortController();
    const response = await events({ code: 'import time\nprint("begun", flush=True)\ntime.sleep(600)', args: [mark] }, leaving.signal);
    for await (const { event } of eventsOf(response)) {
      expect(event).to.equal('output');
      break;
    }
    leaving.abort();
    await until('the program has ended', () => processes(mark).length === 0);
  });

  it('removes the sessions of POST /rpc, and what runs, when it is told to end', async () => {
    const other = await RemoteDaemon.start({ unix: false });
    const mark = `mark-${other.pid}-end`;
    const send = (path: string, body: object) => other.fetch(path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
    const { result } = await (await send('/rpc', { jsonrpc: '2.0', id: 1, method: 'session/create', params: { language: 'python', runtime: 'native' } })).json() as any;
    expect(result.state).to.equal('ready');
    const running = send('/v1/run', { language: 'python', runtime: 'native', code: 'import time\ntime.sleep(600)', args: [mark] });
    await until('the program runs', () => processes(mark).length > 0);
    const code = other.stop();
    expect(await (await running).json()).to.include({ outcome: 'cancelled' });
    expect([await code, other.stderr, folders(other.pid), processes(mark)]).to.deep.equal([0, '', [], []]);
  });

  it('answers POST /v1/run with 503 while it waits for what runs', async () => {
    const other = await RemoteDaemon.start({ config: { drain: { deadlineMs: 600_000 } } });
    const mark = `mark-${other.pid}-drain`;
    const send = (body: object) => other.fetch('/v1/run', { method: 'POST', body: JSON.stringify({ language: 'python', runtime: 'native', ...body }), headers: { 'content-type': 'application/json' } });
    const running = send({ code: 'import time\ntime.sleep(600)', args: [mark] });
    await until('the program runs', () => processes(mark).length > 0);
    const code = other.stop();
    await until('it is not ready', async () => (await fetch(`http://${other.at}/readyz`)).status === 503);
    const refused = await send({ code: '1' });
    expect([refused.status, (await refused.json() as any).error.data.kind]).to.deep.equal([503, 'ShuttingDown']);
    other.process.kill('SIGTERM');
    expect(await (await running).json()).to.include({ outcome: 'cancelled' });
    expect(await code).to.equal(143);
  });

  it('lets pages of an allowed origin ask, and no others', async () => {
    const preflight = (origin: string) => fetch(`http://${daemon.at}/rpc`, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });
    const asked = await preflight('https://allowed.example');
    expect([asked.status, asked.headers.get('access-control-allow-origin'), asked.headers.get('access-control-allow-headers')]).to.deep.equal([204, 'https://allowed.example', 'authorization, content-type']);
    const foreign = await preflight('https://evil.example');
    expect([foreign.status, foreign.headers.get('access-control-allow-origin')]).to.deep.equal([403, null]);
  });
});
