/** The rules for C#. */
import type { Rule } from '../rule.ts';
import { SQL, textRules } from './texts.ts';

const PUT_TOGETHER = '[(binary_expression) (interpolated_string_expression (interpolation))]';
const CALL = 'function: (member_access_expression expression: (_) @type name: (identifier) @name)';

export const csharp: readonly Rule[] = [
  {
    id: 'csharp/unsafe-formatter', category: 'deserialization', severity: 'warning', cwe: 502,
    message: 'This formatter can run any code that whoever made the data wanted. Use System.Text.Json.',
    query: `((object_creation_expression type: (identifier) @type) @at (#any-of? @type "BinaryFormatter" "NetDataContractSerializer" "SoapFormatter" "LosFormatter" "ObjectStateFormatter"))`,
    found: ['var f = new BinaryFormatter();', 'var x = new LosFormatter().Deserialize(text);'],
    clean: ['var s = new JsonSerializer();', 'BinaryFormatter f = null;'],
  },
  {
    id: 'csharp/type-names', category: 'deserialization', severity: 'warning', cwe: 502,
    message: 'The data says of which types its objects are, so whoever made it can have any type created. Use TypeNameHandling.None.',
    query: `((assignment_expression left: (_) @left right: (member_access_expression expression: (identifier) @type name: (identifier) @name)) @at
      (#match? @left "TypeNameHandling$") (#eq? @type "TypeNameHandling") (#not-eq? @name "None"))`,
    found: ['var s = new JsonSerializerSettings { TypeNameHandling = TypeNameHandling.All };', 's.TypeNameHandling = TypeNameHandling.Auto;'],
    clean: ['s.TypeNameHandling = TypeNameHandling.None;'],
  },
  {
    id: 'csharp/weak-tls', category: 'tls', severity: 'warning', cwe: 295,
    message: 'The certificate of the server is not checked, so anybody on the way can answer in its place. Leave the check on.',
    query: `((assignment_expression left: (_) @left right: (lambda_expression body: [(boolean_literal) @value (block) @value])) @at
        (#match? @left "Server(Certificate|CertificateCustom)ValidationCallback$") (#match? @value "^(true|[{]\\\\s*return true;\\\\s*[}])$"))
      ((member_access_expression name: (identifier) @at) (#eq? @at "DangerousAcceptAnyServerCertificateValidator"))`,
    found: ['h.ServerCertificateCustomValidationCallback = (a, b, c, d) => true;', 'ServicePointManager.ServerCertificateValidationCallback += (a, b, c, d) => { return true; };', 'h.ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator;'],
    clean: ['h.ServerCertificateCustomValidationCallback = (a, b, c, d) => Check(b);', 'f.Callback = x => true;'],
  },
  {
    id: 'csharp/sql', category: 'sql', severity: 'warning', cwe: 89,
    message: 'A statement of SQL is put together as text, so what is in its parts can change it. Use parameters: command.Parameters.AddWithValue("@name", name).',
    query: `((object_creation_expression type: (identifier) @type arguments: (argument_list . (argument ${PUT_TOGETHER} @statement))) @at
        (#match? @type "Command$") (#match? @statement "^[$@]*\\"+\\\\s*${SQL}"))
      ((assignment_expression left: (_) @left right: ${PUT_TOGETHER} @statement) @at (#match? @left "CommandText$") (#match? @statement "^[$@]*\\"+\\\\s*${SQL}"))
      ((invocation_expression function: (member_access_expression name: (identifier) @name) arguments: (argument_list . (argument ${PUT_TOGETHER} @statement))) @at
        (#any-of? @name "FromSqlRaw" "ExecuteSqlRaw" "ExecuteSqlRawAsync" "Query" "Execute") (#match? @statement "^[$@]*\\"+\\\\s*${SQL}"))`,
    found: ['var c = new SqlCommand("SELECT * FROM t WHERE a = " + a, connection);', 'c.CommandText = $"DELETE FROM t WHERE a = {a}";', 'db.Users.FromSqlRaw($"SELECT * FROM u WHERE a = {a}");'],
    clean: ['var c = new SqlCommand("SELECT * FROM t WHERE a = @a", connection);', 'db.Users.FromSqlInterpolated($"SELECT * FROM u WHERE a = {a}");', 'Console.WriteLine($"SELECT {a}");'],
  },
  {
    id: 'csharp/shell', category: 'command', severity: 'warning', cwe: 78,
    message: 'A shell runs a command line that was put together, so what is in its parts can be commands. Start the program itself, with ProcessStartInfo.ArgumentList.',
    query: `((invocation_expression ${CALL} arguments: (argument_list . (argument (string_literal) @shell) . (argument ${PUT_TOGETHER}))) @at
      (#match? @type "Process$") (#eq? @name "Start") (#match? @shell "^\\"(/bin/)?(sh|bash|cmd|cmd.exe|powershell|pwsh)\\"$"))`,
    found: ['Process.Start("sh", "-c \'ls " + path + "\'");', 'System.Diagnostics.Process.Start("cmd.exe", $"/c dir {path}");'],
    clean: ['Process.Start("ls", path);', 'Process.Start("sh", "-c ls");', 'Process.Start("git", "log " + x);'],
  },
  {
    id: 'csharp/eval', category: 'evaluation', severity: 'warning', cwe: 95,
    message: 'The program runs text as code that it has put together or received. Parse the text instead, or choose among functions.',
    query: `((invocation_expression function: (member_access_expression expression: (identifier) @type) arguments: (argument_list . (argument [(identifier) (member_access_expression) (invocation_expression) (binary_expression) (interpolated_string_expression (interpolation))]))) @at
      (#eq? @type "CSharpScript"))`,
    found: ['await CSharpScript.EvaluateAsync(text);', 'CSharpScript.RunAsync($"f({x})");'],
    clean: ['await CSharpScript.EvaluateAsync("1 + 1");', 'Script.Run(text);'],
  },
  {
    id: 'csharp/hidden-code', category: 'obfuscation', severity: 'error', cwe: 506,
    message: 'The program runs code that is hidden in an encoding. Decode it and read it first.',
    query: `((invocation_expression ${CALL} arguments: (argument_list) @arguments) @at
      (#match? @type "Assembly$") (#eq? @name "Load") (#match? @arguments "FromBase64String|FromHexString|Decompress"))`,
    found: ['Assembly.Load(Convert.FromBase64String(text)).EntryPoint.Invoke(null, null);'],
    clean: ['Assembly.Load("System.Xml");', 'var b = Convert.FromBase64String(text);'],
  },
  {
    id: 'csharp/destruction', category: 'destruction', severity: 'error', cwe: 506,
    message: 'This removes everything below the root or the home folder.',
    query: `((invocation_expression ${CALL} arguments: (argument_list . (argument (_) @target))) @at
      (#match? @type "Directory$") (#eq? @name "Delete") (#match? @target "^@?\\"(/|C:.{0,2}|/home/?|/etc/?|/usr/?)\\"$|GetFolderPath[(]Environment.SpecialFolder.UserProfile[)]$"))`,
    found: ['Directory.Delete("/", true);', 'System.IO.Directory.Delete(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), true);'],
    clean: ['Directory.Delete("/tmp/x", true);', 'Directory.Delete(folder, true);'],
  },
  {
    id: 'csharp/fork-bomb', category: 'exhaustion', severity: 'error', cwe: 400,
    message: 'This starts processes without end.',
    query: `((while_statement condition: (boolean_literal) @always body: (_) @body) @at (#eq? @always "true")
      (#match? @body "^[{]?\\\\s*(System.Diagnostics.)?Process.Start[(][^;]*(ProcessPath|MainModule|GetCommandLineArgs|Location)[^;]*;\\\\s*[}]?$"))`,
    found: ['while (true) Process.Start(Environment.ProcessPath);', 'while (true) { Process.Start(Environment.GetCommandLineArgs()[0]); }'],
    clean: ['while (true) { F(); }', 'Process.Start(Environment.ProcessPath);'],
  },
  ...textRules({ prefix: 'csharp', nodes: ['string_literal_content', 'verbatim_string_literal', 'raw_string_content'], literal: (text) => `F("${text}");` }),
];
