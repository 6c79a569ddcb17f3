/** Hostile programs in Python. */
import type { HostileProgram } from './program.ts';

/** Sends a signal to whatever it finds, makes the file `sent`, and waits. */
const signals = (signal: string) => `import os, signal, time
for pid in filter(str.isdigit, os.listdir('/proc')):
    if int(pid) > 1 and int(pid) != os.getpid():
        try:
            os.kill(int(pid), signal.${signal})
        except OSError:
            pass
open('sent', 'w').close()
time.sleep(1000)
x = 1 # here
`;

export const python: HostileProgram = {
  language: 'python',
  main: 'main.py',
  literal: (text) => `b${JSON.stringify(text)}`,
  code: {
    forges: `import os
for fd in range(1, 3):
    os.write(fd, FORGED)
x = 1 # here
`,
    writes: `import os, socket, time
for pid in filter(str.isdigit, os.listdir('/proc')):
    try:
        fds = os.listdir('/proc/%s/fd' % pid)
    except OSError:
        continue
    for fd in fds:
        try:
            target = os.open('/proc/%s/fd/%s' % (pid, fd), os.O_WRONLY | os.O_NONBLOCK)
            os.write(target, FORGED)
            os.close(target)
        except OSError:
            pass
held = []
for line in open('/proc/net/tcp').readlines()[1:]:
    fields = line.split()
    if fields[3] == '0A':
        try:
            held.append(socket.create_connection(('127.0.0.1', int(fields[1][-4:], 16)), 1))
            held[-1].sendall(FORGED)
        except OSError:
            pass
time.sleep(0.3)
x = 1 # here
`,
    stops: signals('SIGSTOP'),
    kills: signals('SIGKILL'),
    floods: `import subprocess
subprocess.Popen(['yes', 'flood'])
x = 1 # here
import time
time.sleep(1000)
`,
    holds: `large = 'x' * 10_000_000
round_about = []
round_about.append(round_about)
deep = []
for _ in range(100_000):
    deep = [deep]
class Odd:
    def __repr__(self):
        return repr(self)
odd = Odd()
globals()['a\\x1b]52;c;eA==\\x07\\n\\u202eb'] = 7
x = 1 # here
`,
  },
};
