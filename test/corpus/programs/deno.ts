/** Programs in JavaScript, as Deno has it: those of Node, and Deno's own. */
import { type Sample, screen } from '../sample.ts';
import { javascript } from './javascript.ts';

/** In a file with the extension .js, plain Deno runs modules only. */
const isModule = ({ code = '' }: Sample): boolean => !/\brequire\b|\bmodule\b|\bexports\b|__filename|__dirname/.test(code);

export const deno: readonly Sample[] = [
  ...javascript.filter(isModule),
  { name: 'CommonJS, as most programs for Node are', code: 'const { join } = require("node:path");\nconst lib = require("./lib");\nconsole.log(lib.value, require.main === module, __filename === join(__dirname, __filename.split("/").pop()), typeof exports);', files: { 'lib.js': 'exports.value = 42;\n' }, prints: '42 true true object\n' },
  { name: 'lines by readline, in CommonJS', code: 'require("readline").createInterface({ input: process.stdin }).on("line", (l) => console.log("<" + l + ">"))', stdin: 'a\nb\n', prints: '<a>\n<b>\n' },
  { name: 'stdin at once, in CommonJS', code: 'console.log(JSON.stringify(require("fs").readFileSync(0, "utf8")))', stdin: 'text', prints: '"text"\n' },
  { name: 'what Deno says', code: 'console.log(Deno.args, Deno.mainModule, import.meta.url, import.meta.main, Deno.cwd(), Object.keys(Deno.env.toObject()).sort())', args: ['a b', '', 'ü'] },
  { name: 'stdin of Deno', code: 'console.log(await new Response(Deno.stdin.readable).text())', stdin: 'one\ntwo ü\n' },
  { name: 'lines of Deno', code: 'let all = ""; for await (const piece of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) all += piece; for (const line of all.split("\\n")) console.log("<" + line + ">")', stdin: 'a\nb\nno end' },
  { name: 'prompt without a terminal', code: 'console.log(prompt("name?"), confirm("sure?"))', stdin: 'Ada\ny\n' },
  { name: 'stdin by its name (T2), as Deno opens it', code: 'try { console.log(Deno.readTextFileSync("/dev/stdin")) } catch (e) { console.log(e.name) }', stdin: 'text' },
  { name: 'modules that are not there (T9)', code: 'import "./nothing.mjs"' },
  { name: 'modules that are asked for in vain (T9)', code: 'await import("./nothing.mjs")' },
  { name: 'modules of Deno', code: 'import { value } from "./lib.ts";\nimport data from "./data.json" with { type: "json" };\nconsole.log(value, data, import.meta.dirname === Deno.cwd(), import.meta.filename);', files: { 'lib.ts': 'export const value: number = 5;\n', 'data.json': '{ "a": 1 }' } },
  { name: 'what it may not', code: 'for (const f of [() => Deno.readTextFileSync("/etc/passwd"), () => new Deno.Command("/bin/sh").outputSync(), () => Deno.listen({ port: 1 }), () => Deno.hostname()]) try { f() } catch (e) { console.log(e.name) }' },
  { name: 'files of Deno', code: 'await Deno.mkdir("a/b", { recursive: true }); await Deno.writeTextFile("a/b/c", "ü"); console.log(await Deno.readTextFile("a/b/c"), [...Deno.readDirSync("a")].map((e) => e.name)); console.log(Deno.makeTempDirSync().startsWith(Deno.env.get("TMPDIR") ?? "/tmp"))' },
  { name: 'events of Deno', code: 'for (const name of ["load", "beforeunload", "unload"]) addEventListener(name, (e) => console.log(e.type)); onload = () => console.log("onload"); await new Promise((r) => setTimeout(r, 20)); console.log("module")' },
  { name: 'the end of Deno', code: 'addEventListener("unload", () => console.log("unload")); console.log("x"); Deno.exit(7)' },
  { name: 'an error of Deno', code: 'function f() { throw new Deno.errors.NotFound("boom") }\nf()' },
  { name: 'a signal of Deno', code: 'Deno.addSignalListener("SIGTERM", () => { console.log("caught"); Deno.exit(4) }); setTimeout(() => {}, 20000); console.log("ready")', steps: [{ seen: 'ready', signal: 'SIGTERM' }] },
  { name: 'a terminal of Deno', terminal: screen, code: 'console.log(Deno.consoleSize(), Deno.stdin.isTerminal(), Deno.stdout.isTerminal(), Deno.noColor); console.log(prompt("name?"))', steps: [{ seen: 'name?', type: 'Ada\r' }] },
];
