/** Programs in C#. The image for the tests and Debian have Mono, which knows no top-level statements. */
import type { Sample } from '../sample.ts';

const main = (body: string, rest = ''): string => `using System;\nusing System.IO;\nusing System.Linq;\nusing System.Collections.Generic;\nclass Program {\n  static int Main(string[] args) {\n${body}\n    return 0;\n  }\n${rest}}\n`;

export const csharp: readonly Sample[] = [
  { name: 'lines', code: main('string line;\nwhile ((line = Console.ReadLine()) != null) Console.WriteLine("<" + line + ">");'), stdin: 'one\ntwo ü\nno end' },
  { name: 'numbers as in a contest', code: main('int n = int.Parse(Console.ReadLine());\nvar sum = 0L;\nfor (int i = 0; i < n; i++) sum += Console.ReadLine().Split(\' \').Select(long.Parse).Sum();\nConsole.WriteLine(sum);'), stdin: '2\n1 2\n3 4\n' },
  { name: 'all of stdin', code: main('Console.Write(Console.In.ReadToEnd().Length + " " + Console.IsInputRedirected + " " + Console.IsOutputRedirected);'), stdin: 'x'.repeat(70_000) },
  { name: 'no stdin', code: main('Console.WriteLine(Console.ReadLine() == null);') },
  { name: 'arguments, variables and the end of it', code: main('Console.WriteLine(string.Join("|", args) + args.Length + Environment.GetEnvironmentVariable("GREETING") + Environment.CurrentDirectory);\nConsole.Error.WriteLine("err");\nEnvironment.Exit(7);'), args: ['a b', '', '-x=1', 'ü'], env: { GREETING: 'hé=llo' } },
  { name: 'an exception', code: main('Console.WriteLine("before");\nFail(3);', '  static void Fail(int n) { throw new InvalidOperationException("boom " + n); }\n') },
  { name: 'errors of the compiler', code: 'class P { static void Main() { int x = "text"; nothing(); } }\n' },
  { name: 'threads and tasks', code: 'using System;\nusing System.Threading;\nusing System.Threading.Tasks;\nclass P {\n  static async Task Main() {\n    var t = new Thread(() => Console.WriteLine("thread")); t.Start(); t.Join();\n    Console.WriteLine(await Task.Run(() => 6 * 7));\n  }\n}\n' },
  { name: 'a child', code: main('var p = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("sh", "-c \\"echo child; exit 3\\"") { UseShellExecute = false });\np.WaitForExit();\nConsole.WriteLine(p.ExitCode);') },
  { name: 'two files (T5)', entry: 'main.cs', files: { 'main.cs': main('Console.WriteLine(new Lib.Shape(3).Area);'), 'Shape.cs': 'namespace Lib { public class Shape { readonly int side; public Shape(int side) { this.side = side; } public int Area { get { return side * side; } } } }\n' } },
  { name: 'a name with spaces and umlauts', entry: 'größe 2.cs', code: main('Console.WriteLine("ran");') },
  { name: 'files in its folder', code: main('File.WriteAllText("made.txt", "ü");\nConsole.WriteLine(File.ReadAllText("made.txt") + File.ReadAllText("data.txt"));'), files: { 'data.txt': 'data' } },
  { name: 'much output', code: main('var w = new StreamWriter(Console.OpenStandardOutput());\nfor (int i = 0; i < 100000; i++) w.WriteLine(i);\nw.Flush();') },
];
