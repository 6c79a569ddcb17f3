"""Has the connections between the parts of debugpy send at once what they are given, pydevd pause no longer than it has to, and the parts mended.

They send the header and the body of a message apart, so each message would wait 40 ms for an acknowledgement. A program
opens its connection to the debugger before it runs any code of its own, and its later ones are as they always are.
"""
import importlib.machinery
import importlib.util
import os
import socket
import sys
import threading
import warnings

# Where Debian has taken the parts of debugpy apart, each process that is started with them would say so on its stderr.
warnings.filterwarnings("ignore", "incompatible copy of pydevd already imported", UserWarning)

_connect, _accept = socket.socket.connect, socket.socket.accept
_is_adapter = "debugpy.adapter" in getattr(sys, "orig_argv", sys.argv)


def _at_once(connection):
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        pass


def _connecting(self, address):
    if not _is_adapter:
        socket.socket.connect, socket.socket.accept = _connect, _accept
    result = _connect(self, address)
    _at_once(self)
    if "debugpy.launcher.debuggee" in sys.modules:
        _run("ends.py")
    pydevd = sys.modules.get("pydevd")
    if not _is_adapter and hasattr(pydevd, "time") and hasattr(pydevd, "PyDB") and not isinstance(pydevd.time, _Time):
        pydevd.time = _Time(pydevd)
        _run("pydevd_mend.py")
    return result


def _accepting(self):
    connection, address = _accept(self)
    _at_once(connection)
    return connection, address


def _forked():
    """A process that was forked connects to the debugger first as well, and nobody there lets go of what another thread held."""
    if socket.socket.connect is _connect:
        socket.socket.connect = _connecting
    time = getattr(sys.modules.get("pydevd"), "time", None)
    if isinstance(time, _Time):
        time.forget()


socket.socket.connect, socket.socket.accept = _connecting, _accepting
if not _is_adapter:
    os.register_at_fork(after_in_child=_forked)


class _Time:
    """The module `time` for pydevd. Its pauses end as soon as there is something to do.

    It pauses for 100 ms once it is connected, though it waits for its threads anyway. A thread that is stopped looks for
    requests every 10 ms; here it waits until one is posted, and looks once more before it waits again.
    """

    def __init__(self, pydevd):
        self._time = pydevd.time
        self.forget()
        post = pydevd.PyDB.post_internal_command

        def posting(*args, **options):
            result = post(*args, **options)
            with self._changed:
                self._posted += 1
                self._changed.notify_all()
            return result

        pydevd.PyDB.post_internal_command = posting

    def forget(self):
        """Begins as in a process that has just connected."""
        self._connected = False
        self._posted, self._changed, self._seen = 0, threading.Condition(), threading.local()

    def __getattr__(self, name):
        return getattr(self._time, name)

    def sleep(self, seconds):
        if not self._connected:
            self._connected = True
        elif seconds > 0.01:
            self._time.sleep(seconds)
        else:
            with self._changed:
                if getattr(self._seen, "posted", None) == self._posted:
                    self._changed.wait(seconds)
                else:
                    self._seen.posted = self._posted


def _run(name):
    """What lies beside the folder of this file makes good what debugpy does wrong. Where this debugpy is made of other parts, some of it stays as it is."""
    try:
        spec = importlib.util.spec_from_file_location(name, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), name))
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    except Exception:
        pass


def _run_the_one_behind():
    """This file stands before the one that the image or the environment may have."""
    here = os.path.dirname(os.path.abspath(__file__))
    behind = [path for path in sys.path if os.path.abspath(path) != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", behind)
    if spec and spec.loader:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


_run_the_one_behind()
