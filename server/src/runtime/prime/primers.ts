/**
 * Interpreters started ahead. Each has a hook that runs when the interpreter is ready and has not looked at the
 * program yet: Python imports `sitecustomize` at the end of its own start, Node and Ruby what `-r` names. The hook
 * waits for the order (order.ts), makes it so, and leaves no trace; then the interpreter goes on to the program by
 * itself, with no frame of ours below it. Its file has to be known before, but for Node, which is given a link.
 */
import type { Prime } from '../ports.ts';

export const primePython = (tool: string): Prime => ({
  takes: { file: false, env: true, args: true },
  primer: (file, scratch) => ({
    command: [tool, '-u', file],
    env: { PYTHONPATH: scratch },
    files: { [`${scratch}/sitecustomize.py`]: pythonHook },
  }),
});

export const primeNode: Prime = {
  takes: { file: true, env: true, args: true },
  primer: (_file, scratch) => ({
    command: ['node', '-r', `${scratch}/hook.cjs`, `${scratch}/main.js`],
    env: {},
    files: { [`${scratch}/hook.cjs`]: nodeHook },
  }),
};

export const primeRuby: Prime = {
  takes: { file: false, env: true, args: true },
  primer: (file, scratch) => ({
    command: ['ruby', '-r', `${scratch}/hook.rb`, file],
    env: {},
    files: { [`${scratch}/hook.rb`]: rubyHook },
  }),
};

/** Takes its own folder off the path and itself out of the modules, for a `sitecustomize` of the system's. */
const pythonHook = `import os, sys

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
    words = [os.fsdecode(word) for word in take(int(take(8), 16)).split(b'\\0')]
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
`;

/** Workers get it too, and have nothing to wait for. */
const nodeHook = `'use strict';
delete require.cache[__filename];
if (!require('worker_threads').isMainThread) return;
const fs = require('fs');
function take(count) {
  const taken = Buffer.alloc(count);
  for (let at = 0; at < count; ) {
    let bytes;
    try {
      bytes = fs.readSync(0, taken, at, count - at, null);
    } catch (fault) {
      if (fault.code === 'EAGAIN') continue;
      throw fault;
    }
    if (bytes === 0) process.reallyExit(125);
    at += bytes;
  }
  return taken.toString();
}
const [cwd, file, count, ...words] = take(parseInt(take(8), 16)).split('\\0');
process.chdir(cwd);
for (const pair of words.splice(0, Number(count))) {
  const at = pair.indexOf('=');
  process.env[pair.slice(0, at)] = pair.slice(at + 1);
}
fs.symlinkSync(file, process.argv[1]);
process.argv.splice(1, process.argv.length, file, ...words.slice(0, -1));
process.execArgv.length = 0;
`;

const rubyHook = `$stdout.sync = true
lambda do
  take = lambda do |count|
    taken = count == 0 ? '' : $stdin.sysread(count)
    taken << $stdin.sysread(count - taken.bytesize) while taken.bytesize < count
    taken
  rescue EOFError
    exit!(125)
  end
  words = take.(take.(8).to_i(16)).force_encoding(Encoding::UTF_8).split("\\0", -1)
  count = 3 + words[2].to_i
  Dir.chdir(words[0])
  words[3...count].each { |pair| name, value = pair.split('=', 2); ENV[name] = value }
  ARGV.replace(words[count...-1])
  $LOADED_FEATURES.delete(__FILE__)
end.()
`;
