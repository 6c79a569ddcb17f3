"""Starts the three processes of debugpy before anybody asks for them: the adapter, its launcher, and the one that runs the program.

Each has loaded what it needs and waits: the adapter for the first line of its stdin, the others for what the one before would
have started them with. Where that is not what they were started for, they end, and it starts another one as it always does.
The name of this file is one that debugpy leaves out of stacks.
"""
import array
import json
import os
import runpy
import socket
import subprocess
import sys

HERE = os.path.abspath(__file__)
# The options with which the launcher starts the Python that runs the program.
FLAGS = ["-X", "frozen_modules=off"] if sys.version_info >= (3, 11) else []
# The variables which the launcher adds for it.
PLAIN = {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
STARTED_WITH = set(os.environ)
NOTHING = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_Popen = subprocess.Popen


class Next:
    """The process that waits for this one, and takes the place of `subprocess` where that would start it."""

    def __init__(self, role, interpreter, flags=(), env=None, **options):
        self._ours, theirs = socket.socketpair()
        self._interpreter, self._flags, self._used = interpreter, list(flags), False
        command = [interpreter, *flags, HERE, role, interpreter, str(theirs.fileno())]
        self._child = _Popen(command, env={**os.environ, **(env or {})}, pass_fds=[theirs.fileno()], **NOTHING, **options)
        theirs.close()

    def __getattr__(self, name):
        return getattr(subprocess, name)

    def close(self):
        self._ours.close()

    def Popen(self, command, env=None, cwd=None, stdout=None, stderr=None, **options):
        start = len(self._flags) + 2
        before, rest = command[1 : start - 1], command[start - 1 :]
        if not self._used and command[0] == self._interpreter and before == self._flags:
            self._used = True
            message = json.dumps({"argv": rest, "env": dict(os.environ if env is None else env), "cwd": cwd or os.getcwd()}).encode()
            fds = [fd for fd in (stdout, stderr) if isinstance(fd, int)]
            try:
                _send(self._ours, message, fds if len(fds) == 2 else [])
                return self._child
            except OSError:
                pass
        self.close()
        return _Popen(command, env=env, cwd=cwd, stdout=stdout, stderr=stderr, **options)


def _send(to, message, fds):
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    to.sendmsg([len(message).to_bytes(4, "big")], ancillary)
    to.sendall(message)


def _receive(fd):
    """What this process is to run, when it is known. Ends the process if that never happens."""
    with socket.socket(fileno=fd) as source:
        fds = array.array("i")
        head, ancillary, _, _ = source.recvmsg(4, socket.CMSG_SPACE(2 * fds.itemsize))
        if len(head) < 4:
            os._exit(0)
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
        message = b""
        while len(message) < int.from_bytes(head, "big"):
            piece = source.recv(65536)
            if not piece:
                os._exit(0)
            message += piece
    for target, each in zip((1, 2), fds):
        os.dup2(each, target)
        os.close(each)
    said = json.loads(message)
    for name in STARTED_WITH - said["env"].keys():
        del os.environ[name]
    os.environ.update(said["env"])
    os.chdir(said["cwd"])
    sys.argv[:] = said["argv"]


def adapter(interpreter):
    launcher = Next("debugpy.launcher", interpreter)
    try:
        from debugpy.adapter import clients, launchers, servers, sessions

        launchers.subprocess = launcher
    except ImportError:
        # This debugpy is made of other parts. It starts what it needs by itself.
        launcher.close()
    while True:
        byte = os.read(0, 1)
        if byte == b"\n":
            break
        if not byte:
            os._exit(0)
    sys.argv[:] = [sys.argv[0]]
    runpy.run_module("debugpy.adapter", run_name="__main__", alter_sys=True)


def launcher(interpreter, fd):
    program = Next("debugpy.server", interpreter, FLAGS, PLAIN, preexec_fn=os.setpgrp)
    from debugpy.launcher import debuggee, handlers, output

    debuggee.subprocess = program
    _receive(int(fd))
    runpy.run_module("debugpy.launcher", run_name="__main__", alter_sys=True)


def server(_, fd):
    from debugpy.server import cli

    _receive(int(fd))
    cli.main()


if sys.path[0] == os.path.dirname(HERE):
    sys.path.pop(0)
{"debugpy.adapter": adapter, "debugpy.launcher": launcher, "debugpy.server": server}[sys.argv[1]](*sys.argv[2:])
