/**
 * The languages on which the peer's test kit is tried. Their programs do the same: they add squares, in a function that is
 * called five times, print the sum and their argument, and then end with the exit code 3, or by throwing if the argument says so.
 */
export interface Row {
  readonly language: string;
  /** The name of the file. */
  readonly file: string;
  readonly text: string;
  /** The text of the line where it stops on entry, and the reason that is told. */
  readonly entry: { readonly at: string; readonly reason: string };
  /** The text of the line in the loop that calls the function, of the line where a step into the function ends, and of the line that throws. */
  readonly call: string;
  readonly inside: string;
  readonly throws: string;
  /** Is true in the fourth turn. */
  readonly condition: string;
  /** An expression, and its value in the fourth turn, before the call. */
  readonly expression: readonly [string, string];
  /** The filter that stops at what is thrown and not caught. undefined: it always stops there. */
  readonly filter: string | undefined;
  /** Whether frames of the language stand above that line then. */
  readonly above?: true;
  /** What is told of what was thrown. */
  readonly exception: RegExp;
  /** The exit code of a program that throws. */
  readonly failed: number;
}

const python: Row = {
  language: 'python', file: 'main.py', text: `import sys

def square(x):
    result = x * x
    return result

total = 0
for i in range(5):
    total += square(i)
print("sum", total, sys.argv[1], flush=True)
if sys.argv[1] == "fail":
    raise ValueError("this is wrong")
sys.exit(3)
`,
  entry: { at: 'import sys', reason: 'entry' }, call: 'total += square(i)', inside: 'result = x * x', throws: 'raise ValueError',
  condition: 'i == 3', expression: ['total + 100', '105'], filter: 'uncaught', exception: /ValueError/, failed: 1,
};

const script = (typed: boolean) => `function square(x${typed ? ': number' : ''}) {
  const result = x * x;
  return result;
}

let total = 0;
for (let i = 0; i < 5; i += 1) {
  total += square(i);
}
console.log('sum ' + total + ' ' + process.argv[2]);
if (process.argv[2] === 'fail') {
  throw new TypeError('this is wrong');
}
process.exitCode = 3;
`;

const javascript: Row = {
  language: 'javascript', file: 'main.js', text: script(false),
  entry: { at: 'let total = 0', reason: 'entry' }, call: 'total += square(i)', inside: 'const result = x * x', throws: 'throw new TypeError',
  condition: 'i === 3', expression: ['total + 100', '105'], filter: 'uncaught', exception: /TypeError/, failed: 1,
};

const typescript: Row = { ...javascript, language: 'typescript', file: 'main.ts', text: script(true) };

const go: Row = {
  language: 'go', file: 'main.go', text: `package main

import (
	"fmt"
	"os"
)

func square(x int) int {
	result := x * x
	return result
}

func main() {
	total := 0
	for i := 0; i < 5; i++ {
		total += square(i)
	}
	fmt.Println("sum", total, os.Args[1])
	if os.Args[1] == "fail" {
		panic("this is wrong")
	}
	os.Exit(3)
}
`,
  entry: { at: 'func main() {', reason: 'entry' }, call: 'total += square(i)', inside: 'func square', throws: 'panic("this is wrong")',
  condition: 'i == 3', expression: ['total + 100', '105'], filter: undefined, exception: /panic/, failed: 2, above: true,
};

const ruby: Row = {
  language: 'ruby', file: 'main.rb', text: `def square(x)
  result = x * x
  result
end

total = 0
5.times do |i|
  total += square(i)
end
puts "sum #{total} #{ARGV[0]}"
raise IndexError, 'this is wrong' if ARGV[0] == 'fail'
exit 3
`,
  entry: { at: 'def square', reason: 'entry' }, call: 'total += square(i)', inside: 'result = x * x', throws: 'raise IndexError',
  condition: 'i == 3', expression: ['total + 100', '105'], filter: 'any', exception: /IndexError/, failed: 1,
};

export const rows: readonly Row[] = [python, javascript, typescript, go, ruby];
