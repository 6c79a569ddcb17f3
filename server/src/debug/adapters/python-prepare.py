"""Finds debugpy for this Python, and has the folder of the first argument lead to it if it lies in none of Python's own.

Prints its version, or exits with 1 where none of the folders of the other arguments has one that works with this Python.
"""
import importlib.util
import os
import re
import sys

PARTS = re.compile(r"(?:debugpy|bytecode|_?pydev)")


def version_in(folder):
    """The version of the debugpy in a folder, or None."""
    try:
        with open(os.path.join(folder, "debugpy", "_version.py"), encoding="utf-8") as file:
            text = file.read()
    except OSError:
        return None
    found = re.search(r'"version":\s*"([^"]+)"|^version = "([^"]+)"', text, re.M)
    return (found.group(1) or found.group(2)) if found else "unknown"


def works(version):
    """Whether a debugpy of this version can debug this Python: before 1.8 none can follow Python 3.12."""
    numbers = re.match(r"(\d+)\.(\d+)", version)
    return sys.version_info < (3, 12) or not numbers or (int(numbers[1]), int(numbers[2])) >= (1, 8)


def main(site, *folders):
    """Prints the version of the first one that works."""
    own = importlib.util.find_spec("debugpy")
    if own and own.origin:
        version = version_in(os.path.dirname(os.path.dirname(own.origin)))
        if version and works(version):
            print("debugpy", version)
            return 0
    for folder in folders:
        version = version_in(folder)
        if not version or not works(version):
            continue
        for name in os.listdir(folder):
            if PARTS.match(name) and not name.endswith("-info"):
                os.symlink(os.path.join(folder, name), os.path.join(site, name))
        print("debugpy", version)
        return 0
    return 1


# The folder of this file is no place from which anything is to be imported.
if sys.path[0] == os.path.dirname(os.path.abspath(__file__)):
    sys.path.pop(0)
sys.exit(main(*sys.argv[1:]))
