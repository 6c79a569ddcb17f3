/** What hostile programs under Deno try. Failures F-A5, F-A6, F-A7, F-E4, F-E8 and F-F1. */
import { expect } from 'chai';
import { need, npmPackage } from '../../../require.ts';
import { write } from '../../contract/harness.ts';
import { Outside } from './outside.ts';

describe('a program under deno', () => {
  let outside: Outside;
  before(need('deno', npmPackage('deno')));
  before(async () => {
    outside = await Outside.make();
  });
  after(() => outside.remove());

  const staticImports: Record<string, string> = {
    'text by path': 'import x from "OUTSIDE/secret.txt" with { type: "text" }; console.log(x);',
    'text by URL': 'import x from "file://OUTSIDE/secret.txt" with { type: "text" }; console.log(x);',
    'text by a URL with a host': 'import x from "file://localhostOUTSIDE/secret.txt" with { type: "text" }; console.log(x);',
    'text by an encoded path': 'import x from "./..%2f..%2f..%2f..%2f..%2fOUTSIDE/secret.txt" with { type: "text" }; console.log(x);',
    'text by dots': 'import x from "./../../../../../../../OUTSIDE/secret.txt" with { type: "text" }; console.log(x);',
    bytes: 'import x from "OUTSIDE/secret.txt" with { type: "bytes" }; console.log(new TextDecoder().decode(x));',
    json: 'import x from "OUTSIDE/secret.json" with { type: "json" }; console.log(x);',
    code: 'import x from "OUTSIDE/secret.ts"; console.log(x);',
    CommonJS: 'import x from "OUTSIDE/secret.cjs"; console.log(x);',
    'a re-export': 'export { default } from "OUTSIDE/secret.ts"; export * as x from "OUTSIDE/secret.ts"; console.log(1);',
    'a literal dynamic import': 'console.log((await import("OUTSIDE/secret.ts")).default);',
    'an import in an import': 'import x from "./inner.ts"; console.log(x);',
    'an import in CommonJS': 'const x = require("OUTSIDE/secret.cjs"); console.log(x);',
    'an import of an evil package (F-A6)': 'import x from "evil"; console.log(x);',
    'an evil package in CommonJS (F-A6)': 'const x = require("./node_modules/evil2"); console.log(x);',
    'an import of our own': 'import x from "../cache/dep_analysis_cache_v2" with { type: "text" }; console.log(x);',
    'a system file': 'import x from "/etc/passwd" with { type: "text" }; console.log(x);',
    'an import from elsewhere': 'import x from "https://example.com/version.ts"; console.log(x);',
    'an import from where Deno allows it by itself': 'import x from "https://raw.githubusercontent.com/some/one/main/version.ts"; console.log(x);',
    'an import from jsr': 'import x from "jsr:@std/path"; console.log(x);',
    'an import from npm': 'import x from "npm:chalk"; console.log(x);',
  };

  /** The reasons for which an import may fail. That the file does not exist is none: then the test would prove nothing. */
  const denial = /Requires (?:read access to "\/|import access)|--no-remote is|--no-npm is|not a dependency|is unsupported|require is not defined|a valid "main" entry/;

  before(async () => {
    await write(outside.sandbox, '/workspace/inner.ts', `export { default } from "${outside.folder}/secret.ts";`);
    const up = '../'.repeat(12);
    const evil = (main: object) => JSON.stringify({ name: 'evil', version: '1.0.0', ...main });
    await write(outside.sandbox, '/workspace/node_modules/evil/package.json', evil({ main: `${up}${outside.folder}/secret.cjs`, exports: `./${up}${outside.folder}/secret.ts` }));
    await write(outside.sandbox, '/workspace/node_modules/evil2/package.json', evil({ main: `${up}${outside.folder}/secret.cjs` }));
    await write(outside.sandbox, '/workspace/package.json', JSON.stringify({ imports: { '#x': `./${up}${outside.folder}/secret.ts` } }));
  });

  for (const [name, source] of Object.entries(staticImports)) {
    for (const extension of ['.ts', '.js']) {
      it(`can not import ${name}, in ${extension}`, async () => {
        const { exit, stdout, stderr } = await outside.run(`static${extension}`, source);
        expect(exit).to.deep.include({ kind: 'exited', code: 1 });
        expect(stdout.toString()).to.equal('');
        expect(stderr.toString()).to.match(denial);
      });
    }
  }

  const prelude = `
    import fs from "node:fs"; import cp from "node:child_process"; import net from "node:net"; import dns from "node:dns";
    import http from "node:http"; import Module from "node:module"; import v8 from "node:v8"; import os from "node:os";
    import process from "node:process"; import { Worker as NodeWorker } from "node:worker_threads"; import dgram from "node:dgram";
    const require = Module.createRequire(import.meta.url);
    const connected = (socket: net.Socket) => new Promise((yes, no) => socket.on("connect", yes).on("error", no));
    const worker = (url: string | URL, options = {}) => new Promise((yes, no) => {
      const made = new Worker(url, { type: "module", ...options });
      made.onmessage = (event) => yes(event.data);
      made.onerror = (event) => { event.preventDefault(); no(event); };
    });
    const nodeWorker = (code: string, options = {}) => new Promise((yes, no) =>
      new NodeWorker(code, { eval: true, ...options }).on("message", yes).on("error", no).on("exit", no));
    const later = (text: string) => text;`;

  const attempts: Record<string, Record<string, string>> = {
    'read what is outside': {
      'Deno.readTextFile': 'Deno.readTextFileSync(SECRET_FILE)',
      'Deno.readTextFile by dots': 'Deno.readTextFileSync("../../../.." + SECRET_FILE)',
      'Deno.readTextFile by an encoded URL': 'Deno.readTextFileSync(new URL("file://" + HERE + "/..%2f..%2f..%2f.." + SECRET_FILE.replaceAll("/", "%2f")))',
      'the neighbour with the same prefix': 'Deno.readDirSync(HERE + "EVIL")',
      'Deno.open': 'Deno.openSync(SECRET_FILE)',
      'Deno.stat': 'Deno.statSync(SECRET_FILE).size',
      'Deno.readDir': '[...Deno.readDirSync(OUT)].length',
      'Deno.readDir of the sandbox': '[...Deno.readDirSync("..")].length',
      'Deno.realPath': 'Deno.realPathSync(OUT)',
      'Deno.copyFile': 'Deno.copyFileSync(SECRET_FILE, "copy")',
      'Deno.rename': 'Deno.renameSync(SECRET_FILE, "copy")',
      'Deno.chdir': 'Deno.chdir(OUT)',
      'Deno.watchFs': 'Deno.watchFs(OUT)',
      'fs.readFile': 'fs.readFileSync(SECRET_FILE)',
      'fs.open': 'fs.openSync(SECRET_FILE)',
      'fs.promises': 'await fs.promises.readFile(SECRET_FILE)',
      'fs.createReadStream': 'await new Promise((yes, no) => fs.createReadStream(SECRET_FILE).on("data", yes).on("error", no))',
      'fs.cp': 'fs.cpSync(SECRET_FILE, HERE + "/copy")',
      'fs.opendir': 'fs.opendirSync(OUT).readSync()',
      'fs.glob': 'fs.globSync(OUT + "/*").length || undefined!.x',
      'fs.openAsBlob': 'await (await fs.openAsBlob(SECRET_FILE)).text()',
      'fs.statfs': 'fs.statfsSync("/").type',
      'fetch of a file': 'await (await fetch("file://" + SECRET_FILE)).text()',
      require: 'require(OUT + "/secret.cjs")',
      'require of json': 'require(OUT + "/secret.json")',
      'a dynamic import': 'await import(later(OUT + "/secret.ts"))',
      'a dynamic import as text': 'await import(later(SECRET_FILE), { with: { type: "text" } })',
      'an import by data': `await import("data:text/javascript,export { default } from 'file://" + OUT + "/secret.ts'")`,
      'node:sqlite': 'new (await import("node:sqlite")).DatabaseSync(OUT + "/database")',
      'node:sqlite attached': 'new (await import("node:sqlite")).DatabaseSync(":memory:").exec("ATTACH \'" + OUT + "/database\' AS other; CREATE TABLE other.t (a)")',
      'node:sqlite vacuumed': 'new (await import("node:sqlite")).DatabaseSync(":memory:").exec("CREATE TABLE t (a); VACUUM INTO \'" + OUT + "/database\'")',
      'process.loadEnvFile': 'process.loadEnvFile(SECRET_FILE)',
      'Deno.bundle': '(Deno as any).bundle({ entrypoints: [OUT + "/secret.ts"] })',
      'node:wasi': 'new (await import("node:wasi")).WASI({ version: "preview1", preopens: { "/": "/" } })',
    },
    'write what is outside': {
      'Deno.writeTextFile': 'Deno.writeTextFileSync(OUT + "/new", "x")',
      'Deno.mkdir': 'Deno.mkdirSync(OUT + "/new")',
      'Deno.remove': 'Deno.removeSync(SECRET_FILE)',
      'Deno.rename out': '(Deno.writeTextFileSync("mine", ""), Deno.renameSync("mine", OUT + "/new"))',
      'Deno.truncate': 'Deno.truncateSync(SECRET_FILE)',
      'Deno.chmod': 'Deno.chmodSync(SECRET_FILE, 0o777)',
      'Deno.utime': 'Deno.utimeSync(SECRET_FILE, 1, 1)',
      'Deno.makeTempFile': 'Deno.makeTempFileSync({ dir: OUT })',
      'fs.mkdtemp': 'fs.mkdtempSync(OUT + "/new-")',
      'fs.writeFile': 'fs.writeFileSync(OUT + "/new", "x")',
      'a heap snapshot': 'v8.writeHeapSnapshot(OUT + "/new")',
      "Deno's own folder": 'Deno.writeTextFileSync("../cache/new", "x")',
      'the file we start with': 'Deno.writeTextFileSync("../../bootstrap.mjs", "x")',
      'Deno.openKv': '(Deno as any).openKv(OUT + "/new")',
    },
    'make links': {
      'Deno.symlink out': 'Deno.symlinkSync(OUT, "link")',
      'Deno.symlink in': 'Deno.symlinkSync("attempts.ts", "link")',
      'Deno.link': 'Deno.linkSync(SECRET_FILE, "link")',
      'fs.symlink': 'fs.symlinkSync(OUT, "link")',
      'fs.symlink of a directory': 'fs.symlinkSync(OUT, "link", "dir")',
      'fs.link': 'fs.linkSync(SECRET_FILE, "link")',
    },
    'see the system': Object.fromEntries(
      ['/proc/self/environ', '/proc/self/mem', '/proc/self/cmdline', '/proc/self/root/etc/passwd', '/proc/self/cwd/attempts.ts', '/proc/self/fd/0', '/proc/1/status', '/dev/tty', '/dev/null', '/dev/fd/0', '/sys/kernel/notes', '/etc/passwd', '/etc/hostname']
        .map((path) => [path, `Deno.openSync(${JSON.stringify(path)})`]),
    ),
    'ask the system': {
      hostname: 'Deno.hostname()',
      'os.hostname': 'os.hostname()',
      'os.cpus': 'os.cpus()',
      'os.userInfo': 'os.userInfo()',
      'os.networkInterfaces': 'os.networkInterfaces()',
      'os.setPriority': 'os.setPriority(0, 5)',
      memory: 'Deno.systemMemoryInfo()',
      uid: 'Deno.uid()',
      umask: 'process.umask()',
      setuid: 'process.setuid(1)',
      inspector: '(await import("node:inspector")).open(0)',
    },
    'use the network': {
      fetch: 'await fetch("http://127.0.0.1:1")',
      WebSocket: 'new WebSocket("ws://127.0.0.1:1")',
      EventSource: 'await new Promise((yes, no) => { const source = new EventSource("http://127.0.0.1:1"); source.onopen = yes; source.onerror = no; })',
      'Deno.connect': 'await Deno.connect({ port: 1 })',
      'Deno.connect to a socket': 'await Deno.connect({ transport: "unix", path: "/var/run/docker.sock" } as any)',
      'Deno.listen': 'Deno.listen({ port: 0 })',
      'Deno.listen on a socket': 'Deno.listen({ transport: "unix", path: HERE + "/socket" } as any)',
      'Deno.serve': 'Deno.serve({ port: 0 }, () => new Response(""))',
      'Deno.resolveDns': 'await Deno.resolveDns("canary.example.com", "A")',
      'net.connect': 'await connected(net.connect(1))',
      'net.connect to a socket': 'await connected(net.connect("/var/run/docker.sock"))',
      'net.listen': 'await new Promise((yes, no) => net.createServer().listen(0).on("listening", yes).on("error", no))',
      'net.listen on a socket': 'await new Promise((yes, no) => net.createServer().listen(HERE + "/socket").on("listening", yes).on("error", no))',
      'dns.lookup': 'await dns.promises.lookup("localhost")',
      'dns.resolve': 'await dns.promises.resolve4("canary.example.com")',
      'http.get': 'await new Promise((yes, no) => http.get("http://127.0.0.1:1", yes).on("error", no))',
      dgram: 'await new Promise((yes, no) => dgram.createSocket("udp4").on("error", no).bind(0, () => yes(1)))',
      'import from elsewhere': 'await import(later("https://example.com/version.ts"))',
      'import from jsr': 'await import(later("jsr:@std/path"))',
      'import from npm': 'await import(later("npm:chalk"))',
      'Worker from elsewhere': 'await worker("https://example.com/version.ts")',
    },
    'start programs': {
      'Deno.Command': 'new Deno.Command("id").outputSync()',
      'Deno.Command of Deno': 'new Deno.Command(Deno.execPath()).outputSync()',
      'Deno.Command in the workspace': '(Deno.writeTextFileSync("program", "#!/bin/sh"), Deno.chmodSync("program", 0o755), new Deno.Command(HERE + "/program").outputSync())',
      'child_process.exec': 'await new Promise((yes, no) => cp.exec("id", (fault, out) => fault ? no(fault) : yes(out)))',
      'child_process.spawn': 'await new Promise((yes, no) => cp.spawn("/bin/sh", ["-c", "id"]).on("spawn", yes).on("error", no))',
      'child_process.execFile': 'cp.execFileSync("/bin/sh", ["-c", "id"])',
      'child_process.fork': 'await new Promise((yes, no) => cp.fork(HERE + "/attempts.ts").on("spawn", yes).on("error", no))',
      'Deno.kill of its parent': 'Deno.kill(Deno.ppid, "SIGCONT")',
      'process.kill of its parent': 'process.kill(process.ppid, "SIGCONT")',
      'process.kill of its group': 'process.kill(0, "SIGCONT")',
      'Deno.dlopen': 'Deno.dlopen("libc.so.6", {})',
      'Deno.dlopen in the workspace': 'Deno.dlopen(HERE + "/library.so", {})',
      'process.dlopen': '(process as any).dlopen({ exports: {} }, HERE + "/library.node")',
      'a raw pointer': '(Deno as any).UnsafePointer.create(1n)',
      'an extension of sqlite': 'new (await import("node:sqlite")).DatabaseSync(":memory:", { allowExtension: true }).loadExtension(HERE + "/library.so")',
    },
    'get more from workers': {
      'a file': 'await worker("file://" + OUT + "/secret.ts")',
      'a static import': `(Deno.writeTextFileSync("w.ts", "import x from '" + SECRET_FILE + "' with { type: 'text' }; postMessage(x)"), await worker(new URL("./w.ts", import.meta.url)))`,
      'a static import by data': `await worker("data:text/javascript,import x from 'file://" + SECRET_FILE + "' with { type: 'text' }; postMessage(x)")`,
      'a static import by blob': `await worker(URL.createObjectURL(new Blob(["import x from 'file://" + SECRET_FILE + "' with { type: 'text' }; postMessage(x)"], { type: "text/javascript" })))`,
      'inherited permissions': 'await worker("data:text/javascript,postMessage(Deno.readTextFileSync(" + JSON.stringify(SECRET_FILE) + "))")',
      'worker_threads': 'await nodeWorker("require(\'node:worker_threads\').parentPort.postMessage(require(\'node:fs\').readFileSync(" + JSON.stringify(SECRET_FILE) + "))")',
      'worker_threads with flags': 'await nodeWorker("require(\'node:worker_threads\').parentPort.postMessage(1)", { execArgv: ["--allow-all"] })',
      'a variable': 'await worker("data:text/javascript,postMessage(Deno.env.get(`DENO_DIR`)); throw 1").then((value) => { if (value == null) throw 1; return value })',
    },
    'use a graphics card': {
      navigator: 'await (navigator as any).gpu.requestAdapter().then((adapter: unknown) => { if (!adapter) throw 1; return adapter })',
    },
    'ask for permission': {
      read: 'await Deno.permissions.request({ name: "read" }).then(({ state }) => { if (state !== "granted") throw 1 })',
      run: 'await Deno.permissions.request({ name: "run" }).then(({ state }) => { if (state !== "granted") throw 1 })',
      net: 'await Deno.permissions.request({ name: "net" }).then(({ state }) => { if (state !== "granted") throw 1 })',
    },
  };

  for (const [aim, list] of Object.entries(attempts)) {
    it(`can not ${aim}`, async () => {
      expect(await outside.attempt(list, prelude)).to.deep.equal({});
    });
  }

  it('can do what is allowed, so that the attempts above prove something', async () => {
    const open = await outside.attempt(
      {
        'write and read': '(Deno.writeTextFileSync("mine.txt", "mine"), Deno.readTextFileSync("mine.txt"))',
        'use /tmp': 'Deno.readTextFileSync(Deno.makeTempFileSync()).length',
        'use os.tmpdir': 'fs.mkdtempSync(os.tmpdir() + "/x").length',
        'a worker': 'await worker("data:text/javascript,postMessage(1)")',
        worker_threads: 'await nodeWorker("require(\'node:worker_threads\').parentPort.postMessage(1)")',
        require: 'require("node:path").sep',
        'an import': '(Deno.writeTextFileSync("imported.ts", "export default 5"), (await import(later("./imported.ts"))).default)',
      },
      prelude,
    );
    expect(Object.keys(open)).to.have.length(7);
  });

  it('can not give a worker more permissions', async () => {
    const { exit, stderr } = await outside.run('worker.ts', `
      const worker = new Worker("data:text/javascript,postMessage(Deno.readTextFileSync('OUTSIDE/secret.txt'))", { type: "module", deno: { permissions: { read: true } } });
      worker.onmessage = ({ data }) => console.log(data);`);
    expect(exit).not.to.deep.include({ kind: 'exited', code: 0 });
    expect(stderr.toString()).to.match(/permissions/);
  });

  it('does not get out by changing its directory while a file is opened', async () => {
    await outside.sandbox.files.createDirectory('/workspace/race/a/b', true);
    const depth = outside.folder.split('/').length;
    // From the first directory the relative path is inside the sandbox; from the second it is that of the secret.
    const { stdout, exit } = await outside.run('race.ts', `
      const here = Deno.cwd(), deep = here + "/race/" + "d/".repeat(40), up = "../".repeat(30);
      Deno.mkdirSync(deep, { recursive: true });
      let closed = 0;
      for (let times = 0; times < 3000; times++) {
        Deno.chdir(deep);
        const reading = Deno.readTextFile(up + ${JSON.stringify(outside.folder.slice(1))} + "/secret.txt");
        Deno.chdir(here);
        try { console.log(await reading); } catch { closed++; }
      }
      console.log(closed);`);
    expect(depth).to.be.greaterThan(1);
    expect(exit).to.deep.include({ kind: 'exited', code: 0 });
    expect(stdout.toString()).to.equal('3000\n');
  });

  it('keeps what the web APIs store in the sandbox', async () => {
    const { exit, stderr } = await outside.run('storage.ts', `
      localStorage.setItem("key", "value");
      await (await caches.open("x")).put("http://x/y", new Response("z"));`);
    expect(exit, stderr.toString()).to.deep.include({ kind: 'exited', code: 0 });
  });

  describe('with variables that would control Deno', () => {
    const steering: Record<string, (outside: string) => string> = {
      LD_PRELOAD: (folder) => `${folder}/library.so`,
      LD_LIBRARY_PATH: (folder) => folder,
      DENO_DIR: (folder) => `${folder}/cache`,
      DENO_V8_FLAGS: () => '--help',
      DENO_COVERAGE_DIR: (folder) => `${folder}/coverage`,
      DENO_AUDIT_PERMISSIONS: (folder) => `${folder}/audit`,
      DENO_NO_PACKAGE_JSON: () => '0',
      DENO_TRACE_PERMISSIONS: () => '1',
      NODE_OPTIONS: (folder) => `--require=${folder}/secret.cjs`,
      NODE_V8_COVERAGE: (folder) => `${folder}/coverage`,
      NODE_EXTRA_CA_CERTS: (folder) => `${folder}/secret.txt`,
      SSLKEYLOGFILE: (folder) => `${folder}/keys`,
      GLIBC_TUNABLES: () => 'glibc.malloc.check=3',
      BASH_ENV: (folder) => `${folder}/secret.cjs`,
      ENV: (folder) => `${folder}/secret.cjs`,
      PATH: (folder) => folder,
      CODEBEAKER_MAIN: (folder) => `file://${folder}/secret.ts`,
      CODEBEAKER_ENV_HOME: (folder) => folder,
    };
    for (const [name, value] of Object.entries(steering)) {
      it(`gets ${name} as a value, and nothing more`, async () => {
        const { exit, stdout, stderr } = await outside.run('steer.ts', `console.log(Deno.env.get(${JSON.stringify(name)}))`, { [name]: value(outside.folder) });
        expect(exit, stderr.toString()).to.deep.include({ kind: 'exited', code: 0 });
        expect([stdout.toString(), stderr.toString()]).to.deep.equal([`${value(outside.folder)}\n`, '']);
      });
    }

    it('gets no graphics card', async () => {
      const { stdout } = await outside.run('gpu.ts', 'console.log(await (navigator as any).gpu.requestAdapter(), Deno.env.get("DENO_WEBGPU_BACKEND"))', { DENO_WEBGPU_BACKEND: 'vulkan', DENO_WEBGPU_TRACE: outside.folder });
      expect(stdout.toString()).to.equal('null undefined\n');
    });

    it('sees no variables but its own (F-E8)', async () => {
      const { stdout } = await outside.run('env.ts', 'console.log(JSON.stringify(Object.keys(Deno.env.toObject()).sort()))', { MINE: '1' });
      expect(JSON.parse(stdout.toString())).to.deep.equal(['HOME', 'MINE', 'NO_COLOR', 'TMPDIR']);
    });
  });
});
