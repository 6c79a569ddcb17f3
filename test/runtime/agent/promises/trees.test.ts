/** When a command is told to be over because it was made to end, nothing of it lives, and nothing else in the sandbox has been touched (K3, K9). */
import { expect } from 'chai';
import type { Process, Program, Sandbox } from '../../../../server/src/runtime/ports.ts';
import { until } from '../../../e2e/environment.ts';
import { eventually, limits, run, start, textOf } from '../../contract/harness.ts';
import { everySandbox, everywhere, onHostKernel, processes, python, type Seen, stillWorks, useSandbox } from './sandboxes.ts';

/** Every tree prints `ready`. */
const trees: Record<string, Program['command']> = {
  'in the background': 'sleep 600 & sleep 600 & echo ready; wait',
  'whose orphans are in sessions of their own, with another environment': '(setsid env -i CODEBEAKER_COMMAND_ID=other sleep 600 &) ; (setsid setsid setsid sleep 600 &); echo ready; sleep 600',
  'of orphans of orphans with nothing in their environment': python(`
for depth in range(4):
    if os.fork() > 0:
        if depth == 0: os.write(1, b'ready'); time.sleep(600)
        os._exit(0)
    os.setsid(); os.environ.clear(); os.closerange(0, 3)
os.execve('/bin/sleep', ['x', '600'], {})`),
  'that ignores every signal': python(`
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
os.fork(); os.fork(); os.write(1, b'ready')
while True: time.sleep(1)`),
  'that has stopped itself': 'sh -c \'kill -STOP $$\' & sleep 0.1; echo ready; kill -STOP $$',
  'that waits for a child of vfork': python("if libc.vfork() == 0:\n    os.write(1, b'ready')\n    while True: time.sleep(1)"),
  'of threads': python("for _ in range(16): threading.Thread(target=lambda: time.sleep(600)).start()\nos.write(1, b'ready'); time.sleep(600)"),
  'whose first thread has ended': python("threading.Thread(target=lambda: (time.sleep(0.1), os.write(1, b'ready'), time.sleep(600))).start()\nlibc.syscall(60 if x86 else 93, 0)"),
  'whose processes trace one another': python(`
child = os.fork()
if child == 0: libc.ptrace(0, 0, 0, 0); os.kill(os.getpid(), 19); time.sleep(600)
os.waitpid(child, 0); os.write(1, b'ready'); time.sleep(600)`),
  'with names that look like something else': python("libc.prctl(15, b') S 1 1 (x', 0, 0, 0)\nos.fork(); os.write(1, b'ready'); time.sleep(600)"),
  'that reaps its orphans itself': python("libc.prctl(36, 1, 0, 0, 0)\nif os.fork() == 0:\n    if os.fork() == 0: os.setsid(); time.sleep(600)\n    os._exit(0)\nos.write(1, b'ready'); time.sleep(600)"),
  'that dies with its parent, and is born again': python(`
def life():
    while True:
        if os.fork() == 0: libc.prctl(1, 9, 0, 0, 0); time.sleep(0.002); os._exit(0)
        os.wait()
for _ in range(4):
    if os.fork() == 0: os.setsid(); life()
os.write(1, b'ready'); time.sleep(600)`),
};

/** They make as many processes as they may. */
const bombs: Record<string, Program['command']> = {
  'of sh': 'bomb() { bomb | bomb & }; echo ready; while :; do bomb; done 2>/dev/null',
  'that ignores errors': python("os.write(1, b'ready')\nwhile True:\n    try: os.fork()\n    except OSError: pass"),
  'each of whose processes has a session of its own': python("os.write(1, b'ready')\nwhile True:\n    try:\n        if os.fork() == 0: os.setsid()\n    except OSError: pass"),
  'whose processes continue one another': python("os.write(1, b'ready')\nwhile True:\n    try: os.fork()\n    except OSError: pass\n    try: os.killpg(0, signal.SIGCONT)\n    except OSError: pass"),
  'whose processes kill one another': python(`
os.write(1, b'ready')
while True:
    try: child = os.fork()
    except OSError: child = -1
    if child > 0 and child % 3 == 0: os.kill(child, 9); os.waitpid(child, 0)`),
  'whose processes live for a moment': python(`
os.write(1, b'ready')
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
born = time.monotonic()
while True:
    try:
        if os.fork() == 0: born = time.monotonic()
    except OSError: pass
    if time.monotonic() - born > 0.02 and os.getpid() % 2: os._exit(4)`),
  'of threads': python(`
os.write(1, b'ready')
def breed():
    while True:
        try:
            threading.Thread(target=breed, daemon=True).start()
            os.fork()
        except (OSError, RuntimeError): pass
breed()`),
};

interface Bystanders {
  readonly server: Process;
  readonly terminal: Process & { readonly output: { of(stream: 'pty'): Buffer } };
  readonly waiting: Process & { readonly output: { of(stream: 'stdout'): Buffer } };
  readonly stopped: Process;
}

/** What is in a session beside the command that is killed: a server that an earlier command has left, a shell on a terminal with a stopped job, an interpreter that waits, a stopped command. */
async function bystanders(sandbox: Sandbox): Promise<Bystanders> {
  const server = await start(sandbox, `python3 -c '
import socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", 8642)); s.listen()
print("listens", flush=True)
while True: c, _ = s.accept(); c.sendall(b"served"); c.close()' & exec sleep 1`);
  await server.output.seen('listens');
  await server.exited;
  const terminal = await start(sandbox, ['bash', '--norc', '-i'], { pty: { cols: 80, rows: 24 }, stdin: 'open', env: { PS1: '$ ', HISTFILE: '' } });
  await terminal.write(Buffer.from('sleep 500 & sleep 501 & kill -STOP $!; sleep 0.1; echo be"gu"n\n'));
  await terminal.output.seen('begun');
  const waiting = await start(sandbox, python(`
seen = []
for number in range(1, 65):
    try: signal.signal(number, lambda number, frame: seen.append(number))
    except (OSError, ValueError): pass
print('waits', flush=True)
while not sys.stdin.readline(): pass
print('signals:', seen, flush=True)`), { stdin: 'open' });
  await waiting.output.seen('waits');
  const stopped = await start(sandbox, 'echo ready; kill -STOP $$; exit 5');
  await stopped.output.seen('ready');
  return { server, terminal, waiting, stopped };
}

/** Ends the bystanders, each of which must be as it was. */
async function expectUntouched(sandbox: Sandbox, { server, terminal, waiting, stopped }: Bystanders): Promise<void> {
  const asked = "import socket; s = socket.create_connection(('127.0.0.1', 8642)); print(s.recv(100).decode())";
  expect(await textOf(sandbox, ['python3', '-c', asked])).to.equal('served\n');
  await waiting.write(Buffer.from('\n'));
  expect(await waiting.exited).to.deep.include({ kind: 'exited', code: 0 });
  expect(waiting.output.of('stdout').toString()).to.equal('waits\nsignals: []\n');
  await terminal.write(Buffer.from('jobs; exit 3\n'));
  await terminal.write(Buffer.from('exit 3\n'));
  expect(await terminal.exited).to.deep.include({ kind: 'exited', code: 3 });
  expect(terminal.output.of('pty').toString()).to.match(/Running\s+sleep 500 &[^]*Stopped\s+sleep 501/);
  await Promise.all([stopped.kill(), server.kill(), terminal.kill()]);
  expect(await processes(sandbox)).to.deep.equal([]);
}

/** What does not change while nothing happens to a process. A process that waits is `S`, whatever it waits for. */
const lasting = (all: readonly Seen[]) => all.map((each) => ({ ...each, state: each.state === 'D' ? 'S' : each.state })).sort((a, b) => a.pid - b.pid);

everySandbox('a tree of processes', everywhere, (parts, name) => {
  const held = useSandbox(parts);

  for (const [what, command] of Object.entries(trees)) {
    if (name === 'gvisor' && /trace|vfork|stopped/.test(what)) continue;
    it(`is gone when it is told so: one ${what}`, async () => {
      const running = await start(held.sandbox, command);
      await running.output.seen('ready');
      await running.kill();
      expect((await running.exited).kind).to.equal('signaled');
      expect(await processes(held.sandbox)).to.deep.equal([]);
    });
  }

  it('is gone before its end is told, also if its program ends at once when it is asked to', async () => {
    const running = await start(held.sandbox, "trap 'exit 0' TERM; (trap '' TERM; setsid sleep 600) & echo ready; wait");
    await running.output.seen('ready');
    const killing = running.kill(5000);
    expect(await running.exited).to.deep.include({ kind: 'exited', code: 0 });
    expect(await processes(held.sandbox)).to.deep.equal([]);
    await killing;
  });

  it('that a program has left lives on, holds nothing back, and is killed with what has started it', async () => {
    const running = await start(held.sandbox, "(while :; do echo flood; done) & sh -c 'sleep 600 & exit' & exit 0");
    expect(await running.exited).to.deep.include({ kind: 'exited', code: 0 });
    await eventually(async () => expect((await processes(held.sandbox)).map(({ name: program }) => program)).to.include.members(['sleep']));
    await stillWorks(held.sandbox);
    await running.kill();
    expect(await processes(held.sandbox)).to.deep.equal([]);
  });
});

/** The limit of the processor that is in force, read from inside. */
const QUOTA = 'cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null; true';

everySandbox('a bomb', onHostKernel, (parts) => {
  const held = useSandbox(parts, { limits: { ...limits, pids: 128 } });
  let quota = '';
  before(async () => (quota = await textOf(held.sandbox, QUOTA)));

  afterEach(() => until('the limit of the processor holds again', async () => (await textOf(held.sandbox, QUOTA)) === quota));

  for (const [what, command] of Object.entries(bombs)) {
    it(`${what} is gone when it is told so, and nothing else was touched`, async () => {
      const others = await bystanders(held.sandbox);
      const before = lasting(await processes(held.sandbox));
      expect(before.length).to.be.within(5, 12);
      const bomb = await start(held.sandbox, command);
      await bomb.output.seen('ready');
      await new Promise((resolve) => setTimeout(resolve, 300));
      const begin = performance.now();
      await bomb.kill();
      if (process.env.CODEBEAKER_TELL_TIMES) process.stdout.write(`      ${(performance.now() - begin).toFixed(1)} ms\n`);
      // A shell that can start no process ends by itself.
      const exit = await bomb.exited;
      expect(exit.kind === 'signaled' || (exit.kind === 'exited' && exit.code !== 0), JSON.stringify(exit)).to.equal(true);
      expect(lasting(await processes(held.sandbox))).to.deep.equal(before);
      await expectUntouched(held.sandbox, others);
    });
  }
});

everySandbox('the end of a session', everywhere, (parts) => {
  const held = useSandbox(parts);

  it('is the end of everything that its commands have left', async () => {
    const sandbox = await held.subject.runtime.create({ name: `ends-${process.pid}`, language: undefined, image: held.subject.image, limits, workspace: undefined }, { signal: new AbortController().signal, report: () => undefined });
    await run(sandbox, 'setsid sleep 600 & exit 0');
    await sandbox.close();
    expect((await held.subject.leftovers()).filter((left) => left.includes('ends-'))).to.deep.equal([]);
  });
});
