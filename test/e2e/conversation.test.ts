/** A whole conversation in every language, from initialize to exit, by a client that shares no code with the daemon. */
import { expect } from 'chai';
import { dockerImage, need, npmPackage } from '../require.ts';
import { containers, daemonEnvironment, image } from './environment.ts';
import { RawClient, type RawTransport } from './raw-client.ts';

/** Each prints a line, waits for one, prints another, and ends with code 7. */
const programs: Record<string, { file: string; code: string }> = {
  python: { file: 'main.py', code: 'import sys\nprint("one", flush=False)\nsys.stdin.readline()\nprint("two", sys.argv[1])\nsys.exit(7)\n' },
  javascript: { file: 'main.js', code: 'console.log("one"); process.stdin.once("data", () => { console.log("two", process.argv[2]); process.exit(7) })\n' },
  typescript: { file: 'main.ts', code: 'const n: number = 7; console.log("one"); process.stdin.once("data", () => { console.log("two", process.argv[2] as string); process.exit(n) })\n' },
  go: { file: 'main.go', code: 'package main\nimport ("fmt"; "os")\nfunc main() { fmt.Println("one"); fmt.Scanln(); fmt.Println("two", os.Args[1]); os.Exit(7) }\n' },
  csharp: { file: 'main.cs', code: 'using System;\nclass P { static int Main(string[] a) { Console.WriteLine("one"); Console.ReadLine(); Console.WriteLine("two " + a[0]); return 7; } }\n' },
  ruby: { file: 'main.rb', code: 'puts "one"\nSTDIN.gets\nputs "two #{ARGV[0]}"\nexit 7\n' },
  shellscript: { file: 'main.sh', code: 'echo one; read line; echo two "$1"; exit 7\n' },
};

async function converse(client: RawClient, runtime: string, language: string): Promise<any> {
  const { file, code } = programs[language] as { file: string; code: string };
  const server = await client.initialize({ output: { flowControl: true }, session: { stateChanged: true } });
  expect(server.protocolVersion).to.equal('1.0');
  expect(server.capabilities.runtimes.find(({ id }: any) => id === runtime)).to.include({ available: true });

  const session = await client.request('session/create', { language, runtime });
  expect(session).to.include({ runtime, language, state: 'ready', workspace: '/workspace' });
  const { sessionId } = session;

  const written = await client.request('command/writeFile', { sessionId, path: file, content: code });
  expect(written).to.deep.equal({ path: `/workspace/${file}`, bytes: Buffer.byteLength(code) });

  client.onNotification = ({ method, params }) => {
    if (method !== 'command/output') return;
    client.notify('command/ack', { commandId: params.commandId, seq: params.seq });
    // The program goes on when its first line has arrived.
    if (params.seq === 0) client.notify('command/input', { commandId: 'c1', data: 'go on\n', end: true });
  };
  const result = await client.request('command/runCode', { sessionId, path: file, language, args: ['three'], commandId: 'c1', interactive: true });
  expect(result).to.include({ commandId: 'c1', outcome: 'exited', exitCode: 7, signal: null, language });
  expect(result).not.to.have.property('stdout');
  const pieces = client.notifications.filter(({ method }) => method === 'command/output').map(({ params }) => params);
  expect(pieces.map(({ seq }) => seq)).to.deep.equal(pieces.map((_, index) => index));
  expect(pieces.map(({ data }) => data).join('')).to.equal('one\ntwo three\n');

  expect(await client.request('session/close', { sessionId })).to.deep.equal({ sessionId, closed: true });
  const states = client.notifications.filter(({ method }) => method === 'session/stateChanged').map(({ params }) => params.state);
  expect(states[0]).to.equal('ready');
  expect(states.slice(-2)).to.deep.equal(['closing', 'closed']);
  return result;
}

describe('an independent client', () => {
  const converses = (language: string, over: RawTransport) => `converses in ${language}${over === 'websocket' ? ' over a WebSocket' : ''}`;

  describe('on Docker', () => {
    before(need('docker', dockerImage(image)));
    for (const [language, over] of [...Object.keys(programs).map((each) => [each, 'stdio'] as const), ['python', 'websocket'] as const]) {
      it(converses(language, over), async () => {
        const client = new RawClient({ env: daemonEnvironment(), over });
        const { phases } = await converse(client, 'docker', language);
        const names = ['go', 'csharp'].includes(language) ? ['compile', 'run'] : ['run'];
        expect(phases.map(({ name }: any) => name)).to.deep.equal(names);
        expect(await client.end()).to.equal(0);
        expect(client.stderr).to.equal('');
        expect(containers(client.process.pid)).to.deep.equal([]);
      });
    }
  });

  describe('on Deno', () => {
    before(need('deno', npmPackage('deno')));
    for (const [language, over] of [['javascript', 'stdio'], ['typescript', 'stdio'], ['typescript', 'websocket']] as const) {
      it(converses(language, over), async () => {
        const client = new RawClient({ env: daemonEnvironment(), over });
        await converse(client, 'deno', language);
        expect(await client.end()).to.equal(0);
        expect(client.stderr).to.equal('');
      });
    }
  });
});
