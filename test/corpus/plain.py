"""Runs programs as a shell would, without a sandbox: one for each line of JSON on stdin, answered by one line of JSON on stdout."""
import base64
import fcntl
import json
import os
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time

LIMIT = 120


def main():
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = run(request)
        except Exception as fault:
            answer = {'fault': repr(fault)}
        print(json.dumps(answer), flush=True)


def run(request):
    folder = request['folder']
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for path, text in request['files'].items():
        place = os.path.join(folder, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, 'wb') as file:
            file.write(base64.b64decode(text))
        os.chmod(place, 0o755)
    environment = dict(os.environ)
    if 'LANG' not in environment:
        # Python itself has set it.
        environment.pop('LC_CTYPE', None)
    environment.update(request['env'])
    if request['terminal']:
        environment.setdefault('TERM', 'xterm-256color')
    for command in request['before']:
        done = subprocess.run(command, cwd=request['cwd'], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode != 0:
            return answer(done.stdout, done.stderr, done.returncode)
    return Conversation(request, environment).result()


def answer(out, err, status):
    text = lambda data: base64.b64encode(data).decode()
    name = signal.Signals(-status).name if status < 0 else None
    return {'stdout': text(out), 'stderr': text(err), 'code': None if name else status, 'signal': name}


class Conversation:
    """A program that runs, and what is done to it: each step waits until a text has been printed after the step before."""

    def __init__(self, request, environment):
        self.steps = request['steps']
        self.seen = 0
        self.heard = b''
        self.input = base64.b64decode(request['stdin'] or '')
        terminal = request['terminal']
        if terminal:
            self.write, slave = os.openpty()
            resize(slave, terminal)
            streams = dict(stdin=slave, stdout=slave, stderr=slave)
            adopt = lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        else:
            open_input = request['stdin'] is not None or any('type' in step or 'end' in step for step in self.steps)
            streams = dict(stdin=subprocess.PIPE if open_input else subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            adopt = None
        self.terminal = bool(terminal)
        self.child = subprocess.Popen(request['command'], cwd=request['cwd'], env=environment, start_new_session=True, preexec_fn=adopt, **streams)
        if terminal:
            os.close(slave)
            self.sources = {self.write: b''}
        else:
            self.write = self.child.stdin.fileno() if self.child.stdin else None
            self.out, self.err = self.child.stdout.fileno(), self.child.stderr.fileno()
            self.sources = {self.out: b'', self.err: b''}
        self.feeds = request['stdin'] is not None

    def result(self):
        end = time.monotonic() + LIMIT
        left = set(self.sources)
        while left:
            if time.monotonic() > end:
                os.killpg(self.child.pid, signal.SIGKILL)
                raise TimeoutError(repr(self.heard[-500:]))
            feeding = [self.write] if self.feeds and not self.terminal else []
            ready, free, _ = select.select(list(left), feeding, [], 1)
            if free:
                self.feed()
            for source in ready:
                try:
                    data = os.read(source, 65536)
                except OSError:
                    data = b''
                if not data:
                    left.discard(source)
                self.sources[source] += data
                self.heard += data
            self.step()
        status = self.child.wait()
        if self.terminal:
            os.close(self.write)
            return answer(self.sources[self.write], b'', status)
        if self.child.stdin and not self.child.stdin.closed:
            try:
                self.child.stdin.close()
            except OSError:
                pass
        self.child.stdout.close()
        self.child.stderr.close()
        return answer(self.sources[self.out], self.sources[self.err], status)

    def feed(self):
        try:
            self.input = self.input[os.write(self.write, self.input[:4096]):]
        except OSError:
            self.input = b''
        if not self.input:
            self.feeds = False
            self.child.stdin.close()

    def step(self):
        while self.steps:
            step = self.steps[0]
            found = self.heard.find(step['seen'].encode(), self.seen)
            if found < 0:
                return
            self.seen = found + len(step['seen'].encode())
            self.steps = self.steps[1:]
            if 'signal' in step:
                os.killpg(self.child.pid, getattr(signal, step['signal']))
            if 'resize' in step:
                resize(self.write, step['resize'])
            if 'type' in step:
                os.write(self.write, step['type'].encode())
            if 'end' in step:
                if self.terminal:
                    os.write(self.write, b'\x04')
                else:
                    self.child.stdin.close()


def resize(terminal, size):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', size['rows'], size['cols'], 0, 0))


main()
