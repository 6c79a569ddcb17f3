/** Processes that a debugged program starts, in real runtimes and with the real debugger: a client that knows nothing of processes debugs them. */
import { expect } from 'chai';
import { ProtocolDebug } from '../debug/dap-client.ts';
import { dockerImage, need, program, type Probe } from '../require.ts';
import { lineOf, Steps } from './debugging.ts';
import { daemonEnvironment, image } from './environment.ts';
import { RawClient } from './raw-client.ts';

const places: Record<string, Probe> = { docker: dockerImage(image), native: program('bwrap') };

/** A parsed message, whose members are not typed. */
type Json = ReturnType<typeof JSON.parse>;

const work = `import os, sys
def work(n):
    result = n * 2
    return result + 1  # stop
`;
const multiprocessing = (way: string) => `import multiprocessing, sys
from work import work
def target(queue):
    queue.put(work(20))
if __name__ == "__main__":
    context = multiprocessing.get_context("${way}")
    queue = context.Queue()
    process = context.Process(target=target, args=(queue,))
    process.start()
    print("got", queue.get(), flush=True)
    process.join()
    sys.exit(3)
`;
/** What runs `work` in another process, and exits with 3. */
const programs: Record<string, string> = {
  'multiprocessing, fork': multiprocessing('fork'),
  'multiprocessing, spawn': multiprocessing('spawn'),
  subprocess: `import subprocess, sys
subprocess.run([sys.executable, "-c", "from work import work; print('got', work(20), flush=True)"], check=True)
sys.exit(3)
`,
  'a script': `import subprocess, sys
if len(sys.argv) > 1:
    from work import work
    sys.exit(str(work(20)))
child = subprocess.run([sys.executable, sys.argv[0], "child"], stderr=subprocess.PIPE, text=True)
print("got", child.stderr.strip(), flush=True)
sys.exit(3)
`,
  'os.fork': `import os, sys
from work import work
pid = os.fork()
if pid == 0:
    print("got", work(20), flush=True)
    os._exit(0)
os.waitpid(pid, 0)
sys.exit(3)
`,
  'an executor': `import sys
from concurrent.futures import ProcessPoolExecutor
from work import work
def target(n):
    return work(n)
if __name__ == "__main__":
    with ProcessPoolExecutor(1) as executor:
        print("got", executor.submit(target, 20).result(), flush=True)
    sys.exit(3)
`,
};

/** Two processes at a time. It prints what both have made. */
const pair = `from concurrent.futures import ProcessPoolExecutor
from work import work
def target(n):
    return work(n)
if __name__ == "__main__":
    with ProcessPoolExecutor(2) as executor:
        print(sum(executor.map(target, [1, 2])), flush=True)
`;
/** A process with a session of its own, which no signal to the group of the program reaches. */
const away = `import os
from work import work
pid = os.fork()
if pid == 0:
    os.setsid()
    with open("number", "w") as file:
        print(os.getpid(), file=file)
    print("got", work(20), flush=True)
    os._exit(0)
os.waitpid(pid, 0)
`;
const outliving = `import os
from work import work
reading, writing = os.pipe()
if os.fork() == 0:
    os.close(writing)
    os.read(reading, 1)
    print("got", work(20), flush=True)
    os._exit(0)
print("the program ends", flush=True)
`;

/** Starts to debug main.py, with a breakpoint in the function that other processes run. Resolves with the stop there. */
async function stopInChild(steps: Steps): Promise<Json> {
  const { go } = await steps.begin();
  const set = await steps.client.ask('setBreakpoints', { source: { path: '/workspace/work.py' }, breakpoints: [{ line: lineOf(work, 'stop') }] });
  expect(set.breakpoints[0].verified).to.equal(true);
  return steps.stop(go);
}

for (const [runtime, probe] of Object.entries(places)) {
  describe(`processes of a program in Python, ${runtime}`, () => {
    let raw: RawClient;
    let sessionId = '';
    let count = 0;
    before(need(runtime, probe));
    before(async () => {
      raw = new RawClient({ env: daemonEnvironment() });
      await raw.initialize({ debug: { adapter: true } });
      ({ sessionId } = await raw.request('session/create', { runtime, language: 'python' }));
      await raw.request('command/writeFile', { sessionId, path: 'work.py', content: work });
    });
    after(async () => {
      await raw.request('session/close', { sessionId });
      expect(await raw.end()).to.equal(0);
      expect(raw.stderr).to.equal('');
    });

    /** The debugger that has just been started for this program. */
    async function start(main: string, params: object = {}): Promise<ProtocolDebug> {
      await raw.request('command/writeFile', { sessionId, path: 'main.py', content: main });
      const debugId = `d${++count}`;
      const debug = new ProtocolDebug(raw, debugId);
      await raw.request('debug/start', { sessionId, path: 'main.py', debugId, ...params });
      return debug;
    }

    /** Whether the process runs that has written its number into this file. */
    async function runs(path: string): Promise<boolean> {
      return (await raw.request('command/executeShell', { sessionId, command: `kill -0 $(cat ${path})` })).exitCode === 0;
    }

    for (const [way, main] of Object.entries(programs)) {
      it(`are debugged together with it: ${way}`, async () => {
        const debug = await start(main);
        const { client } = debug;
        const steps = new Steps(client);
        const { threadId, reason, allThreadsStopped } = await stopInChild(steps);
        expect({ reason, allThreadsStopped }).to.deep.equal({ reason: 'breakpoint', allThreadsStopped: false });
        const { threads } = await client.ask('threads');
        expect(threads.map(({ name }: Json) => name)).to.include('MainThread');
        expect(threads.find(({ id }: Json) => id === threadId).name).to.match(/^MainThread \(child \d+\)$/);
        const top = await steps.top(threadId);
        expect(top).to.include({ name: 'work', line: lineOf(work, 'stop') });
        const result = await steps.variable(top.id, 'result');
        expect(result.value).to.equal('40');
        expect((await client.ask('setVariable', { variablesReference: result.holder, name: 'result', value: '50' })).value).to.equal('50');
        expect((await client.ask('evaluate', { expression: 'n + result', frameId: top.id, context: 'repl' })).result).to.equal('70');
        expect((await steps.step('stepOut', threadId)).threadId).to.equal(threadId);
        expect(await steps.finish(() => client.ask('continue', { threadId }))).to.equal(3);
        // Once, though two debuggers look at what it prints.
        expect(steps.output('stdout')).to.equal('got 51\n');
        expect(steps.output('stderr')).to.equal('');
        expect(client.events('thread').filter((each) => each.reason === 'exited').map((each) => each.threadId)).to.include(threadId);
        expect(client.events('exited')).to.deep.equal([{ exitCode: 3 }]);
        expect(client.events('terminated')).to.have.length(1);
        expect(client.faults).to.deep.equal([]);
        expect(await debug.ended).to.deep.equal({ debugId: `d${count}`, outcome: 'exited', exitCode: 3 });
      });
    }

    it('stop and go on each by itself', async () => {
      const debug = await start(pair);
      const { client } = debug;
      const steps = new Steps(client);
      const first = await stopInChild(steps);
      const second = client.events('stopped')[1] ?? await client.event('stopped');
      expect(second.threadId).not.to.equal(first.threadId);
      const values = await Promise.all([first, second].map(async ({ threadId }) => (await steps.variable((await steps.top(threadId)).id, 'n')).value));
      expect(values.sort()).to.deep.equal(['1', '2']);
      await steps.step('stepOut', first.threadId);
      // The other one stands where it stood.
      expect(await steps.top(second.threadId)).to.include({ name: 'work', line: lineOf(work, 'stop') });
      await client.ask('continue', { threadId: first.threadId });
      expect(await steps.finish(() => client.ask('continue', { threadId: second.threadId }))).to.equal(0);
      expect(steps.output('stdout')).to.equal('8\n');
      expect(client.faults).to.deep.equal([]);
    });

    it('are gone when the client leaves while one stands at a breakpoint', async () => {
      for (const command of ['disconnect', 'terminate']) {
        const debug = await start(away);
        const { client } = debug;
        await stopInChild(new Steps(client));
        expect(await runs('number')).to.equal(true);
        if (command === 'terminate') {
          const terminated = client.event('terminated');
          await client.ask('terminate');
          await terminated;
        }
        await client.ask('disconnect');
        await debug.ended;
        expect(await runs('number')).to.equal(false);
        // It has not gone on.
        expect(client.events('output').map(({ output }) => output).join('')).not.to.contain('got');
        expect(client.faults).to.deep.equal([]);
      }
    });

    it('can outlive the program, and are debugged on', async () => {
      const debug = await start(outliving);
      const { client } = debug;
      const steps = new Steps(client);
      const { threadId } = await stopInChild(steps);
      const top = await steps.top(threadId);
      expect((await client.ask('evaluate', { expression: 'n + 1', frameId: top.id, context: 'repl' })).result).to.equal('21');
      expect(await steps.finish(() => client.ask('continue', { threadId }))).to.equal(0);
      expect(steps.output('stdout')).to.equal('the program ends\ngot 41\n');
      expect(client.faults).to.deep.equal([]);
    });

    it('are debugged in a terminal as well', async () => {
      const shown: string[] = [];
      const before = raw.onNotification;
      raw.onNotification = (notification) => {
        before?.(notification);
        if (notification.method === 'command/output') shown.push(notification.params.data);
      };
      const debug = await start(programs.subprocess ?? '', { pty: { cols: 80, rows: 24 } });
      const { client } = debug;
      const { threadId } = await stopInChild(new Steps(client));
      expect(await new Steps(client).finish(() => client.ask('continue', { threadId }))).to.equal(3);
      await debug.ended;
      expect(shown.join('')).to.equal('got 41\r\n');
      expect(client.events('output').filter(({ category }) => category === 'stdout')).to.deep.equal([]);
      expect(client.faults).to.deep.equal([]);
    });
  });
}
