/** Debugging, in real runtimes and with the real debuggers: over the daemon's own protocol, and with plain DAP. */
import { expect } from 'chai';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DapCommand, ProtocolDebug } from '../debug/dap-client.ts';
import { dockerImage, need, program, type Probe } from '../require.ts';
import { sourceFile } from './command-line.ts';
import { type Conversation, converse } from './debugging.ts';
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

const conversation: Conversation = { line: 7, frame: 'work', neighbour: { file: 'lib.py', line: 2, frame: 'square' }, caller: undefined, exitCode: 0, stdout: 'sum 1025 argument\n' };

describe('debugging', () => {
  for (const [runtime, probe] of Object.entries(places)) {
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
        await converse(debug.client, main, { program: '/etc/passwd', console: 'externalTerminal' }, conversation);
        expect(await debug.ended).to.deep.equal({ debugId: 'd1', outcome: 'exited', exitCode: 0 });
        expect((await raw.request('session/list')).sessions[0].state).to.equal('ready');
        expect((await raw.request('command/listDirectory', { sessionId, path: '/tmp' })).entries).to.deep.equal([]);
        expect(await raw.end()).to.equal(0);
        expect(raw.stderr).to.equal('');
      });

      it('does the same for an editor that starts codebeaker dap', async () => {
        const main = project();
        const command = new DapCommand();
        await converse(command.client, main, { type: 'codebeaker', request: 'launch', name: 'a program', program: main, args: ['argument'], cwd: dirname(main), runtime, console: 'externalTerminal' }, conversation);
        expect(command.client.events('capabilities')[0].capabilities).to.include({ supportsSetVariable: true, supportsConditionalBreakpoints: true });
        expect(await command.exited).to.equal(0);
        expect(command.stderr).to.equal('');
      });
    });
  }
});
