/** What is told of a command is what the kernel told the agent: nothing that any program of the session does changes it (K1, K2, K4, K13, T2, T11). */
import { expect } from 'chai';
import type { Program } from '../../../../server/src/runtime/ports.ts';
import { run, start, textOf } from '../../contract/harness.ts';
import { everySandbox, everywhere, onHostKernel, python, stillWorks, useSandbox, worked } from './sandboxes.ts';

/** An EXIT frame with code 0 for each of many channels, as the agent sends it. */
const forged = Array.from({ length: 50 }, (_, channel) => {
  const frame = Buffer.alloc(9 + 22);
  frame.writeUInt32LE(22, 0);
  frame.writeUInt32LE(channel, 4);
  frame[8] = 68;
  return frame;
});
const forgedBytes = `bytes.fromhex('${Buffer.concat(forged).toString('hex')}')`;

/** Programs that lie about their end, or are confusing, and how they really end. */
const liars: Record<string, [command: Program['command'], code: number, change?: Partial<Program>]> = {
  'prints frames of the agent': [python(`os.write(1, ${forgedBytes}); os.write(2, ${forgedBytes}); sys.exit(5)`), 5],
  'makes its parent its tracer, and stops': [python('libc.ptrace(0, 0, 0, 0); os.kill(os.getpid(), signal.SIGWINCH); os.kill(os.getpid(), signal.SIGURG); os._exit(9)'), 9],
  'makes its parent its tracer, and becomes another program': [python("libc.ptrace(0, 0, 0, 0); os.execv('/bin/sh', ['sh', '-c', 'exit 9'])"), 9],
  'makes its parent the tracer of a thread': [python(`
def traced():
    libc.ptrace(0, 0, 0, 0); signal.pthread_kill(threading.get_ident(), signal.SIGWINCH)
t = threading.Thread(target=traced); t.start(); t.join(); os._exit(9)`), 9],
  'makes the parent of an orphan its tracer': [python(`
if os.fork() == 0:
    if os.fork() == 0:
        time.sleep(0.05); libc.ptrace(0, 0, 0, 0); os.kill(os.getpid(), signal.SIGWINCH); os._exit(0)
    os._exit(0)
time.sleep(0.2); os._exit(9)`), 9],
  // Those of the C library can't be blocked: they end the supervisor, as SIGKILL does.
  'sends its supervisor every signal that can be blocked': [python('for number in range(1, 65):\n    if number not in (9, 19, 32, 33, 34): libc.kill(os.getppid(), number)\ntime.sleep(0.05); os._exit(7)'), 7],
  'closes all its descriptors': [python('os.closerange(0, 4096); os._exit(4)'), 4],
  'has children that end well': ['(exit 0) & (setsid sh -c "exit 0" &) ; wait; exit 6', 6],
  'leaves a process that reads what it has written': [python(`
os.write(1, b'x' * 60000)
if os.fork() == 0:
    pipe = os.open('/proc/self/fd/1', os.O_RDONLY)
    os.setsid()
    while os.read(pipe, 65536): pass
    os._exit(0)
os._exit(8)`), 8],
  'changes the pipe of its output': [python(`
import fcntl
fcntl.fcntl(1, 1031, 1 << 20); fcntl.fcntl(1, fcntl.F_SETFL, os.O_DIRECT | os.O_NONBLOCK)
try:
    while True: os.write(1, b'y' * 3000)
except BlockingIOError: os._exit(3)`), 3],
  'opens its streams again by name': ['read line </dev/stdin; echo "$line" >/dev/stdout; echo x >/dev/stderr; exit 11', 11, { stdin: Buffer.from('line\n') }],
  'has an environment that shells know': [python('os._exit(12)'), 12, { env: { UID: '1000', OPTIND: 'abc', IFS: 'x', ENV: '/workspace/none', BASH_ENV: '/dev/full', PS4: '$(exit 0)', LD_PRELOAD: '/none.so', cb_h: 'x', line: 'x', U: '1', R: '2', n: '3', PATH: '/usr/bin:/bin' } }],
};

everySandbox('the verdict on a command', everywhere, (parts, name) => {
  const held = useSandbox(parts);

  for (const [what, [command, code, change]] of Object.entries(liars)) {
    // Under gVisor nothing is traced by its parent, and pipes have no packets.
    if (name === 'gvisor' && /tracer|pipe/.test(what)) continue;
    it(`is the truth about one that ${what}`, async () => {
      const { exit } = await run(held.sandbox, command, change);
      expect(exit).to.deep.include({ kind: 'exited', code });
      await stillWorks(held.sandbox);
    });
  }

  it('has every exit code', async () => {
    const codes = name === 'gvisor' ? [0, 1, 2, 126, 127, 128, 137, 143, 254, 255] : Array.from({ length: 256 }, (_, code) => code);
    for (const code of codes) expect((await run(held.sandbox, `exit ${code}`)).exit).to.deep.include({ kind: 'exited', code });
  });

  it('has every signal that ends a program', async () => {
    for (const number of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 25, 26, 27, 29, 30, 31, 34, 50, 64]) {
      const { exit } = await run(held.sandbox, python(`signal.pthread_sigmask(signal.SIG_UNBLOCK, range(1, 65))\nlibc.signal(${number}, None)\nlibc.kill(os.getpid(), ${number}); time.sleep(20)`));
      expect(exit.kind, `signal ${number}`).to.equal('signaled');
    }
  });

  it('is never a success of what another program has killed', async () => {
    const victims = await Promise.all([1, 2, 3].map(() => start(held.sandbox, 'echo ready; sleep 30; exit 0')));
    await Promise.all(victims.map(({ output }) => output.seen('ready')));
    await textOf(held.sandbox, "trap '' TERM; kill -TERM -1; true");
    for (const { exited } of victims) expect(await exited).to.deep.include({ kind: 'signaled', signal: 'SIGTERM' });
    await stillWorks(held.sandbox);
  });

  it('has nothing to do with the environment of its program', async () => {
    const env = Object.fromEntries(['_', '__proto__', 'A B', 'é', 'EMPTY', 'BASH_FUNC_x%%', 'LONG'].map((key) => [key, key === 'EMPTY' ? '' : key === 'LONG' ? 'x'.repeat(100_000) : '() { exit 0; }\n=']));
    const seen = await textOf(held.sandbox, ['python3', '-c', "import os, sys; sys.stdout.buffer.write(b'\\0'.join(k + b'=' + v for k, v in os.environb.items()))"], { env });
    for (const [key, value] of Object.entries(env)) expect(seen.split('\0')).to.include(`${key}=${value}`);
  });
});

/** Ways to the agent, to a supervisor and to another command, which has the process id VICTIM. All must be closed. */
const ways = (victim: number) => `
import resource
supervisor = os.getppid()
try: other = int(open('/proc/${victim}/stat').read().rsplit(')', 1)[1].split()[1])
except OSError: other = supervisor
targets = {'the agent': 1, 'its supervisor': supervisor, 'another command': ${victim}, 'the supervisor of another command': other}
pidfd_open, pidfd_getfd, process_madvise = 434, 438, 440
readv, writev, kcmp = (310, 311, 312) if x86 else (270, 271, 272)
class Vector(ctypes.Structure): _fields_ = [('base', ctypes.c_void_p), ('length', ctypes.c_size_t)]
buffer = ctypes.create_string_buffer(8)
local, remote = Vector(ctypes.addressof(buffer), 8), Vector(0x400000, 8)
for name, pid in targets.items():
    for place in ('mem', 'environ', 'maps', 'auxv', 'syscall', 'stack', 'personality', 'pagemap', 'io', 'timerslack_ns', 'map_files', 'cwd', 'root', 'exe'):
        def look():
            if place in ('cwd', 'root', 'exe'): return os.readlink(f'/proc/{pid}/{place}')
            if place == 'map_files': return os.listdir(f'/proc/{pid}/{place}')
            file = os.open(f'/proc/{pid}/{place}', os.O_RDWR if place == 'mem' else os.O_RDONLY)
            return True if place == 'mem' else len(os.read(file, 100)) > 0
        attempt(f'look at {place} of {name}', look)
    if pid != ${victim}:
        attempt(f'list descriptors of {name}', lambda: len(os.listdir(f'/proc/{pid}/fd')) > 0)
        for place in ('clear_refs', 'coredump_filter', 'oom_score_adj', 'autogroup', 'sched'):
            attempt(f'change {place} of {name}', lambda: os.open(f'/proc/{pid}/{place}', os.O_WRONLY) >= 0)
    for fd in range(0, 24):
        attempt(f'open descriptor {fd} of {name}', lambda: os.open(f'/proc/{pid}/fd/{fd}', os.O_RDWR | os.O_NONBLOCK) >= 0)
        attempt(f'write descriptor {fd} of {name}', lambda: os.open(f'/proc/{pid}/fd/{fd}', os.O_WRONLY | os.O_NONBLOCK) >= 0)
    attempt(f'trace {name}', lambda: libc.ptrace(16, pid, 0, 0) == 0)
    attempt(f'seize {name}', lambda: libc.ptrace(0x4206, pid, 0, 0) == 0)
    attempt(f'read memory of {name}', lambda: call(readv, pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0) > 0)
    attempt(f'write memory of {name}', lambda: call(writev, pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0) > 0)
    attempt(f'compare descriptors of {name}', lambda: call(kcmp, os.getpid(), pid, 0, 0, 0) >= 0)
    handle = call(pidfd_open, pid, 0)
    for fd in range(0, 24): attempt(f'take descriptor {fd} of {name}', lambda: handle >= 0 and call(pidfd_getfd, handle, fd, 0) >= 0)
for name, pid in (('the agent', 1),):
    attempt(f'limit {name}', lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (5, 5)) is not None)
    attempt(f'limit the time of {name}', lambda: resource.prlimit(pid, resource.RLIMIT_CPU, (1, 1)) is not None)
    attempt(f'make {name} idle', lambda: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0)) is None or True)
    attempt(f'make {name} idle, with what it starts', lambda: os.sched_setscheduler(pid, os.SCHED_IDLE | os.SCHED_RESET_ON_FORK, os.sched_param(0)) is None or True)
    attempt(f'make {name} a batch', lambda: os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0)) is None or True)
    attempt(f'slow {name} down', lambda: os.setpriority(os.PRIO_PROCESS, pid, 19) is None or True)
    attempt(f'slow the group of {name} down', lambda: os.setpriority(os.PRIO_PGRP, pid, 19) is None or True)
    attempt(f'bind {name} to a processor', lambda: os.sched_setaffinity(pid, {0}) is None or True)
    attempt(f'offer {name} to the kernel', lambda: open(f'/proc/{pid}/oom_score_adj', 'w').write('1000') > 0)
    attempt(f'rename {name}', lambda: open(f'/proc/{pid}/comm', 'w').write('x') > 0)
attempt('slow everything of its user down', lambda: os.setpriority(os.PRIO_USER, 0, 19) is None or True)
for path in ('/.codebeaker/socket/s',):
    def connect():
        s = socket.socket(socket.AF_UNIX); s.settimeout(2); s.connect(path)
        s.sendall(${forgedBytes})
        # Who is connected is served, or not: what counts is that nothing becomes of the frames.
        return len(s.recv(1)) > 0
    attempt('connect as an agent', connect)
for number in list(range(1, 32)) + [32, 33, 34, 64]:
    libc.kill(1, number)
`;

everySandbox('the agent', onHostKernel, (parts) => {
  const held = useSandbox(parts);

  it('is told to be out of reach', () => {
    expect(held.sandbox.isolation.layers.find(({ name }) => name === 'verdicts')).to.deep.equal({
      name: 'verdicts', state: 'enforced', detail: 'no program can signal, trace or change the agent; no command can trace another',
    });
  });

  it('can not be reached by a program, and neither can what tells of other programs (F-D9)', async () => {
    const victim = await start(held.sandbox, python("print(os.getpid(), flush=True); sys.stdin.readline(); os._exit(7)"), { stdin: 'open' });
    await victim.output.seen('\n');
    const pid = Number(victim.output.of('stdout').toString());
    expect(await worked(held.sandbox, ways(pid))).to.deep.equal([]);
    victim.end();
    expect(await victim.exited).to.deep.include({ kind: 'exited', code: 7 });
    await stillWorks(held.sandbox);
  });

  it('offers programs to the kernel where memory runs out, and not itself', async () => {
    expect(await textOf(held.sandbox, 'cat /proc/self/oom_score_adj /proc/1/oom_score_adj')).to.equal('1000\n0\n');
  });

  for (const [what, code] of Object.entries({
    'is traced by what it has left, which never waits for it': `
libc.prctl(0x59616d61, -1, 0, 0, 0)
program, (ready, done) = os.getpid(), os.pipe()
if os.fork() == 0:
    libc.ptrace(0x4206, program, 0, 0); os.write(done, b'x'); os.closerange(0, 10); time.sleep(600)
os.read(ready, 1)`,
    'has left busy processes, and has put its supervisor behind them': `
for _ in range(60):
    if os.fork() == 0:
        os.closerange(0, 10)
        while True: pass
os.sched_setscheduler(os.getppid(), os.SCHED_IDLE, os.sched_param(0))`,
  })) {
    it(`tells soon how a program has ended that ${what}`, async () => {
      for (const [end, exit] of Object.entries({ 'os._exit(5)': { kind: 'exited', code: 5 }, 'os.kill(os.getpid(), 9)': { kind: 'signaled', signal: 'SIGKILL' } })) {
        const running = await start(held.sandbox, python(`print('first words', flush=True)\n${code}\nprint('last words', flush=True)\n${end}`));
        await running.output.seen('last words');
        const late = new Promise((resolve) => setTimeout(resolve, 5_000, 'late'));
        expect(await Promise.race([running.exited, late])).to.deep.include(exit);
        expect(running.output.of('stdout').toString()).to.equal('first words\nlast words\n');
        await running.kill();
        await stillWorks(held.sandbox);
      }
    });
  }

  it('goes on if supervisors are stopped', async () => {
    const victim = await start(held.sandbox, 'echo ready; sleep 0.3; exit 7');
    await victim.output.seen('ready');
    await textOf(held.sandbox, python('ppid = os.getppid()\nfor _ in range(20): libc.kill(ppid, 19); time.sleep(0.01)'));
    expect(await victim.exited).to.deep.include({ kind: 'exited', code: 7 });
  });
});

everySandbox('the agent, where the kernel gives less', ['gvisor'], (parts) => {
  const held = useSandbox(parts);

  it('is told to be within reach, and what that costs', () => {
    const verdicts = held.sandbox.isolation.layers.find(({ name }) => name === 'verdicts');
    expect(verdicts).to.deep.include({ state: 'enforced' }).and.have.property('detail').that.contains('one that ends it ends the session');
  });

  it('can not be signalled, and so not be stopped, which nobody would notice', async () => {
    const beside = await start(held.sandbox, 'echo ready; sleep 0.5; exit 7');
    await beside.output.seen('ready');
    expect(await worked(held.sandbox, `
tgkill, tkill, sigqueue, tgsigqueue = (234, 200, 129, 297) if x86 else (131, 130, 138, 240)
info = struct.pack('iii', 19, 0, -1).ljust(128, b'\\0')
for number in (19, 9, 15):
    attempt(f'kill {number}', lambda: libc.kill(1, number) == 0)
    attempt(f'tkill {number}', lambda: call(tkill, 1, number) == 0)
    attempt(f'tgkill {number}', lambda: call(tgkill, 1, 1, number) == 0)
    attempt(f'rt_sigqueueinfo {number}', lambda: call(sigqueue, 1, number, info) == 0)
    attempt(f'rt_tgsigqueueinfo {number}', lambda: call(tgsigqueue, 1, 1, number, info) == 0)
    attempt(f'pidfd_send_signal {number}', lambda: call(424, call(434, 1, 0), number, 0, 0) == 0)
    libc.kill(-1, 19 if number == 19 else 18)`)).to.deep.equal([]);
    expect(await beside.exited).to.deep.include({ kind: 'exited', code: 7 });
    await stillWorks(held.sandbox);
  });

  it('can be ended by a program, and then the sandbox is lost', async () => {
    const beside = await start(held.sandbox, 'echo ready; sleep 30; exit 0');
    await beside.output.seen('ready');
    const killer = await run(held.sandbox, 'echo nonsense >/proc/1/fd/1; sleep 5; exit 0').then(({ exit }) => exit.kind, (fault: Error) => fault.message);
    expect(killer).to.match(/lost|the sandbox is gone/);
    expect((await beside.exited).kind).to.equal('lost');
    expect(await held.sandbox.lost).to.be.a('string');
  });
});
