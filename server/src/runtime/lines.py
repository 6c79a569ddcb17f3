# Python imports this as sitecustomize before a program (-u must be given): it makes output go out by lines, as on a
# terminal, and not in the pieces in which print hands it over. It leaves no trace but a line in /proc/self/environ.
import sys


def leave():
    import os
    folder = os.path.dirname(__file__)
    sys.path[:] = [path for path in sys.path if path != folder]
    sys.path_importer_cache.pop(folder, None)
    rest = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if folder in rest:
        rest.remove(folder)
    if rest:
        os.environ["PYTHONPATH"] = os.pathsep.join(rest)
    else:
        os.environ.pop("PYTHONPATH", None)


def by_lines(name):
    import io
    old = getattr(sys, name)
    encoding, errors = old.encoding, old.errors
    raw = old.detach()
    new = io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors, newline="\n", line_buffering=True)
    new.mode = "w"
    setattr(sys, name, new)
    setattr(sys, "__" + name + "__", new)


leave()
if sys.version_info[0] > 2:
    for each in "stdout", "stderr":
        # It is None where the program was started without it.
        if isinstance(getattr(getattr(sys, each), "buffer", None), __import__("io").RawIOBase):
            by_lines(each)
# The one that is installed, if any, takes this one's place.
del sys.modules["sitecustomize"]
import sitecustomize
