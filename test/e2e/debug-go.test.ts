/** Debugging of Go with Delve, in real runtimes: over the daemon's own protocol, and with plain DAP. */
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ProtocolDebug } from '../debug/dap-client.ts';
import { bundles, dockerImage, need, program, type Probe } from '../require.ts';
import { sourceFile } from './command-line.ts';
import { type Conversation, converse } from './debugging.ts';
import { daemonEnvironment, image, processes, until } from './environment.ts';
import { RawClient } from './raw-client.ts';

const places: Record<string, Probe> = { docker: dockerImage(image), native: program('bwrap') };

const files: Readonly<Record<string, string>> = {
  'go.mod': 'module example.org/sums\n\ngo 1.19\n',
  'main.go': `package main

import (
	"fmt"
	"os"

	"example.org/sums/squares"
)

func work(n int) int {
	total := 0
	for i := 0; i < n; i++ {
		total += squares.Square(i)
	}
	return total
}

func main() {
	fmt.Println("sum", work(5), os.Args[1], os.Getenv("XDG_CONFIG_HOME"))
	fmt.Fprintln(os.Stderr, "to stderr")
	os.Exit(twice(3) / 2)
}
`,
  // In the same package, and in another one of the module.
  'twice.go': 'package main\n\nfunc twice(n int) int {\n\treturn 2 * n\n}\n',
  'squares/squares.go': 'package squares\n\nfunc Square(x int) int {\n\tresult := x * x\n\treturn result\n}\n',
};
const LINE = 13;

/** A folder of the client with the program; the path of the program. */
function project(): string {
  const main = sourceFile('main.go', files['main.go'] as string);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dirname(main), path)), { recursive: true });
    writeFileSync(join(dirname(main), path), text);
  }
  return main;
}

const conversation: Conversation = {
  line: LINE, frame: 'main.work', neighbour: { file: 'squares/squares.go', line: 3, frame: 'example.org/sums/squares.Square' }, caller: 'package runtime', exitCode: 3, stdout: 'sum 1025 argument \n',
  async more(steps, threadId, main) {
    const { client } = steps;
    const { id: frameId } = (await steps.frames(threadId))[0];
    expect((await client.response('evaluate', { expression: 'nothing', frameId, context: 'watch' })).message).to.contain('could not find symbol value for nothing');
    await client.ask('setBreakpoints', { source: { path: main }, breakpoints: [] });
    await client.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'main.twice' }] });
    expect((await steps.step('continue', threadId)).reason).to.equal('function breakpoint');
    const [top] = await steps.frames(threadId);
    expect(top.source.path).to.equal(join(dirname(main), 'twice.go'));
  },
};

describe('debugging in Go', () => {
  before(need('the build', bundles));

  for (const [runtime, probe] of Object.entries(places)) {
    describe(runtime, () => {
      before(need(runtime, probe));
      before(need('dlv', program('dlv')));

      it('stops at breakpoints, shows and changes variables, steps, and ends with the program', async () => {
        const main = project();
        const raw = new RawClient({ env: daemonEnvironment() });
        const server = await raw.initialize({ debug: { adapter: true } });
        expect(server.capabilities.debug.languages).to.include('go');
        const { sessionId } = await raw.request('session/create', { runtime, language: 'go' });
        for (const [path, content] of Object.entries(files)) await raw.request('command/writeFile', { sessionId, path, content });
        const debug = new ProtocolDebug(raw, 'd1');
        const started = await raw.request('debug/start', { sessionId, path: 'main.go', args: ['argument'], debugId: 'd1', pathMappings: [{ client: pathToFileURL(dirname(main)).href, sandbox: '/workspace' }] });
        expect(started.adapter.name).to.equal('Delve');
        await converse(debug.client, main, { program: '/etc/passwd', mode: 'debug' }, conversation);
        expect(await debug.ended).to.deep.equal({ debugId: 'd1', outcome: 'exited', exitCode: 3 });
        expect((await raw.request('session/list')).sessions[0].state).to.equal('ready');
        expect((await raw.request('command/listDirectory', { sessionId, path: '/tmp' })).entries.map(({ name }: any) => name)).to.deep.equal(['.cache']);
        expect(await raw.end()).to.equal(0);
        expect(raw.stderr).to.equal('');
      });

      it('tells what the compiler says, and nothing is left of a program that is cancelled while it is stopped', async () => {
        const raw = new RawClient({ env: daemonEnvironment() });
        await raw.initialize({ debug: { adapter: true } });
        const { sessionId } = await raw.request('session/create', { runtime, language: 'go' });
        const wrong = new ProtocolDebug(raw, 'wrong');
        await raw.request('debug/start', { sessionId, code: 'package main\n\nfunc main() { nothing() }\n', debugId: 'wrong' });
        await wrong.client.ask('initialize');
        expect((await wrong.client.response('launch')).message).to.contain('could not be built');
        expect(wrong.client.events('output').map(({ output }) => output).join('')).to.contain('undefined: nothing');
        await wrong.client.ask('disconnect');
        expect((await wrong.ended).exitCode).to.equal(null);
        const mark = `mark-${randomUUID()}`;
        const debug = new ProtocolDebug(raw, 'd2');
        await raw.request('debug/start', { sessionId, code: 'package main\n\nfunc main() {\n\tfor {\n\t}\n}\n', args: [mark], stopOnEntry: true, debugId: 'd2' });
        await debug.client.ask('initialize');
        await debug.client.ask('launch');
        const stopped = debug.client.event('stopped');
        await debug.client.ask('configurationDone');
        expect((await stopped).reason).to.equal('entry');
        expect(processes(mark)).not.to.deep.equal([]);
        await raw.request('command/signal', { commandId: 'd2', signal: 'SIGKILL' });
        expect(await debug.ended).to.deep.include({ outcome: 'signaled', exitCode: null });
        await until('nothing of the program is left', () => processes(mark).length === 0);
        expect((await raw.request('command/executeShell', { sessionId, command: 'echo usable' })).stdout).to.equal('usable\n');
        expect(await raw.end()).to.equal(0);
      });
    });
  }
});
