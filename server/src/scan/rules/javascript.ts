/** The rules for JavaScript and TypeScript. */
import type { Rule } from '../rule.ts';
import { SQL, textRules } from './texts.ts';

/** Text that is not written in the program as it is. */
const MADE = '[(identifier) (member_expression) (subscript_expression) (call_expression) (binary_expression) (template_string (template_substitution)) (await_expression)]';
const PUT_TOGETHER = '[(binary_expression) (template_string (template_substitution))]';
const CALLED = '[(identifier) @name (member_expression property: (property_identifier) @name)]';

export const javascript: readonly Rule[] = [
  {
    id: 'javascript/eval', category: 'evaluation', severity: 'warning', cwe: 95,
    message: 'The program runs text as code that it has put together or received. Parse the text instead (JSON.parse), or choose among functions.',
    query: `((call_expression function: (identifier) @name arguments: (arguments . ${MADE})) @at (#eq? @name "eval"))
      ((new_expression constructor: (identifier) @name arguments: (arguments ${MADE} .)) @at (#eq? @name "Function"))
      ((call_expression function: (member_expression object: (identifier) @module property: (property_identifier) @name) arguments: (arguments . ${MADE})) @at
        (#eq? @module "vm") (#any-of? @name "runInThisContext" "runInNewContext" "runInContext"))`,
    found: ['eval(input)', 'eval(`f(${x})`)', 'eval("a" + b)', 'new Function("a", body)', 'new Function(req.body.code)', 'vm.runInNewContext(text)'],
    clean: ['eval("1 + 1")', 'retrieval(x)', 'new Function("return this")()', 'JSON.parse(input)', 'page.eval(f)', '// eval(input)', 'print("eval(input)")'],
  },
  {
    id: 'javascript/hidden-code', category: 'obfuscation', severity: 'error', cwe: 506,
    message: 'The program runs code that is hidden in an encoding. Decode it and read it first.',
    query: `((call_expression function: (identifier) @name arguments: (arguments) @arguments) @at (#any-of? @name "eval" "Function")
        (#match? @arguments "atob[(]|Buffer.from[(].*(base64|hex)|fromCharCode|unescape[(]"))
      ((new_expression constructor: (identifier) @name arguments: (arguments) @arguments) @at (#eq? @name "Function")
        (#match? @arguments "atob[(]|Buffer.from[(].*(base64|hex)|fromCharCode|unescape[(]"))`,
    found: ['eval(atob("YWxlcnQoMSk="))', 'new Function(Buffer.from(x, "base64").toString())()', 'eval(String.fromCharCode(97, 98))'],
    clean: ['const x = atob(y)', 'eval(x)', 'Buffer.from(x, "base64")'],
  },
  {
    id: 'javascript/shell', category: 'command', severity: 'warning', cwe: 78,
    message: 'A shell runs a command line that was put together, so what is in its parts can be commands. Use execFile or spawn with a list of arguments.',
    query: `((call_expression function: (identifier) @name arguments: (arguments . ${PUT_TOGETHER})) @at (#any-of? @name "exec" "execSync"))
      ((call_expression function: (member_expression object: (_) @module property: (property_identifier) @name) arguments: (arguments . ${PUT_TOGETHER})) @at
        (#any-of? @name "exec" "execSync") (#match? @module "^(cp|child_?[pP]rocess|require[(].(node:)?child_process.[)])$"))`,
    found: ['exec(`ls ${path}`)', 'execSync("ls " + path)', 'child_process.exec("ls " + path, done)', 'require("child_process").execSync(`ls ${x}`)'],
    clean: ['exec("ls")', 'pattern.exec("a" + b)', '/x/.exec(`${a}`)', 'execFile("ls", [path])', 'db.exec("a" + b)'],
  },
  {
    id: 'javascript/unsafe-unserialize', category: 'deserialization', severity: 'warning', cwe: 502,
    message: 'unserialize runs functions that stand in the text. Use JSON.parse.',
    query: `((call_expression function: ${CALLED}) @at (#eq? @name "unserialize"))`,
    found: ['serialize.unserialize(text)', 'unserialize(req.cookies.x)'],
    clean: ['JSON.parse(text)', 'serialize(text)'],
  },
  {
    id: 'javascript/weak-tls', category: 'tls', severity: 'warning', cwe: 295,
    message: 'The certificate of the server is not checked, so anybody on the way can answer in its place. Leave the check on, and name the authority if it is your own (ca, NODE_EXTRA_CA_CERTS).',
    query: `((pair key: (_) @key value: (false)) @at (#match? @key "^[\\"']?rejectUnauthorized[\\"']?$"))
      ((assignment_expression left: (member_expression property: (property_identifier) @key) right: (_) @value) @at
        (#eq? @key "NODE_TLS_REJECT_UNAUTHORIZED") (#match? @value "0"))
      ((assignment_expression left: (member_expression property: (property_identifier) @key) right: (false)) @at (#eq? @key "rejectUnauthorized"))`,
    found: ['https.get({ host, rejectUnauthorized: false })', 'process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0"', 'options.rejectUnauthorized = false'],
    clean: ['https.get({ host, rejectUnauthorized: true })', 'x = { authorized: false }', 'if (process.env.NODE_TLS_REJECT_UNAUTHORIZED === "0") f()'],
  },
  {
    id: 'javascript/sql', category: 'sql', severity: 'warning', cwe: 89,
    message: 'A statement of SQL is put together as text, so what is in its parts can change it. Pass the values as parameters: query("… WHERE name = ?", [name]).',
    query: `((call_expression function: (member_expression property: (property_identifier) @name) arguments: (arguments . ${PUT_TOGETHER} @statement)) @at
      (#any-of? @name "query" "execute" "exec" "raw" "prepare" "all" "get" "run" "$queryRawUnsafe" "$executeRawUnsafe")
      (#match? @statement "^[\\\\x60\\"']\\\\s*${SQL}"))`,
    found: ['db.query("SELECT * FROM t WHERE a = " + a)', 'await db.query(`SELECT * FROM t WHERE a = ${a}`)', 'db.prepare(`delete from t where a = ${a}`)'],
    clean: ['db.query("SELECT * FROM t WHERE a = ?", [a])', 'sql`SELECT ${a}`', 'cache.get("select" + a)', 'db.query("SELECT 1")'],
  },
  {
    id: 'javascript/destruction', category: 'destruction', severity: 'error', cwe: 506,
    message: 'This removes everything below the root or the home folder.',
    query: `((call_expression function: ${CALLED} arguments: (arguments . (_) @target)) @at
      (#any-of? @name "rm" "rmSync" "rmdir" "rmdirSync" "rimraf" "rimrafSync")
      (#match? @target "^[\\"'](/|/[*]|~/?|/home/?|/etc/?|/usr/?)[\\"']$|^(os[.])?homedir[(][)]$"))`,
    found: ['fs.rmSync("/", { recursive: true, force: true })', 'await rm(homedir(), { recursive: true })', 'rimraf.rimrafSync("/*")'],
    clean: ['fs.rmSync("/tmp/x", { recursive: true })', 'rm(join(homedir(), ".cache"))', 'list.rm(x)'],
  },
  {
    id: 'javascript/fork-bomb', category: 'exhaustion', severity: 'error', cwe: 400,
    message: 'This starts processes without end.',
    query: `([(while_statement condition: (parenthesized_expression [(true) (number)]) body: (_) @body) (for_statement condition: (empty_statement) body: (_) @body)] @at
      (#match? @body "^[{]?\\\\s*([a-zA-Z_]+[.])?(fork|spawn|exec|execFile)[(][^;]*(__filename|process[.]argv|import[.]meta)[^;]*;?\\\\s*[}]?$"))`,
    found: ['while (true) fork(__filename);', 'for (;;) { cp.spawn(process.argv0, [process.argv[1]]); }', 'while (1) { child_process.fork(import.meta.filename) }'],
    clean: ['fork(__filename)', 'while (true) { f(); }', 'while (true) { await once(fork(__filename), "exit"); }'],
  },
  ...textRules({ prefix: 'javascript', nodes: ['string_fragment'], literal: (text) => `const x = f('${text}');` }),
];
