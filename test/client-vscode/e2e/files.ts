/** The files of the workspace, with the programs that the tests run. */
export const files: Readonly<Record<string, string>> = {
  'hello.py': `import sys

from greetings import greet

print("\\x1b[1;34m" + greet(sys.platform) + "\\x1b[0m")
`,
  'greetings.py': 'def greet(name):\n    return f"hello from {name}"\n',
  'ask.py': 'name = input("your name? ")\nprint("nice to meet you,", name[::-1])\n',
  'endless.py': 'import time\nprint("and on", flush=True)\nwhile True:\n    time.sleep(0.05)\n',
  'counting.py': 'import time\nfor n in range(30):\n    print(n)\n    time.sleep(0.1)\nprint("counted")\n',
  'broken.py': 'def divide(a, b):\n    return a / b\n\n\nprint(divide(1, 0))\n',
  'lacks.py': 'import cv2\n',
  'flood.py': `import os

line = b"x" * 99 + b"\\n"
block = line * 10000
for _ in range(30):
    os.write(1, block)
print("flooded")
`,
  'bears.py': `open("born.py", "w").write("def f():\\n    raise ValueError('born')\\n")
import born
born.f()
`,
  'write.py': 'open("made.txt", "w").write("made in the sandbox")\nprint("written")\n',
  'limits.py': 'print("x" * 200)\nwhile True:\n    pass\n',
  'parts.py': 'print("first")\nif True:\n    print("second")\n    raise ValueError("third")\n',
  'task.py': 'import sys\nprint("arguments:", *sys.argv[1:])\nsys.exit(3)\n',
  'hello.js': 'console.log("hello from", typeof Deno === "undefined" ? "node" : "deno");\n',
  'ask.js': `const name = prompt("your name?");
console.log("nice to meet you,", name);
`,
  '.vscode/tasks.json': JSON.stringify({
    version: '2.0.0',
    tasks: [{ type: 'codebeaker', label: 'three', file: 'task.py', args: ['one', 'two words'], problemMatcher: [] }],
  }),
};
