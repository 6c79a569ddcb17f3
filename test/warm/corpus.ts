/** Small programs, each of which checks something that could reveal that its interpreter was started in advance. */
import type { LanguageId } from '../../server/src/protocol/index.ts';

export interface Sample {
  readonly name: string;
  readonly code: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly cwd?: string;
  /** The signal that is sent when the program prints `ready`. */
  readonly signal?: string;
  /** For how long its interpreter waits, in milliseconds. */
  readonly waits?: number;
}

const python: Sample[] = [
  { name: 'hello', code: 'print("hello")' },
  { name: 'nothing', code: '' },
  { name: 'arguments', code: 'import sys; print(sys.argv[1:], len(sys.argv))', args: ['a b', "it's", '', 'ü', '--x=1'] },
  { name: 'its own name', code: 'print(__name__, __file__, __package__, __spec__, __doc__, __loader__.__class__.__name__)' },
  { name: 'its globals', code: 'print(sorted(globals()))' },
  { name: 'main module', code: 'import __main__; print(__main__.__file__, __main__ is __import__("sys").modules["__main__"])' },
  { name: 'path', code: 'import sys; print(sys.path)' },
  { name: 'flags', code: 'import sys; print(sys.flags, sys.executable, sys.prefix)' },
  { name: 'original arguments', code: 'import sys; print(getattr(sys, "orig_argv", None))', args: ['x'] },
  { name: 'modules', code: 'import sys; print(sorted(sys.modules))' },
  { name: 'environment', code: 'import os; print(sorted((k, v) for k, v in os.environ.items() ))', env: { GREETING: 'hé=llo', EMPTY: '' } },
  { name: 'environment of a child', code: 'import subprocess; print(subprocess.run("env | sort", shell=True, capture_output=True, text=True).stdout)', env: { ONE: '1' } },
  { name: 'working directory', code: 'import os; print(os.getcwd())', cwd: '/tmp' },
  { name: 'stdin', code: 'import sys; print(repr(sys.stdin.read()))', stdin: 'one\ntwo ü\n' },
  { name: 'stdin by the line', code: 'print(input("> ")); print(input())', stdin: 'Ada\nLovelace\n' },
  { name: 'no stdin', code: 'import sys; print(repr(sys.stdin.read()), sys.stdin.isatty())' },
  { name: 'input that ends', code: 'input()' },
  { name: 'bytes from stdin', code: 'import sys; print(sys.stdin.buffer.read())', stdin: 'a\0b' },
  { name: 'exit code', code: 'import sys; print("x"); sys.exit(7)' },
  { name: 'exit with words', code: 'import sys; sys.exit("sorry")' },
  { name: 'exit at once', code: 'import os; os._exit(9)' },
  { name: 'exception', code: 'def f(n):\n    raise ValueError("boom %d" % n)\nf(3)' },
  { name: 'chained exceptions', code: 'try:\n    1/0\nexcept ZeroDivisionError as e:\n    raise RuntimeError("outer") from e' },
  { name: 'syntax error', code: 'print("a"\nprint("b")' },
  { name: 'missing module', code: 'import no_such_module_at_all' },
  { name: 'stack', code: 'import traceback; traceback.print_stack()' },
  { name: 'frames', code: 'import sys\ntry:\n    sys._getframe(1)\nexcept ValueError as e:\n    print(e)' },
  { name: 'inspect', code: 'import inspect; print(len(inspect.stack()), inspect.stack()[0].function)' },
  { name: 'warning', code: 'import warnings; warnings.warn("careful", stacklevel=1)' },
  { name: 'logging', code: 'import logging; logging.basicConfig(format="%(filename)s %(lineno)d %(message)s"); logging.warning("w")' },
  { name: 'neighbour', code: 'import neighbour; print(neighbour.value, neighbour.__file__)' },
  { name: 'atexit', code: 'import atexit; atexit.register(lambda: print("bye")); print("hi")' },
  { name: 'thread', code: 'import threading; t = threading.Thread(target=lambda: print("in thread", threading.current_thread().name)); t.start(); t.join(); print(threading.main_thread().name)' },
  { name: 'exception in a thread', code: 'import threading; t = threading.Thread(target=lambda: 1/0, name="t"); t.start(); t.join(); print("after")' },
  { name: 'asyncio', code: 'import asyncio\nasync def main():\n    await asyncio.sleep(0); print("async")\nasyncio.run(main())' },
  { name: 'killed by a signal', code: 'import os, signal; os.kill(os.getpid(), signal.SIGTERM)' },
  { name: 'segmentation fault', code: 'import os, signal; os.kill(os.getpid(), signal.SIGSEGV)' },
  // Another thread prints `ready`, so that the signal reaches the main thread while it sleeps.
  { name: 'interrupt', code: 'import threading, time\nthreading.Timer(0.2, print, ["ready"]).start(); time.sleep(20)', signal: 'SIGINT' },
  { name: 'handler', code: 'import signal, sys, time\nsignal.signal(signal.SIGINT, lambda *_: sys.exit(4))\nprint("ready"); time.sleep(20)', signal: 'SIGINT' },
  { name: 'many processes', code: 'import multiprocessing as m\ndef f(x): return x * x\nif __name__ == "__main__":\n    m.set_start_method("fork")\n    with m.Pool(2) as p: print(p.map(f, [1, 2, 3]))' },
  { name: 'recursion', code: 'import sys\ndef f(): f()\ntry:\n    f()\nexcept RecursionError as e:\n    print("deep", sys.getrecursionlimit())' },
  { name: 'encodings', code: 'import sys; print(sys.stdout.encoding, sys.stdin.encoding, sys.getfilesystemencoding(), sys.stdout.line_buffering)' },
  { name: 'a class of its own pickled', code: 'import pickle\nclass A: x = 1\nprint(pickle.loads(pickle.dumps(A())).__class__.__module__)' },
  { name: 'much output', code: 'for i in range(20000): print(i)' },
  { name: 'what the kernel knows of it (T9)', code: 'import os; print([open("/proc/self/" + name).read() for name in ("cmdline", "environ", "comm", "limits", "oom_score_adj")], os.listdir("/tmp"), sorted(os.listdir("/proc/self/fd")), os.fstat(0).st_mode, os.fstat(1).st_mode, os.getsid(0) == os.getpid())', args: ['x'] },
  { name: 'what it was started with (T9)', code: 'import sys; print(sys.modules.get("sitecustomize"), sys.modules.get("usercustomize"), sys.path_importer_cache.keys(), sys.meta_path, sys.path_hooks)' },
  { name: 'signals', code: 'import signal; print([signal.getsignal(n) for n in sorted(signal.valid_signals())], signal.pthread_sigmask(signal.SIG_BLOCK, []))' },
  { name: 'stdin by its name (T2)', code: 'print(open("/dev/stdin").read())', stdin: 'text' },
];

const javascript: Sample[] = [
  { name: 'hello', code: 'console.log("hello")' },
  { name: 'nothing', code: '' },
  { name: 'arguments', code: 'console.log(process.argv.slice(1), process.argv.length)', args: ['a b', "it's", '', 'ü', '--x=1'] },
  { name: 'itself', code: 'console.log(__filename, __dirname, require.main === module, module.parent, module.children.length, module.id)' },
  { name: 'module paths', code: 'console.log(module.paths, require.resolve.paths("x"))' },
  { name: 'cache', code: 'console.log(Object.keys(require.cache))' },
  { name: 'flags', code: 'console.log(process.execArgv, process.argv0, process.title)' },
  { name: 'globals', code: 'console.log(Object.getOwnPropertyNames(globalThis).sort().join())' },
  { name: 'environment', code: 'console.log(Object.entries(process.env).sort())', env: { GREETING: 'hé=llo', EMPTY: '' } },
  { name: 'working directory', code: 'console.log(process.cwd())', cwd: '/tmp' },
  { name: 'stdin', code: 'process.stdin.on("data", (d) => console.log(String(d))).on("end", () => console.log("end"))', stdin: 'one\ntwo ü\n' },
  { name: 'stdin at once', code: 'console.log(JSON.stringify(require("fs").readFileSync(0, "utf8")))', stdin: 'text' },
  { name: 'no stdin', code: 'process.stdin.on("data", () => {}).on("end", () => console.log("end"))' },
  { name: 'lines', code: 'require("readline").createInterface({ input: process.stdin }).on("line", (l) => console.log("<" + l + ">"))', stdin: 'a\nb\n' },
  { name: 'exit code', code: 'console.log("x"); process.exit(7)' },
  { name: 'exit code by a property', code: 'process.exitCode = 3' },
  { name: 'exception', code: 'function f() { throw new TypeError("boom"); }\nf();' },
  { name: 'rejection', code: 'Promise.reject(new Error("nobody"))' },
  { name: 'something thrown', code: 'throw { a: 1 }' },
  { name: 'syntax error', code: 'let a = ;' },
  { name: 'missing module', code: 'require("./no-such-file")' },
  { name: 'stack', code: 'console.log(new Error("here").stack)' },
  { name: 'deep stack', code: 'Error.stackTraceLimit = Infinity; console.log(new Error("all").stack)' },
  { name: 'neighbour', code: 'console.log(require("./neighbour.js").value)' },
  { name: 'dynamic import', code: 'import("./neighbour.js").then((m) => console.log(m.default.value))' },
  { name: 'module syntax', code: 'import fs from "node:fs"; console.log(typeof fs.readFileSync, import.meta.url)' },
  { name: 'timers', code: 'setImmediate(() => { console.log(1); setTimeout(() => console.log(2), 5); }); process.nextTick(() => console.log(0))' },
  { name: 'exit hook', code: 'process.on("exit", (c) => console.log("exit", c)); console.log("hi")' },
  { name: 'worker', code: 'const { Worker, isMainThread } = require("worker_threads"); if (isMainThread) new Worker(__filename).on("exit", (c) => console.log("worker ended", c)); else console.log("in worker")' },
  { name: 'child', code: 'console.log(require("child_process").execFileSync(process.execPath, ["-p", "process.argv.length"]).toString())' },
  { name: 'fork', code: 'const cp = require("child_process"); if (process.argv[2]) process.send("from the child"); else cp.fork(__filename, ["x"]).on("message", (m) => console.log(m))' },
  { name: 'killed by a signal', code: 'process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 5000)' },
  { name: 'interrupt', code: 'console.log("ready"); setTimeout(() => {}, 20000)', signal: 'SIGINT' },
  { name: 'handler', code: 'process.on("SIGTERM", () => process.exit(4)); console.log("ready"); setTimeout(() => {}, 20000)', signal: 'SIGTERM' },
  { name: 'strictness', code: 'console.log(this === module.exports, (function () { return this === globalThis; })())' },
  { name: 'much output', code: 'for (let i = 0; i < 20000; i++) console.log(i)' },
  { name: 'what the kernel knows of it (T9)', code: 'const fs = require("fs"); console.log(["cmdline", "comm", "limits"].map((name) => fs.readFileSync("/proc/self/" + name, "latin1")), fs.readFileSync("/proc/self/environ", "latin1").split("\\0").filter(Boolean), fs.readdirSync("/proc/self/fd").length, fs.fstatSync(0).mode)', args: ['x'] },
  { name: 'what was required before it (T9)', code: 'const find = () => [process._preload_modules, process.execArgv, process.argv, process.env, Object.keys(require.cache), Object.keys(require("module")._pathCache), module.parent, process.moduleLoadList.some((n) => n.includes("worker"))]; console.log(find())' },
  { name: 'what a worker knows (T9)', code: 'const { Worker, isMainThread } = require("worker_threads"); const find = () => [process._preload_modules, process.execArgv, process.argv, process.env.NODE_OPTIONS, Object.keys(require.cache), Object.keys(require("module")._pathCache)]; console.log(find()); if (isMainThread) new Worker(__filename)' },
  { name: 'user timing', waits: 500, code: 'performance.mark("a", { startTime: 1 }); performance.mark("b", { startTime: 4, detail: "d" }); console.log(performance.measure("m", "a", "b").toJSON(), performance.measure("n", { start: 2, end: 9 }).toJSON(), performance.measure("o", { start: "a", duration: 2 }).toJSON(), performance.measure("p", undefined, "b").toJSON(), performance.getEntriesByName("b").map((e) => e.startTime)); for (const wrong of [["x", "nothing"], ["x", {}, "nothing"], ["x", { start: 1, end: 2, duration: 3 }], []]) try { performance.measure(...wrong) } catch (e) { console.log(e.name, e.message) }' },
  { name: 'clocks as objects (T8)', waits: 500, code: 'const of = (o, n) => { const { value, get, ...rest } = Object.getOwnPropertyDescriptor(o, n); const f = value ?? get; return [f.name, f.length, rest.enumerable, rest.configurable, rest.writable, "prototype" in f]; }; const P = performance.constructor.prototype; console.log([[P, "now"], [P, "timeOrigin"], [P, "mark"], [P, "measure"], [PerformanceEntry.prototype, "startTime"], [Event.prototype, "timeStamp"]].map((a) => of(...a)), Object.keys(P), Object.getOwnPropertyNames(P)); try { P.now.call({}) } catch (e) { console.log(e.name) }' },
  { name: 'stdin by its name (T2)', code: 'console.log(require("fs").readFileSync("/dev/stdin", "utf8"))', stdin: 'text' },
];

const ruby: Sample[] = [
  { name: 'hello', code: 'puts "hello"' },
  { name: 'arguments', code: 'p ARGV, $0, __FILE__, $PROGRAM_NAME, __method__', args: ['a b', '', 'ü'] },
  { name: 'environment', code: 'p ENV.sort', env: { GREETING: 'hé=llo' } },
  { name: 'working directory', code: 'puts Dir.pwd', cwd: '/tmp' },
  { name: 'stdin', code: 'p $stdin.read', stdin: 'one\ntwo ü\n' },
  { name: 'gets', code: 'p gets, gets, gets', stdin: 'a\nb\n' },
  { name: 'exit code', code: 'exit 7' },
  { name: 'abort', code: 'abort "sorry"' },
  { name: 'exception', code: 'def f; raise ArgumentError, "boom"; end\nf' },
  { name: 'syntax error', code: 'def (' },
  { name: 'caller', code: 'p caller, caller_locations.length' },
  { name: 'neighbour', code: 'require_relative "neighbour"; puts VALUE' },
  { name: 'data', code: 'puts DATA.read\n__END__\nthe rest' },
  { name: 'at_exit', code: 'at_exit { puts "bye" }; puts "hi"' },
  { name: 'variables', code: 'p local_variables, self.to_s, __dir__' },
  { name: 'interrupt', code: 'Thread.new { sleep 0.2; puts "ready" }; sleep 20', signal: 'SIGINT' },
  { name: 'what was required before it (T9)', code: 'puts $LOADED_FEATURES, $LOAD_PATH' },
  { name: 'what the kernel knows of it (T9)', code: 'p %w[cmdline environ comm limits].map { |name| File.read("/proc/self/" + name) }, Dir.children("/proc/self/fd").sort, $stdin.stat.mode' },
  { name: 'stdin by its name (T2)', code: 'puts File.read("/dev/stdin")', stdin: 'text' },
];

export const corpus: Partial<Record<LanguageId, readonly Sample[]>> = { python, javascript, ruby };

/** The Node API of Deno is incomplete. */
const unlike = ['itself', 'module paths', 'cache', 'flags', 'globals', 'worker', 'child', 'fork', 'stdin at once', 'strictness', 'deep stack', 'dynamic import', 'what the kernel knows of it (T9)', 'what was required before it (T9)', 'what a worker knows (T9)', 'stdin by its name (T2)', 'clocks as objects (T8)'];

export const denoCorpus: typeof corpus = {
  javascript: [
    ...javascript.filter(({ name }) => !unlike.includes(name)),
    { name: 'what Deno says', code: 'console.log(Deno.args, Deno.mainModule, import.meta.url, import.meta.main, Deno.cwd(), Object.keys(Deno.env.toObject()).sort())' },
    { name: 'stdin of Deno', code: 'console.log(await new Response(Deno.stdin.readable).text())', stdin: 'one\ntwo ü\n' },
    // Deno opens it for programs with all permissions only: there is an error, at once.
    { name: 'stdin by its name (T2)', code: 'try { console.log(Deno.readTextFileSync("/dev/stdin")) } catch (e) { console.log(e.name) }', stdin: 'text' },
    { name: 'modules that are not there (T9)', code: 'import "./nothing.mjs"' },
    { name: 'modules that are asked for in vain (T9)', code: 'await import("./nothing.mjs")' },
    { name: 'what it may not', code: 'try { Deno.readTextFileSync("/etc/passwd") } catch (e) { console.log(e.name) }' },
  ],
};

/** The files that lie beside each program. */
export const neighbours: Readonly<Record<string, string>> = {
  '/workspace/neighbour.py': 'value = 42\n',
  '/workspace/neighbour.js': 'exports.value = 42;\n',
  '/workspace/neighbour.rb': 'VALUE = 42\n',
};
