/** Debugging, in real runtimes and with the real debuggers: over the daemon's own protocol, and with plain DAP. */
import { expect } from 'chai';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type DapClient, DapCommand, ProtocolDebug } from '../debug/dap-client.ts';
import { dockerImage, need, program, type Probe } from '../require.ts';
import { sourceFile } from './command-line.ts';
import { daemonEnvironment, image } from './environment.ts';
import { RawClient } from './raw-client.ts';

const places: Record<string, Probe> = { docker: dockerImage(image), native: program('bwrap') };

const code = `import sys
from lib import square

def work(n):
    total = 0
    for i in range(n):
        total += square(i)
    return total

print("sum", work(5), sys.argv[1], flush=True)
print("to stderr", file=sys.stderr, flush=True)
sys.exit(0)
`;
const lib = `def square(x):
    result = x * x
    return result
`;

/** A folder of the client with the program; the path of the program. */
function project(): string {
  const main = sourceFile('main.py', code);
  writeFileSync(join(dirname(main), 'lib.py'), lib);
  mkdirSync(join(dirname(main), 'sub'));
  return main;
}

/** From the first message to the last. `launch`: the arguments of the client. */
async function converse(client: DapClient, main: string, launch: object): Promise<void> {
  const { dir, neighbour } = { dir: dirname(main), neighbour: join(dirname(main), 'lib.py') };
  const capabilities = await client.ask('initialize', { adapterID: 'codebeaker', linesStartAt1: true, columnsStartAt1: true, pathFormat: 'path' });
  expect(capabilities).to.include({ supportsConfigurationDoneRequest: true });
  const initialized = client.event('initialized');
  const launched = client.ask('launch', launch);
  await initialized;
  const set = await client.ask('setBreakpoints', { source: { path: main }, breakpoints: [{ line: 7, condition: 'i == 3' }] });
  expect(set.breakpoints).to.have.length(1);
  expect(set.breakpoints[0]).to.include({ verified: true, line: 7 });
  expect(set.breakpoints[0].source?.path ?? main).to.equal(main);
  await client.ask('setExceptionBreakpoints', { filters: [] });
  let stopped = client.event('stopped');
  await client.ask('configurationDone');
  await launched;
  const { threadId, reason } = await stopped;
  expect(reason).to.equal('breakpoint');
  const { threads } = await client.ask('threads');
  expect(threads.map(({ id }: any) => id)).to.include(threadId);
  const { stackFrames } = await client.ask('stackTrace', { threadId });
  expect(stackFrames[0]).to.include({ name: 'work', line: 7 });
  expect(stackFrames[0].source.path).to.equal(main);
  const { scopes } = await client.ask('scopes', { frameId: stackFrames[0].id });
  const { variablesReference } = scopes[0];
  const { variables } = await client.ask('variables', { variablesReference });
  expect(variables.find(({ name }: any) => name === 'i')).to.include({ value: '3' });
  expect((await client.ask('evaluate', { expression: 'total + 100', frameId: stackFrames[0].id, context: 'repl' })).result).to.equal('105');
  expect((await client.ask('setVariable', { variablesReference, name: 'total', value: '1000' })).value).to.equal('1000');
  stopped = client.event('stopped');
  await client.ask('stepIn', { threadId });
  await stopped;
  const inside = await client.ask('stackTrace', { threadId });
  expect(inside.stackFrames[0]).to.include({ name: 'square', line: 2 });
  expect(inside.stackFrames[0].source.path).to.equal(neighbour);
  stopped = client.event('stopped');
  await client.ask('stepOut', { threadId });
  await stopped;
  const exited = client.event('exited');
  const terminated = client.event('terminated');
  await client.ask('continue', { threadId });
  expect((await exited).exitCode).to.equal(0);
  await terminated;
  await client.ask('disconnect', {});
  const output = (category: string) => client.events('output').filter((body) => body.category === category).map((body) => body.output).join('');
  // 1000, instead of 0 + 1 + 4, then 9 and 16.
  expect(output('stdout')).to.equal('sum 1025 argument\n');
  expect(output('stderr')).to.contain('to stderr\n');
  expect(client.faults).to.deep.equal([]);
  expect(JSON.stringify(client.received).replaceAll(dir, '')).not.to.contain('/workspace');
}

/** A package debugpy of the program's own, whose adapter attacks the client. */
const hostile: Record<string, string> = {
  'evil/debugpy/__init__.py': '',
  'evil/debugpy/_version.py': 'version = "9.9.9"\n',
  'evil/debugpy/adapter/__init__.py': '',
  'evil/debugpy/adapter/__main__.py': `import json, sys, time
out = sys.stdout.buffer
seq = 0
def send(**message):
    global seq
    seq += 1
    body = json.dumps({"seq": seq, **message}).encode()
    out.write(b"Content-Length: %d\\r\\n\\r\\n" % len(body) + body)
    out.flush()
def requests():
    stdin = sys.stdin.buffer
    while line := stdin.readline():
        stdin.readline()
        yield json.loads(stdin.read(int(line.split(b":")[1])))
for request in requests():
    command = request.get("command")
    if request["type"] == "response":
        send(type="event", event="output", body={"category": "console", "output": "refused %s %s\\n" % (command, request["success"])})
        continue
    if command == "launch":
        target = request["arguments"]["program"]
        send(type="event", event="output", body={"category": "console", "output": "launch %s\\n" % request["arguments"].get("console")})
        send(type="request", command="runInTerminal", arguments={"cwd": "/", "args": ["touch", "/tmp/codebeaker-owned"], "kind": "integrated"})
        send(type="request", command="startDebugging", arguments={"request": "launch", "configuration": {"type": "node", "program": "/tmp/x"}})
        send(type="response", request_seq=4711, success=True, command="evaluate", body={"result": "forged", "variablesReference": 0})
        send(type="event", event="initialized")
        send(type="event", event="stopped", body={"reason": "pause", "threadId": 1, "text": "\\x1b]52;c;eA==\\x07"})
    if command == "stackTrace":
        frames = ["/etc/passwd", "/workspace/../etc/shadow", "/home/somebody/.ssh/id_rsa", "/workspace/main.py"]
        send(type="response", request_seq=request["seq"], success=True, command=command, body={"stackFrames": [{"id": i, "name": "\\n\\x00", "line": 1, "column": 1, "source": {"path": path}} for i, path in enumerate(frames)]})
        continue
    if command == "variables":
        value = "x" * 10_000_000
        send(type="response", request_seq=request["seq"], success=True, command=command, body={"variables": [{"name": "large", "value": value, "variablesReference": 0}]})
        continue
    if command == "pause":
        out.write(b"Content-Length: 1073741824\\r\\n\\r\\n")
        try:
            while True:
                out.write(b"x" * 65536)
                out.flush()
        except OSError:
            time.sleep(1000)
    send(type="response", request_seq=request["seq"], success=True, command=command, body={"supportsStepBack": True} if command == "initialize" else {})
`,
};

describe('debugging', () => {
  for (const [runtime, probe] of Object.entries(places)) {
    if (runtime === 'native') describe('a debugger that attacks its client', () => {
      before(need(runtime, probe));

      it('gets nothing from it, and is ended', async () => {
        const main = project();
        for (const [path, text] of Object.entries(hostile)) {
          mkdirSync(dirname(join(dirname(main), path)), { recursive: true });
          writeFileSync(join(dirname(main), path), text);
        }
        const { client, ...command } = new DapCommand();
        await client.ask('initialize');
        const launch = client.ask('launch', { program: main, runtime, env: { PYTHONPATH: '/workspace/evil' }, console: 'externalTerminal' });
        await client.event('stopped');
        await launch;
        const { stackFrames } = await client.ask('stackTrace', { threadId: 1 });
        expect(stackFrames.map(({ source }: any) => source.path)).to.deep.equal([undefined, undefined, undefined, main]);
        expect((await client.response('source', { sourceReference: stackFrames[0].source.sourceReference })).body?.content ?? '').not.to.equal(readFileSync('/etc/passwd', 'utf8'));
        expect((await client.response('source', { sourceReference: stackFrames[2].source.sourceReference })).success).to.equal(false);
        expect((await client.ask('variables', { variablesReference: 1 })).variables[0].value).to.have.length(10_000_000);
        const over = client.event('terminated');
        expect((await client.response('pause', { threadId: 1 })).success).to.equal(false);
        await over;
        await client.ask('disconnect');
        expect(await command.exited).to.equal(0);
        const said = client.events('output').filter(({ category }) => category === 'console').map(({ output }) => output);
        expect(said).to.include.members(['refused runInTerminal False\n', 'refused startDebugging False\n']);
        expect(said.join('')).not.to.contain('externalTerminal');
        expect(client.faults).to.deep.equal([]);
        expect(JSON.stringify(client.received)).not.to.contain('forged');
        expect(client.received.some(({ type }) => type === 'request')).to.equal(false);
        expect(existsSync('/tmp/codebeaker-owned')).to.equal(false);
      });
    });

    describe(`Python, ${runtime}`, () => {
      before(need(runtime, probe));

      it('stops at breakpoints, shows and changes variables, steps, and ends with the program', async () => {
        const main = project();
        const raw = new RawClient({ env: daemonEnvironment() });
        const server = await raw.initialize({ debug: { adapter: true } });
        expect(server.capabilities.debug.languages).to.include('python');
        const { sessionId } = await raw.request('session/create', { runtime, language: 'python' });
        await raw.request('command/writeFile', { sessionId, path: 'main.py', content: code });
        await raw.request('command/writeFile', { sessionId, path: 'lib.py', content: lib });
        const debug = new ProtocolDebug(raw, 'd1');
        const started = await raw.request('debug/start', { sessionId, path: 'main.py', args: ['argument'], debugId: 'd1', pathMappings: [{ client: pathToFileURL(dirname(main)).href, sandbox: '/workspace' }] });
        expect(started.adapter.name).to.equal('debugpy');
        await converse(debug.client, main, { program: '/etc/passwd', console: 'externalTerminal' });
        expect(await debug.ended).to.deep.equal({ debugId: 'd1', outcome: 'exited', exitCode: 0 });
        expect((await raw.request('session/list')).sessions[0].state).to.equal('ready');
        expect((await raw.request('command/listDirectory', { sessionId, path: '/tmp' })).entries).to.deep.equal([]);
        expect(await raw.end()).to.equal(0);
        expect(raw.stderr).to.equal('');
      });

      it('does the same for an editor that starts codebeaker dap', async () => {
        const main = project();
        const command = new DapCommand();
        await converse(command.client, main, { type: 'codebeaker', request: 'launch', name: 'a program', program: main, args: ['argument'], cwd: dirname(main), runtime, console: 'externalTerminal' });
        expect(command.client.events('capabilities')[0].capabilities).to.include({ supportsSetVariable: true, supportsConditionalBreakpoints: true });
        expect(await command.exited).to.equal(0);
        expect(command.stderr).to.equal('');
      });
    });
  }
});
