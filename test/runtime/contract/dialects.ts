/** The same small programs, written in a language that each kind of runtime can run. */
import type { Sandbox } from '../../../server/src/runtime/ports.ts';

/** Where it matters that a program has begun, it prints `ready`. */
export interface Behaviours {
  exit(code: number): string;
  print(stdout: string, stderr: string): string;
  /** Writes so many lines, one by one, to stdout and stderr in turns: `0 out`, `1 err`, `2 out`, ... */
  alternate(lines: number): string;
  /** Writes all 256 byte values to stdout, in order. */
  readonly bytes: string;
  /** Copies stdin to stdout, to its end. */
  readonly cat: string;
  /** Writes `bytes` bytes to stdout: lines of `floodLine`. */
  flood(bytes: number): string;
  env(name: string): string;
  readonly cwd: string;
  /** Prints its arguments, each followed by NUL. */
  readonly args: string;
  /** Prints `ready`, and then runs until it is ended. */
  readonly forever: string;
  /** The same, but ignores SIGTERM. */
  readonly stubborn: string;
  /** Uses more and more memory. */
  readonly hog: string;
  /** Writes so many bytes into a file, or prints to stderr why it can't. */
  fill(path: string, bytes: number): string;
  /** Keeps processors busy for that long, measured in real time. */
  spin(ms: number): string;
}

export const floodLine = '0123456789abcde\n';

export interface Dialect {
  readonly does: Behaviours;
  command(sandbox: Sandbox, source: string, args?: readonly string[]): Promise<readonly string[]>;
}

const sq = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

export const sh: Dialect = {
  does: {
    exit: (code) => `exit ${code}`,
    print: (stdout, stderr) => `printf %s ${sq(stdout)}; printf %s ${sq(stderr)} >&2`,
    alternate: (lines) => `n=0; while [ $n -lt ${lines} ]; do echo "$n out"; n=$((n+1)); echo "$n err" >&2; n=$((n+1)); done`,
    bytes: Array.from({ length: 256 }, (_, byte) => `printf '\\${byte.toString(8).padStart(3, '0')}'`).join('\n'),
    cat: 'exec cat',
    flood: (bytes) => `yes ${floodLine.trimEnd()} | head -c ${bytes}`,
    env: (name) => `printf %s "$${name}"`,
    cwd: 'pwd -P',
    args: 'for a in "$@"; do printf "%s\\0" "$a"; done',
    forever: 'echo ready; exec sleep 600',
    stubborn: "trap '' TERM; echo ready; while :; do sleep 1; done",
    hog: 'exec tail /dev/zero',
    fill: (path, bytes) => `head -c ${bytes} /dev/zero > ${path}`,
    spin: (ms) => `while :; do :; done & a=$!; while :; do :; done & sleep ${ms / 1000}; kill $a $!; wait`,
  },
  command: (_, source, args = []) => Promise.resolve(['sh', '-c', source, 'sh', ...args]),
};

const write = (stream: string, text: string) => `Deno.${stream}.writeSync(new TextEncoder().encode(${JSON.stringify(text)}));`;

/** For a runtime that runs only JavaScript, under Deno. */
export const deno: Dialect = {
  does: {
    exit: (code) => `Deno.exit(${code})`,
    print: (stdout, stderr) => write('stdout', stdout) + write('stderr', stderr),
    alternate: (lines) => `const text = new TextEncoder();
      for (let n = 0; n < ${lines}; n += 2) {
        Deno.stdout.writeSync(text.encode(n + " out\\n"));
        Deno.stderr.writeSync(text.encode((n + 1) + " err\\n"));
      }`,
    bytes: 'Deno.stdout.writeSync(Uint8Array.from({ length: 256 }, (_, byte) => byte))',
    cat: 'await Deno.stdin.readable.pipeTo(Deno.stdout.writable)',
    flood: (bytes) => `const chunk = new TextEncoder().encode(${JSON.stringify(floodLine)}.repeat(4096));
      const writer = Deno.stdout.writable.getWriter();
      for (let left = ${bytes}; left > 0; left -= chunk.length) await writer.write(chunk.subarray(0, Math.min(left, chunk.length)));`,
    env: (name) => `Deno.stdout.writeSync(new TextEncoder().encode(Deno.env.get(${JSON.stringify(name)}) ?? ""))`,
    cwd: String.raw`console.log(Deno.cwd().replace(/^.*\/(workspace|tmp)(?=\/|$)/, '/$1'))`,
    args: 'Deno.stdout.writeSync(new TextEncoder().encode(Deno.args.map((arg) => arg + "\\0").join("")))',
    forever: 'console.log("ready"); setInterval(() => {}, 1000)',
    stubborn: 'Deno.addSignalListener("SIGTERM", () => {}); console.log("ready"); setInterval(() => {}, 1000)',
    hog: 'const all = []; for (;;) all.push(new Array(100000).fill(Math.random()))',
    fill: (path, bytes) => `const file = Deno.openSync(${JSON.stringify(path)}, { write: true, create: true });
      for (let left = ${bytes}; left > 0; left -= 65536) file.writeSync(new Uint8Array(Math.min(left, 65536)));`,
    spin: (ms) => `for (const end = Date.now() + ${ms}; Date.now() < end;);`,
  },
  async command(sandbox, source, args = []) {
    const file = `/tmp/${Math.random().toString(36).slice(2)}.js`;
    await sandbox.files.write(file, Buffer.from(source), { mode: 'create', executable: undefined });
    const toolchain = await sandbox.toolchain('javascript');
    const command = toolchain?.phases(file, args, '/tmp/scratch')[0]?.command;
    if (!command) throw new Error('no javascript here');
    return command;
  },
};

/** For the fake runtime: see test/fakes/process.ts. */
export const fake: Dialect = {
  does: {
    exit: (code) => `exit ${code}`,
    print: (stdout, stderr) => `print ${JSON.stringify(stdout)}, ${JSON.stringify(stderr)}`,
    alternate: (lines) => Array.from({ length: lines }, (_, n) => (n % 2 === 0 ? `echo ${n} out` : `warn ${n} err`)).join('\n'),
    bytes: 'bytes',
    cat: 'cat',
    flood: (bytes) => `flood ${bytes}`,
    env: (name) => `env ${name}`,
    cwd: 'pwd',
    args: 'args',
    forever: 'echo ready\nforever',
    stubborn: 'stubborn\necho ready\nforever',
    hog: 'oom',
    fill: (path, bytes) => `fill ${path} ${bytes}`,
    spin: (ms) => `spin ${ms}`,
  },
  command: (_, source, args = []) => Promise.resolve(['fake', source, ...args]),
};
