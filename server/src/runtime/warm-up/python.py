# Python imports this at the end of its own start: it waits for the order (order.ts), carries it out and leaves no trace.
# A `sitecustomize` of the system's is imported afterwards, as if this one had never been there.
import os, sys

def take(count):
    taken = b''
    while len(taken) < count:
        piece = os.read(0, count - len(taken))
        if not piece:
            os._exit(125)
        taken += piece
    return taken

def follow():
    here = os.path.dirname(__file__)
    sys.path.remove(here)
    sys.path_importer_cache.pop(here, None)
    del os.environ['PYTHONPATH']
    words = [os.fsdecode(word) for word in take(int(take(8), 16)).split(b'\0')]
    count = 3 + int(words[2])
    os.chdir(words[0])
    for pair in words[3:count]:
        name, _, value = pair.partition('=')
        os.environ[name] = value
    sys.argv[1:] = words[count:-1]
    if hasattr(sys, 'orig_argv'):
        sys.orig_argv += words[count:-1]

follow()
del follow, take
hook = sys.modules.pop(__name__)
try:
    import sitecustomize
except ImportError:
    sys.modules[__name__] = hook
del hook, os, sys
