/** The rules for Ruby. */
import type { Rule } from '../rule.ts';
import { SQL, textRules } from './texts.ts';

const MADE = '[(identifier) (call) (element_reference) (binary) (string (interpolation))]';
const PUT_TOGETHER = '[(binary) (string (interpolation))]';

export const ruby: readonly Rule[] = [
  {
    id: 'ruby/eval', category: 'evaluation', severity: 'warning', cwe: 95,
    message: 'The program runs text as code that it has put together or received. Parse the text instead (JSON.parse), or choose among methods (public_send).',
    query: `((call method: (identifier) @name arguments: (argument_list . ${MADE})) @at (#any-of? @name "eval" "instance_eval" "class_eval" "module_eval"))`,
    found: ['eval(gets)', 'eval "f(#{x})"', 'obj.instance_eval(params[:code])', 'eval("a" + b)'],
    clean: ['eval("1 + 1")', 'instance_eval { f }', 'JSON.parse(gets)', '# eval(gets)'],
  },
  {
    id: 'ruby/hidden-code', category: 'obfuscation', severity: 'error', cwe: 506,
    message: 'The program runs code that is hidden in an encoding. Decode it and read it first.',
    query: `((call method: (identifier) @name arguments: (argument_list) @arguments) @at (#eq? @name "eval")
      (#match? @arguments "decode64|unpack1?[( ].[mHu]|Inflate"))`,
    found: ['eval(Base64.decode64("cHV0cyAx"))', 'eval("cHV0cyAx".unpack1("m"))', 'eval Zlib::Inflate.inflate(data)'],
    clean: ['Base64.decode64(x)', 'eval(x)'],
  },
  {
    id: 'ruby/shell', category: 'command', severity: 'warning', cwe: 78,
    message: 'A shell runs a command line that was put together, so what is in its parts can be commands. Give system or Open3 the arguments one by one.',
    query: `((call !receiver method: (identifier) @name arguments: (argument_list . ${PUT_TOGETHER} .)) @at (#any-of? @name "system" "exec" "spawn"))
      ((call receiver: (constant) @module method: (identifier) @name arguments: (argument_list . ${PUT_TOGETHER})) @at
        (#any-of? @module "IO" "Open3" "Kernel") (#any-of? @name "popen" "popen3" "capture2" "capture2e" "capture3" "system" "exec" "spawn"))
      (subshell (interpolation)) @at`,
    found: ['system("ls #{path}")', 'system "ls " + path', 'IO.popen("ls #{path}")', '`ls #{path}`', 'x = %x(ls #{path})'],
    clean: ['system("ls", path)', 'system("ls")', '`ls`', 'puts "ls #{path}"', 'db.exec("a" + b)'],
  },
  {
    id: 'ruby/unsafe-marshal', category: 'deserialization', severity: 'warning', cwe: 502,
    message: 'Marshal.load can create any object that whoever made the data wanted. Use JSON.parse, or read only what this program has written itself.',
    query: `((call receiver: (constant) @module method: (identifier) @name arguments: (argument_list) @arguments) @at
      (#eq? @module "Marshal") (#any-of? @name "load" "restore") (#not-match? @arguments "Marshal.dump"))`,
    found: ['Marshal.load(data)', 'x = Marshal.load(File.binread("f"))'],
    clean: ['Marshal.dump(x)', 'Marshal.load(Marshal.dump(x))', 'JSON.load(data)'],
  },
  {
    id: 'ruby/unsafe-yaml', category: 'deserialization', severity: 'warning', cwe: 502,
    message: 'This creates any object that the document names. Use YAML.safe_load.',
    query: `((call receiver: (constant) @module method: (identifier) @name) @at (#any-of? @module "YAML" "Psych") (#any-of? @name "unsafe_load" "unsafe_load_file"))`,
    found: ['YAML.unsafe_load(text)', 'Psych.unsafe_load_file("f.yml")'],
    clean: ['YAML.safe_load(text)', 'YAML.load(text)'],
  },
  {
    id: 'ruby/weak-tls', category: 'tls', severity: 'warning', cwe: 295,
    message: 'The certificate of the server is not checked, so anybody on the way can answer in its place. Use VERIFY_PEER, and name the authority if it is your own (ca_file).',
    query: `((scope_resolution name: (constant) @name) @at (#eq? @name "VERIFY_NONE"))`,
    found: ['http.verify_mode = OpenSSL::SSL::VERIFY_NONE', 'Net::HTTP.start(host, 443, verify_mode: OpenSSL::SSL::VERIFY_NONE)'],
    clean: ['http.verify_mode = OpenSSL::SSL::VERIFY_PEER'],
  },
  {
    id: 'ruby/sql', category: 'sql', severity: 'warning', cwe: 89,
    message: 'A statement of SQL is put together as text, so what is in its parts can change it. Pass the values as parameters: execute("… WHERE name = ?", [name]).',
    query: `((call method: (identifier) @name arguments: (argument_list . ${PUT_TOGETHER} @statement)) @at
      (#any-of? @name "execute" "query" "exec" "exec_query" "find_by_sql" "select_all" "async_exec" "prepare")
      (#match? @statement "^[\\"']\\\\s*${SQL}"))`,
    found: ['db.execute("SELECT * FROM t WHERE a = #{a}")', 'User.find_by_sql("select * from u where a = " + a)'],
    clean: ['db.execute("SELECT * FROM t WHERE a = ?", [a])', 'db.execute(statement)', 'puts "SELECT #{a}"'],
  },
  {
    id: 'ruby/destruction', category: 'destruction', severity: 'error', cwe: 506,
    message: 'This removes everything below the root or the home folder.',
    query: `((call receiver: (constant) @module method: (identifier) @name arguments: (argument_list . (_) @target)) @at
      (#eq? @module "FileUtils") (#any-of? @name "rm_rf" "rm_r" "remove_dir" "remove_entry_secure" "rmtree")
      (#match? @target "^[\\"'](/|/[*]|~/?|/home/?|/etc/?|/usr/?)[\\"']$|^Dir.home$|^ENV[[].HOME.]$|^File.expand_path[(].~.[)]$"))`,
    found: ['FileUtils.rm_rf("/")', 'FileUtils.rm_rf(Dir.home)', 'FileUtils.rm_rf ENV["HOME"]'],
    clean: ['FileUtils.rm_rf("/tmp/x")', 'FileUtils.rm_rf(folder)'],
  },
  {
    id: 'ruby/fork-bomb', category: 'exhaustion', severity: 'error', cwe: 400,
    message: 'This starts processes without end.',
    query: `((call method: (identifier) @loop block: (_) @block) @at (#eq? @loop "loop") (#match? @block "^([{]|do)\\\\s*(Process.)?fork\\\\s*([}]|end)$"))
      ((while_modifier body: (identifier) @name condition: (true)) @at (#eq? @name "fork"))
      ((while condition: (true) body: (do) @body) @at (#match? @body "^(do)?\\\\s*(Process.)?fork\\\\s*(end)?$"))`,
    found: ['loop { fork }', 'fork while true', 'while true\n  fork\nend', 'loop do\n  Process.fork\nend'],
    clean: ['fork', 'loop { f }', 'loop { Process.wait(fork { f }) }', '3.times { fork }'],
  },
  ...textRules({ prefix: 'ruby', nodes: ['string_content'], literal: (text) => `f("${text}")` }),
];
