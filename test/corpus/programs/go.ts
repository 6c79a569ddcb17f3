/** Programs in Go. */
import type { Sample } from '../sample.ts';

/** A file of the package main with these imports and this body of `main`. */
const main = (imports: string, body: string, rest = ''): string =>
  `package main\n\nimport (\n${imports.split(' ').map((name) => `\t"${name}"\n`).join('')})\n\nfunc main() {\n${body}\n}\n${rest}`;

export const go: readonly Sample[] = [
  { name: 'lines by a scanner', code: main('bufio fmt os', 's := bufio.NewScanner(os.Stdin)\nfor s.Scan() { fmt.Printf("<%s>\\n", s.Text()) }'), stdin: 'one\ntwo ü\nno end' },
  { name: 'numbers as in a contest', code: main('bufio fmt os', 'in := bufio.NewReader(os.Stdin)\nout := bufio.NewWriter(os.Stdout)\ndefer out.Flush()\nvar n, x, sum int\nfmt.Fscan(in, &n)\nfor i := 0; i < n; i++ { fmt.Fscan(in, &x); sum += x }\nfmt.Fprintln(out, sum)'), stdin: '3\n10 20\n30\n' },
  { name: 'all of stdin (T2)', code: main('fmt io os', 'a, e := io.ReadAll(os.Stdin)\nb, f := os.ReadFile("/dev/stdin")\nfmt.Println(len(a), e, len(b), f)'), stdin: 'x'.repeat(70_000) },
  { name: 'no stdin', code: main('fmt', 'var s string\nn, e := fmt.Scanln(&s)\nfmt.Println(n, e)') },
  { name: 'arguments, variables and the end of it', code: main('fmt os', 'fmt.Println(os.Args[1:], len(os.Args), os.Getenv("GREETING"))\n_, empty := os.LookupEnv("EMPTY")\nd, _ := os.Getwd()\nfmt.Fprintln(os.Stderr, empty, d)\nos.Exit(7)'), args: ['a b', '', '-x=1', 'ü'], env: { GREETING: 'hé=llo', EMPTY: '' } },
  { name: 'a panic', code: main('fmt', 'fmt.Println("before")\nvar list []int\nfmt.Println(list[len(list)])') },
  { name: 'a deadlock', code: main('fmt', 'c := make(chan int)\nfmt.Println(<-c)') },
  { name: 'errors of the compiler', code: main('fmt os', 'var unused int\nfmt.Println(nothing)') },
  { name: 'goroutines, generics and a timer', code: main('fmt sync time', 'var w sync.WaitGroup\nsums := make([]int, 4)\nfor i := range sums { w.Add(1); go func(i int) { defer w.Done(); sums[i] = total([]int{i, i * i}) }(i) }\nw.Wait()\n<-time.After(time.Millisecond)\nfmt.Println(sums)', 'func total[N int | float64](all []N) (sum N) { for _, n := range all { sum += n }; return }\n') },
  { name: 'a signal', code: main('fmt os os/signal syscall', 'c := make(chan os.Signal, 1)\nsignal.Notify(c, syscall.SIGTERM)\nfmt.Println("ready")\nfmt.Println(<-c)\nos.Exit(4)'), steps: [{ seen: 'ready\n', signal: 'SIGTERM' }] },
  { name: 'a child', code: main('fmt os os/exec strings', 'c := exec.Command("sh", "-c", "cat; echo err >&2; exit 3")\nc.Stdin = strings.NewReader("given ")\nc.Stdout, c.Stderr = os.Stdout, os.Stderr\nfmt.Println(c.Run())') },
  {
    name: 'a package of several files, with an internal package and an embedded file (T5)', entry: 'main.go',
    files: {
      'go.mod': 'module example.org/app\n\ngo 1.19\n', 'main.go': main('fmt example.org/app/internal/words', 'fmt.Println(greet(words.One), version())'), 'greet.go': 'package main\n\nfunc greet(who string) string { return "hello " + who }\n',
      'version.go': 'package main\n\nimport _ "embed"\n\n//go:embed data/version.txt\nvar text string\n\nfunc version() string { return text }\n', 'data/version.txt': '1.2.3',
      'internal/words/words.go': 'package words\n\n// One is a word.\nconst One = "one"\n', 'main_test.go': 'package main\n\nvar broken = nothing\n',
    },
  },
  { name: 'two files without a module (T5)', entry: 'main.go', files: { 'main.go': main('fmt', 'fmt.Println(other)'), 'other.go': 'package main\n\nvar other = "other"\n' } },
  { name: 'a name with spaces and umlauts', entry: 'größe 2.go', code: main('fmt', 'fmt.Println("ran")') },
  { name: 'bytes and much output', code: main('bufio os strings', 'w := bufio.NewWriter(os.Stdout)\nw.Write([]byte{0, 255, 128, 10})\nw.WriteString(strings.Repeat("line\\n", 200000))\nw.Flush()') },
  { name: 'questions on a terminal', code: main('bufio fmt os', 's, _ := os.Stdin.Stat()\nfmt.Println(s.Mode()&os.ModeCharDevice != 0, os.Getenv("TERM"))\nfmt.Print("name? ")\nr := bufio.NewReader(os.Stdin)\nline, _ := r.ReadString(\'\\n\')\nfmt.Printf("hello %q\\n", line)'), terminal: { cols: 80, rows: 24 }, steps: [{ seen: 'name? ', type: 'Ada\r' }] },
];
