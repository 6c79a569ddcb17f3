/** The rules for Python. */
import type { Rule } from '../rule.ts';
import { SQL, textRules } from './texts.ts';

const PUT_TOGETHER = '[(binary_operator) (string (interpolation)) (call)]';

export const python: readonly Rule[] = [
  {
    id: 'python/eval', category: 'evaluation', severity: 'warning', cwe: 95,
    message: 'The program runs text as code that it has put together or received. Parse the text instead (ast.literal_eval, json.loads), or choose among functions.',
    query: `((call function: (identifier) @name arguments: (argument_list . [(identifier) (attribute) (subscript) (binary_operator) (string (interpolation)) (call)])) @at
      (#any-of? @name "eval" "exec"))`,
    found: ['eval(input())', 'exec(text)', 'eval(f"f({x})")', 'exec("a = " + b)', 'x = eval(request.args["q"])'],
    clean: ['eval("1 + 1")', 'ast.literal_eval(text)', 'model.eval()', 'cursor.exec(text)', '# eval(input())', 'print("eval(input())")'],
  },
  {
    id: 'python/hidden-code', category: 'obfuscation', severity: 'error', cwe: 506,
    message: 'The program runs code that is hidden in an encoding. Decode it and read it first.',
    query: `((call function: (identifier) @name arguments: (argument_list) @arguments) @at
      (#any-of? @name "eval" "exec")
      (#match? @arguments "b64decode|b32decode|b85decode|a85decode|bytes.fromhex|unhexlify|decompress[(]|marshal.loads|rot_?13"))`,
    found: ['import base64\nexec(base64.b64decode("cHJpbnQoMSk="))', 'exec(zlib.decompress(data))', 'eval(compile(bytes.fromhex(h), "", "exec"))'],
    clean: ['text = base64.b64decode(x)', 'exec(code)', 'eval("base64")'],
  },
  {
    id: 'python/shell', category: 'command', severity: 'warning', cwe: 78,
    message: 'A shell runs a command line that was put together, so what is in its parts can be commands. Give subprocess.run a list of arguments.',
    query: `((call function: (attribute object: (identifier) @module attribute: (identifier) @name) arguments: (argument_list . ${PUT_TOGETHER})) @at
        (#eq? @module "os") (#any-of? @name "system" "popen"))
      ((call function: (attribute object: (identifier) @module) arguments: (argument_list . ${PUT_TOGETHER} (keyword_argument name: (identifier) @key value: (true)))) @at
        (#eq? @module "subprocess") (#eq? @key "shell"))`,
    found: ['os.system("ls " + path)', 'os.popen(f"cat {name}")', 'subprocess.run(f"ls {x}", shell=True)', 'subprocess.check_output("ls %s" % x, stdout=1, shell=True)', 'os.system("ls {}".format(x))'],
    clean: ['os.system("clear")', 'subprocess.run(["ls", x])', 'subprocess.run(f"ls {x}")', 'subprocess.run("ls | wc", shell=True)', 'subprocess.run(f"x{y}", shell=False)'],
  },
  {
    id: 'python/unsafe-pickle', category: 'deserialization', severity: 'warning', cwe: 502,
    message: 'Reading a pickle can run any code that whoever made it wanted. Use json, or read only what this program has written itself.',
    query: `((call function: (attribute object: (identifier) @module attribute: (identifier) @name) arguments: (argument_list) @arguments) @at
      (#any-of? @module "pickle" "cPickle" "_pickle" "dill" "cloudpickle" "marshal") (#any-of? @name "load" "loads")
      (#not-match? @arguments "dumps[(]"))`,
    found: ['pickle.loads(data)', 'x = pickle.load(open("f", "rb"))', 'marshal.loads(code)'],
    clean: ['json.loads(data)', 'pickle.dumps(x)', 'pickle.loads(pickle.dumps(x))'],
  },
  {
    id: 'python/unsafe-yaml', category: 'deserialization', severity: 'warning', cwe: 502,
    message: 'yaml.load without a safe loader can run code that the document names. Use yaml.safe_load.',
    query: `((call function: (attribute object: (identifier) @module attribute: (identifier) @name) arguments: (argument_list) @arguments) @at
      (#eq? @module "yaml") (#any-of? @name "load" "load_all" "unsafe_load" "full_load")
      (#not-match? @arguments "Safe|BaseLoader"))`,
    found: ['import yaml\nyaml.load(text)', 'yaml.load(text, Loader=yaml.Loader)'],
    clean: ['yaml.safe_load(text)', 'yaml.load(text, Loader=yaml.SafeLoader)', 'json.load(file)'],
  },
  {
    id: 'python/weak-tls', category: 'tls', severity: 'warning', cwe: 295,
    message: 'The certificate of the server is not checked, so anybody on the way can answer in its place. Leave the check on, and name the authority if it is your own (verify="ca.pem").',
    query: `((call arguments: (argument_list (keyword_argument name: (identifier) @key value: (false)) @at)) (#any-of? @key "verify" "verify_ssl" "ssl_verify"))
      ((attribute object: (identifier) @module attribute: (identifier) @at) (#eq? @module "ssl") (#any-of? @at "_create_unverified_context" "CERT_NONE"))`,
    found: ['requests.get(url, verify=False)', 'httpx.Client(verify=False)', 'ssl._create_unverified_context()', 'context.verify_mode = ssl.CERT_NONE'],
    clean: ['requests.get(url)', 'requests.get(url, verify="ca.pem")', 'f(check=False)', 'ssl.create_default_context()'],
  },
  {
    id: 'python/ssh-host', category: 'tls', severity: 'warning', cwe: 295,
    message: 'The key of the host is not checked, so anybody on the way can answer in its place. Load the known hosts and use RejectPolicy.',
    query: `((call function: (attribute attribute: (identifier) @name) arguments: (argument_list (_) @policy)) @at
      (#eq? @name "set_missing_host_key_policy") (#match? @policy "AutoAddPolicy|WarningPolicy"))`,
    found: ['client.set_missing_host_key_policy(paramiko.AutoAddPolicy())'],
    clean: ['client.set_missing_host_key_policy(paramiko.RejectPolicy())'],
  },
  {
    id: 'python/sql', category: 'sql', severity: 'warning', cwe: 89,
    message: 'A statement of SQL is put together as text, so what is in its parts can change it. Pass the values as parameters: execute("… WHERE name = ?", (name,)).',
    query: `((call function: (attribute attribute: (identifier) @name) arguments: (argument_list . ${PUT_TOGETHER} @statement)) @at
      (#any-of? @name "execute" "executemany" "executescript" "raw" "read_sql")
      (#match? @statement "^[fFrRbBuU(]*[\\"']+\\\\s*${SQL}"))`,
    found: ['db.execute("SELECT * FROM t WHERE a = " + a)', 'cursor.execute(f"select * from t where a = {a}")', 'c.execute("DELETE FROM t WHERE a = \'%s\'" % a)', 'c.execute("UPDATE t SET a = {}".format(a))', 'c.execute(f"""\n  SELECT {a}""")'],
    clean: ['c.execute("SELECT * FROM t WHERE a = ?", (a,))', 'c.execute(statement)', 'pool.execute("a" + b)', 'print("SELECT " + x)'],
  },
  {
    id: 'python/destruction', category: 'destruction', severity: 'error', cwe: 506,
    message: 'This removes everything below the root or the home folder.',
    query: `((call function: [(identifier) @name (attribute attribute: (identifier) @name)] arguments: (argument_list . (_) @target)) @at
      (#eq? @name "rmtree")
      (#match? @target "^[rfb]*[\\"'](/|/[*]|~/?|/home/?|/etc/?|/usr/?)[\\"']$|expanduser[(]..?/?[\\"'][)]$|^(pathlib[.])?Path[.]home[(][)]$"))`,
    found: ['shutil.rmtree("/")', 'rmtree(os.path.expanduser("~"))', 'shutil.rmtree(Path.home(), ignore_errors=True)'],
    clean: ['shutil.rmtree("/tmp/x")', 'shutil.rmtree(folder)', 'shutil.rmtree(Path.home() / ".cache" / "x")', 'shutil.rmtree(os.path.expanduser("~/.cache/x"))'],
  },
  {
    id: 'python/fork-bomb', category: 'exhaustion', severity: 'error', cwe: 400,
    message: 'This starts processes without end.',
    query: `((while_statement condition: [(true) (integer)] body: (block . (expression_statement (call function: (attribute object: (identifier) @module attribute: (identifier) @name)))  .)) @at
      (#eq? @module "os") (#eq? @name "fork"))`,
    found: ['import os\nwhile True:\n    os.fork()', 'while 1: os.fork()'],
    clean: ['os.fork()', 'while True:\n    pid = os.fork()\n    os.wait()', 'for i in range(3): os.fork()'],
  },
  ...textRules({ prefix: 'python', nodes: ['string_content'], literal: (text) => `x = f("${text}")` }),
];
