"""Has the launcher of debugpy tell how a program ended that a signal has ended: with the number of the signal, which is negative.

It would make an exit code of that, by taking its lowest bits. sitecustomize.py has this run when the launcher is loaded.
"""
from debugpy.launcher import debuggee


class Signal(int):
    def __and__(self, _):
        return self


class Starting:
    """Takes the place of `subprocess` in the launcher."""

    def __init__(self, subprocess):
        self._subprocess = subprocess

    def __getattr__(self, name):
        return getattr(self._subprocess, name)

    def Popen(self, *args, **options):
        child = self._subprocess.Popen(*args, **options)
        wait = child.wait

        def told(*args, **options):
            code = wait(*args, **options)
            return Signal(code) if code is not None and code < 0 else code

        child.wait = told
        return child


debuggee.subprocess = Starting(debuggee.subprocess)
