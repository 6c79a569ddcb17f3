"""Has the connections between the parts of debugpy send at once what they are given.

They send the header and the body of a message apart, so each message would wait 40 ms for an acknowledgement. A program
opens its connection to the debugger before it runs any code of its own, and its later ones are as they always are.
"""
import importlib.machinery
import importlib.util
import os
import socket
import sys

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
    return result


def _accepting(self):
    connection, address = _accept(self)
    _at_once(connection)
    return connection, address


socket.socket.connect, socket.socket.accept = _connecting, _accepting


def _run_the_one_behind():
    """This file stands before the one that the image or the environment may have."""
    here = os.path.dirname(os.path.abspath(__file__))
    behind = [path for path in sys.path if os.path.abspath(path) != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", behind)
    if spec and spec.loader:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


_run_the_one_behind()
