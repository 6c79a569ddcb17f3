/** Every capability that a debugger claims is tried once on the real one, and so is every filter of exceptions that it offers. */
import { expect } from 'chai';
import { dirname } from 'node:path';
import { debuggerOf } from '../../server/src/debug/adapters/table.ts';
import type { LanguageId } from '../../server/src/protocol/index.ts';
import { ProtocolDebug } from '../debug/dap-client.ts';
import { bundles, dockerImage, need, program, type Probe } from '../require.ts';
import { daemonEnvironment, image } from './environment.ts';
import { lineOf, Steps } from './debugging.ts';
import { RawClient } from './raw-client.ts';

const CLIENT = '/home/me';

/** A program that adds 0 to 4 in a function `work`, prints the sum, throws and catches one exception, and ends by another one. */
interface Subject {
  readonly runtime: string;
  readonly needs: Readonly<Record<string, Probe>>;
  readonly file: string;
  readonly text: string;
  /** The function as a breakpoint has it, and as the stack does. */
  readonly work: readonly [string, string];
  /** A program that kills itself. */
  readonly killed: string;
  /** The filters of exceptions, and at which lines each stops. */
  readonly filters: Readonly<Record<string, readonly string[]>>;
  /** The filter with which it stops at the last exception. undefined: it always does. */
  readonly filter: string | undefined;
}

const native = { bubblewrap: program('bwrap') };

const script = (typed: boolean) => `function work(n${typed ? ': number' : ''}) {
  let total = 0;
  for (let i = 0; i < n; i += 1) {
    total += i; // loop
  }
  return total; // after
}

console.log('sum', work(5));
try {
  throw new TypeError('this is caught'); // caught
} catch {}
throw new RangeError('this is wrong'); // wrong
`;

const javascript: Subject = {
  runtime: 'native', needs: native, file: 'main.js', text: script(false), work: ['work', 'work'], killed: "process.kill(process.pid, 'SIGKILL');\nsetTimeout(() => {}, 100_000);\n",
  filters: { all: ['caught', 'wrong'], uncaught: ['wrong'] }, filter: 'uncaught',
};

const subjects: Readonly<Partial<Record<LanguageId, Subject>>> = {
  python: {
    runtime: 'native', needs: native, file: 'main.py', work: ['work', 'work'], killed: 'import os\nos.kill(os.getpid(), 9)\n',
    text: `def work(n):
    total = 0
    for i in range(n):
        total += i # loop
    return total # after

print("sum", work(5), flush=True)
try:
    raise ValueError("this is caught") # caught
except ValueError:
    pass
raise RuntimeError("this is wrong") # wrong
`,
    filters: { raised: ['caught', 'wrong'], uncaught: ['wrong'], userUnhandled: ['wrong'] }, filter: 'uncaught',
  },
  javascript,
  typescript: { ...javascript, runtime: 'docker', needs: { docker: dockerImage(image) }, file: 'main.ts', text: script(true) },
  go: {
    runtime: 'native', needs: { ...native, dlv: program('dlv') }, file: 'main.go', work: ['main.work', 'main.work'],
    killed: 'package main\n\nimport (\n\t"os"\n\t"syscall"\n)\n\nfunc main() {\n\tsyscall.Kill(os.Getpid(), syscall.SIGKILL)\n\tselect {}\n}\n',
    text: `package main

import "fmt"

func work(n int) int {
	total := 0
	for i := 0; i < n; i++ {
		total += i // loop
	}
	return total // after
}

func main() {
	fmt.Println("sum", work(5))
	panic("this is wrong") // wrong
}
`,
    filters: {}, filter: undefined,
  },
  ruby: {
    runtime: 'native', needs: { ...native, ruby: program('ruby') }, file: 'main.rb', work: ['work', 'Object#work'], killed: 'Process.kill(9, Process.pid)\n',
    text: `def work(n)
  total = 0
  n.times do |i|
    total += i # loop
  end
  total # after
end

puts "sum #{work(5)}"
begin
  raise ArgumentError, 'this is caught' # caught
rescue ArgumentError
end
raise 'this is wrong' # wrong
`,
    filters: { any: ['caught', 'wrong'], RuntimeError: ['wrong'] }, filter: 'any',
  },
};

interface Tried extends Subject {
  readonly steps: Steps;
  readonly ended: Promise<{ outcome: string; exitCode: number | null }>;
  /** What the debugger says of itself. */
  readonly capabilities: Record<string, unknown>;
  /** Lets the program begin. */
  go(): Promise<void>;
  /** Sets one breakpoint at the line with this mark. */
  breakAt(mark: string, more?: object): Promise<void>;
  /** Lets it run up to the fourth turn, in which `i` and `total` are 3. Resolves with the thread and the top frame. */
  inLoop(): Promise<{ threadId: number; frameId: number }>;
}

const value = async ({ steps }: Tried, expression: string, frameId: number, context = 'watch') => (await steps.client.ask('evaluate', { expression, frameId, context })).result;

const shows = (context: string) => async (tried: Tried) => {
  const { frameId } = await tried.inLoop();
  expect(await value(tried, 'total', frameId, context)).to.equal('3');
};

/** For each capability, what a client does that has heard of it. */
const trials: Readonly<Record<string, (tried: Tried) => Promise<void>>> = {
  async supportsConfigurationDoneRequest({ steps, breakAt, go }) {
    await breakAt('loop');
    expect(steps.client.events('stopped')).to.deep.equal([]);
    await steps.stop(go);
    expect(steps.output('stdout')).to.equal('');
  },
  async supportsConditionalBreakpoints(tried) {
    const { frameId } = await tried.inLoop();
    expect(await value(tried, 'i', frameId)).to.equal('3');
  },
  async supportsHitConditionalBreakpoints(tried) {
    const { steps, breakAt, go } = tried;
    await breakAt('loop', { hitCondition: '3' });
    const { threadId } = await steps.stop(go);
    expect(await value(tried, 'i', (await steps.top(threadId)).id)).to.equal('2');
    await breakAt('after');
    await steps.step('continue', threadId);
    expect(await value(tried, 'total', (await steps.top(threadId)).id)).to.equal('10');
  },
  async supportsLogPoints({ steps, text, file, go }) {
    const at = (mark: string, more = {}) => ({ line: lineOf(text, mark), ...more });
    await steps.client.ask('setBreakpoints', { source: { path: `${CLIENT}/${file}` }, breakpoints: [at('loop', { logMessage: 'i is {i}' }), at('after')] });
    const { threadId } = await steps.stop(go);
    expect((await steps.top(threadId)).line).to.equal(lineOf(text, 'after'));
    for (const i of [0, 1, 2, 3, 4]) expect(steps.output()).to.contain(`i is ${i}`);
  },
  async supportsFunctionBreakpoints({ steps, work: [name, inStack], go }) {
    const { breakpoints } = await steps.client.ask('setFunctionBreakpoints', { breakpoints: [{ name }] });
    expect(breakpoints).to.have.length(1);
    const { threadId } = await steps.stop(go);
    expect((await steps.top(threadId)).name).to.equal(inStack);
  },
  async supportsExceptionInfoRequest({ steps, filter, go }) {
    await steps.client.ask('setExceptionBreakpoints', { filters: filter === undefined ? [] : [filter] });
    let { threadId } = await steps.stop(go);
    const info = async () => JSON.stringify(await steps.client.ask('exceptionInfo', { threadId }));
    if ((await info()).includes('caught')) ({ threadId } = await steps.step('continue', threadId));
    expect(await info()).to.contain('this is wrong');
  },
  async supportsSetVariable(tried) {
    const { frameId } = await tried.inLoop();
    const { holder } = await tried.steps.variable(frameId, 'total');
    expect((await tried.steps.client.ask('setVariable', { variablesReference: holder, name: 'total', value: '1000' })).value).to.equal('1000');
    expect(await value(tried, 'total + 1', frameId)).to.equal('1001');
  },
  async supportsSetExpression(tried) {
    const { frameId } = await tried.inLoop();
    expect((await tried.steps.client.ask('setExpression', { frameId, expression: 'total', value: '1000' })).value).to.equal('1000');
    expect(await value(tried, 'total + 1', frameId)).to.equal('1001');
  },
  supportsEvaluateForHovers: shows('hover'),
  supportsClipboardContext: shows('clipboard'),
  async supportsCompletionsRequest(tried) {
    const { frameId } = await tried.inLoop();
    const { targets } = await tried.steps.client.ask('completions', { frameId, text: 'tot', column: 4 });
    expect(targets.map(({ label, text }: { label: string; text?: string }) => text ?? label)).to.include('total');
  },
  async supportsDelayedStackTraceLoading({ inLoop, steps }) {
    const { threadId } = await inLoop();
    const all = await steps.frames(threadId);
    expect(all.length).to.be.at.least(2);
    for (const startFrame of [0, 1]) {
      const { stackFrames } = await steps.client.ask('stackTrace', { threadId, startFrame, levels: 1 });
      expect(stackFrames.map(({ name, line }: { name: string; line: number }) => [name, line])).to.deep.equal([[all[startFrame].name, all[startFrame].line]]);
    }
  },
  async supportsTerminateRequest({ inLoop, steps, ended }) {
    await inLoop();
    const terminated = steps.client.event('terminated');
    await steps.client.ask('terminate');
    await terminated;
    // With some debuggers nothing is left that would answer.
    steps.client.response('disconnect').catch(() => undefined);
    expect((await ended).exitCode).not.to.equal(0);
    expect(steps.output('stdout')).to.equal('');
  },
  async supportsBreakpointLocationsRequest({ steps, text, file }) {
    const line = lineOf(text, 'loop');
    const { breakpoints } = await steps.client.ask('breakpointLocations', { source: { path: `${CLIENT}/${file}` }, line });
    expect(breakpoints.map((each: { line: number }) => each.line)).to.include(line);
  },
  async supportsLoadedSourcesRequest({ inLoop, steps, file }) {
    await inLoop();
    const { sources } = await steps.client.ask('loadedSources');
    expect(sources.map(({ path }: { path?: string }) => path)).to.include(`${CLIENT}/${file}`);
  },
};

describe('what a debugger claims', () => {
  before(need('the build', bundles));

  for (const [language, subject] of Object.entries(subjects) as [LanguageId, Subject][]) {
    describe(language, () => {
      for (const [part, probe] of Object.entries(subject.needs)) before(need(part, probe));

      let raw: RawClient;
      let sessionId = '';
      let count = 0;

      before(async () => {
        raw = new RawClient({ env: daemonEnvironment() });
        await raw.initialize({ debug: { adapter: true } });
        ({ sessionId } = await raw.request('session/create', { runtime: subject.runtime, language }));
        await raw.request('command/writeFile', { sessionId, path: subject.file, content: subject.text });
      });
      after(() => raw?.end());

      /** Debugs the program up to where breakpoints can be set. */
      async function tried(use: (tried: Tried) => Promise<void>, source: object = { path: subject.file }): Promise<void> {
        const { file, text } = subject;
        const debugId = `d${++count}`;
        const debug = new ProtocolDebug(raw, debugId);
        const { client, ended } = debug;
        await raw.request('debug/start', { sessionId, ...source, debugId, pathMappings: [{ client: dirname(`${CLIENT}/${file}`), sandbox: '/workspace' }] });
        const steps = new Steps(client);
        const { capabilities, go } = await steps.begin();
        const breakAt = async (mark: string, more = {}) => {
          const { breakpoints } = await client.ask('setBreakpoints', { source: { path: `${CLIENT}/${file}` }, breakpoints: [{ line: lineOf(text, mark), ...more }] });
          expect(breakpoints.map(({ verified }: { verified: boolean }) => verified)).to.deep.equal([true]);
        };
        const inLoop = async () => {
          await breakAt('loop', { condition: 'i == 3' });
          const { threadId } = await steps.stop(go);
          return { threadId, frameId: (await steps.top(threadId)).id };
        };
        try {
          await use({ ...subject, steps, ended, capabilities, go, breakAt, inLoop });
          expect(client.faults).to.deep.equal([]);
        } finally {
          await raw.request('command/signal', { commandId: debugId, signal: 'SIGKILL' }).catch(() => undefined);
          await debug.over();
        }
      }

      for (const capability of debuggerOf(language)?.capabilities ?? []) {
        it(capability, () => tried(async (all) => {
          expect(all.capabilities).to.include({ [capability]: true });
          await (trials[capability] ?? expect.fail(`${capability} is claimed, and nobody tries it`))(all);
        }));
      }

      it('no exit code of a program that a signal has ended', () => tried(async ({ steps, go, ended }) => {
        const over = steps.client.event('terminated').catch(() => undefined);
        go().catch(() => undefined);
        await Promise.race([over, ended]);
        steps.client.response('disconnect').catch(() => undefined);
        expect(await ended).to.deep.include({ outcome: 'signaled', exitCode: null });
        for (const { exitCode } of steps.client.events('exited')) expect(exitCode).to.equal(128 + 9);
      }, { code: subject.killed }));

      it('no filter of exceptions that nobody tries', () => tried(async ({ capabilities }) => {
        const offered = (capabilities.exceptionBreakpointFilters ?? []) as readonly { filter: string }[];
        expect(offered.map(({ filter }) => filter).sort()).to.deep.equal(Object.keys(subject.filters).sort());
      }));

      for (const [filter, marks] of Object.entries(subject.filters)) {
        it(`the filter ${filter}`, () => tried(async ({ steps, go, text }) => {
          await steps.client.ask('setExceptionBreakpoints', { filters: [filter] });
          const lines: number[] = [];
          let { threadId, reason } = await steps.stop(go);
          for (;;) {
            expect(reason).to.equal('exception');
            lines.push((await steps.top(threadId)).line);
            const over = steps.client.event('terminated').then(() => undefined, () => undefined);
            const next = await Promise.race([over, steps.step('continue', threadId).catch(() => undefined)]);
            if (!next) break;
            ({ threadId, reason } = next);
          }
          await steps.client.ask('disconnect');
          expect(lines.map((line) => text.split('\n')[line - 1]?.split(/# |\/\/ /).at(-1))).to.deep.equal(marks);
        }));
      }
    });
  }

  it('is tried in every language that has a debugger', async () => {
    const { debugLanguages } = await import('../../server/src/debug/adapters/table.ts');
    expect(Object.keys(subjects).sort()).to.deep.equal(debugLanguages.map(({ language }) => language).sort());
  });
});
