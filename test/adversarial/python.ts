/** Programs in Python that do everything they can to the sandbox, the daemon, the machine and their neighbours. */
import type { Attack } from './attack.ts';

const prelude = `
import ctypes, glob, mmap, os, resource, signal, socket, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def forever(work):
    while True:
        try: work()
        except (OSError, ValueError, MemoryError, RuntimeError): pass
def until_refused(work):
    try:
        while True: work()
    except OSError as refusal: print(refusal.strerror, flush=True)
`;

const ended: Attack['outcomes'] = ['timedOut'];
const byItself: Attack['outcomes'] = ['exited'];
/** It may take everything that it is allowed before its time is over. */
const untilFull: Attack['outcomes'] = ['exited', 'timedOut', 'memoryLimit'];
/** What it attacks may be what holds its session. */
const perhapsLost: Attack['outcomes'] = ['exited', 'timedOut', 'signaled', 'sandboxLost'];

const attacks: Readonly<Record<string, readonly [outcomes: Attack['outcomes'], program: string, more?: Partial<Attack>]>> = {
  'a fork bomb': [ended, 'forever(os.fork)'],
  'a fork bomb whose processes end at once': [ended, 'def born():\n    if os.fork() == 0: os._exit(0)\nforever(born)'],
  'a fork bomb of sessions of their own that ignore signals': [ended, 'for number in range(1, 64):\n    try: signal.signal(number, signal.SIG_IGN)\n    except OSError: pass\ndef born():\n    os.fork(); os.setsid()\nforever(born)'],
  'threads that spin': [ended, 'def spin():\n    while True: pass\nfor _ in range(40): threading.Thread(target=spin).start()'],
  'processes that spin at the highest priority that they get': [ended, 'for _ in range(5): os.fork()\ntry: os.nice(-20)\nexcept OSError: pass\ntry: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99))\nexcept OSError: pass\nwhile True: pass'],
  'a program that executes itself without end': [ended, "os.execv('/bin/sh', ['sh', '-c', 'exec \"$0\" -c \"$1\" \"$1\"', '/bin/sh', 'exec /bin/sh -c \"$0\" \"$0\"'])"],
  'memory that is taken and used': [['memoryLimit', 'exited', 'signaled'], "kept = []\nwhile True: kept.append(b'x' * 2 ** 20)"],
  'memory that many processes take': [['memoryLimit', 'exited', 'signaled', 'timedOut'], "for _ in range(4): os.fork()\nkept = []\nwhile True: kept.append(b'x' * 2 ** 20)"],
  'address space without end': [untilFull, 'kept = []\ntry:\n    while True: kept.append(mmap.mmap(-1, 2 ** 40, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000))\nexcept (OSError, ValueError): print("refused")'],
  'a disk that is filled': [untilFull, "file = os.open('/workspace/full', os.O_CREAT | os.O_WRONLY)\nuntil_refused(lambda: os.write(file, b'x' * 2 ** 20))"],
  'files without end': [untilFull, "n = 0\nos.mkdir('/tmp/many')\ndef make():\n    global n; n += 1; os.close(os.open(f'/tmp/many/{n}', os.O_CREAT | os.O_WRONLY))\nuntil_refused(make)"],
  'folders within folders': [untilFull, "os.chdir('/tmp')\ndef deeper():\n    os.mkdir('d' * 50); os.chdir('d' * 50)\nuntil_refused(deeper)"],
  'shared memory that is filled': [untilFull, "file = os.open('/dev/shm/full', os.O_CREAT | os.O_WRONLY)\nuntil_refused(lambda: os.write(file, b'x' * 2 ** 20))"],
  'a file with a hole of terabytes': [untilFull, "file = os.open('/workspace/hole', os.O_CREAT | os.O_RDWR)\ntry: os.ftruncate(file, 2 ** 42)\nexcept OSError as refusal: print(refusal.strerror)\nprint(os.fstat(file).st_size)"],
  'descriptors without end': [untilFull, "kept = []\nuntil_refused(lambda: kept.append(os.open('/dev/null', os.O_RDONLY)))"],
  'pipes and sockets that are filled': [untilFull, "kept = []\ndef fill():\n    for one, other in ((os.pipe()), tuple(each.detach() for each in socket.socketpair())):\n        pass\n    out = os.pipe(); kept.append(out); os.set_blocking(out[1], False)\n    try:\n        while True: os.write(out[1], b'x' * 65536)\n    except BlockingIOError: pass\nuntil_refused(fill)"],
  'watches and queues of the kernel without end': [untilFull, "def watch():\n    if libc.inotify_init() < 0: raise OSError(ctypes.get_errno(), 'refused')\nuntil_refused(watch)\nuntil_refused(lambda: os.memfd_create('x') if hasattr(os, 'memfd_create') else (_ for _ in ()).throw(OSError(1, 'none')))"],
  'timers that go off all the time': [ended, 'signal.signal(signal.SIGALRM, lambda *_: None)\nsignal.setitimer(signal.ITIMER_REAL, 1e-6, 1e-6)\nwhile True: pass'],
  'output without end': [['outputLimit', 'timedOut'], "while True: os.write(1, b'x' * 65536)"],
  'lines without end on both streams': [['outputLimit', 'timedOut'], "while True: os.write(1, b'y\\n'); os.write(2, b'n\\n')"],
  'output without end on a terminal': [['outputLimit', 'timedOut'], "while True: os.write(1, b'\\x1b[31mx\\r\\n' * 1000)", { pty: true }],
  'a program that hears nothing': [ended, "for number in range(1, 64):\n    try: signal.signal(number, signal.SIG_IGN)\n    except OSError: pass\nwhile True: time.sleep(60)"],
  'a program that has gone and left others': [byItself, "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        for number in range(1, 64):\n            try: signal.signal(number, signal.SIG_IGN)\n            except OSError: pass\n        while True: time.sleep(0.01)\n    os._exit(0)\nos.wait()"],
  'a program that kills everybody': [perhapsLost, 'os.kill(-1, signal.SIGKILL)\nfor path in glob.glob("/proc/[0-9]*"):\n    try: os.kill(int(path[6:]), signal.SIGKILL)\n    except OSError: pass'],
  'a program that stops everybody': [perhapsLost, 'for path in glob.glob("/proc/[0-9]*"):\n    pid = int(path[6:])\n    try:\n        if pid != os.getpid(): os.kill(pid, signal.SIGSTOP)\n    except OSError: pass\nprint("stopped")'],
  'a program that traces its supervisor and the agent': [perhapsLost, 'for pid in (os.getppid(), 1):\n    for request in (16, 0x4206):\n        if libc.ptrace(request, pid, 0, 0) == 0: print("TRACED", pid)\nos._exit(0)', { silent: 'TRACED' }],
  'a program that writes into the memory and the streams of the agent': [perhapsLost, 'for pid in (1, os.getppid()):\n    for name in ("mem", "environ", "fd/0", "fd/1", "fd/3", "oom_score_adj", "auxv"):\n        try:\n            file = os.open(f"/proc/{pid}/{name}", os.O_RDWR)\n            os.write(file, b"\\x00" * 4096); print("WRITTEN", pid, name)\n        except OSError: pass', { silent: 'WRITTEN', weakerIn: ['gvisor'] }],
  'a program that sends frames to everything that is open': [perhapsLost, "frame = bytes([9, 0, 0, 0, 1, 0, 0, 0, 1]) + b'x' * 500\nfor number in range(3, 256):\n    try: os.write(number, frame * 10)\n    except OSError: pass\nfor path in glob.glob('/**/*.sock', recursive=True) + glob.glob('/run/**', recursive=True):\n    try:\n        s = socket.socket(socket.AF_UNIX); s.settimeout(0.1); s.connect(path); s.send(frame)\n    except OSError: pass"],
  'a program that closes everything that is open': [byItself, 'os.closerange(0, 4096); os._exit(0)'],
  'a program that never reads what it is sent': [ended, 'while True: time.sleep(60)', { input: true }],
  'limits that a program sets for its parent': [perhapsLost, 'for pid in (os.getppid(), 1):\n    for limit in (resource.RLIMIT_CPU, resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_AS):\n        try: resource.prlimit(pid, limit, (0, 0))\n        except (OSError, ValueError): pass'],
};

export const pythonAttacks: readonly Attack[] = Object.entries(attacks).map(([name, [outcomes, program, more]]) => ({ name, outcomes, code: prelude + program, ...more }));
