/** The contract on languages: every language that a runtime claims runs a source file to its end. */
import { expect } from 'chai';
import type { LanguageId } from '../../../server/src/protocol/index.ts';
import { languageIds } from '../../../server/src/protocol/index.ts';
import type { Sandbox } from '../../../server/src/runtime/ports.ts';
import { need } from '../../require.ts';
import { lackFor, type Parts, type Ran, run, useSandbox, write } from './harness.ts';

interface Sources {
  readonly hello: string;
  /** Prints its first argument to stdout and its second to stderr, and exits with 7. */
  readonly speak: string;
  /** Ends by an uncaught error with `boom` in its message. */
  readonly fail: string;
}

const sources: Record<LanguageId, Sources> = {
  python: {
    hello: 'print("hello")\n',
    speak: 'import sys\nprint(sys.argv[1])\nprint(sys.argv[2], file=sys.stderr)\nsys.exit(7)\n',
    fail: 'raise ValueError("boom")\n',
  },
  javascript: {
    hello: 'console.log("hello");\n',
    speak: 'console.log(process.argv[2]); console.error(process.argv[3]); process.exit(7);\n',
    fail: 'throw new Error("boom");\n',
  },
  typescript: {
    hello: 'const text: string = "hello";\nconsole.log(text);\n',
    speak: 'const [one, two] = process.argv.slice(2) as string[]; console.log(one); console.error(two); process.exit(7);\n',
    fail: 'function fail(): never { throw new Error("boom"); }\nfail();\n',
  },
  go: {
    hello: 'package main\nimport "fmt"\nfunc main() { fmt.Println("hello") }\n',
    speak: 'package main\nimport ("fmt"; "os")\nfunc main() { fmt.Println(os.Args[1]); fmt.Fprintln(os.Stderr, os.Args[2]); os.Exit(7) }\n',
    fail: 'package main\nfunc main() { panic("boom") }\n',
  },
  csharp: {
    hello: 'using System;\nclass P { static void Main() { Console.WriteLine("hello"); } }\n',
    speak: 'using System;\nclass P { static int Main(string[] a) { Console.WriteLine(a[0]); Console.Error.WriteLine(a[1]); return 7; } }\n',
    fail: 'using System;\nclass P { static void Main() { throw new Exception("boom"); } }\n',
  },
  ruby: {
    hello: 'puts "hello"\n',
    speak: 'puts ARGV[0]\nwarn ARGV[1]\nexit 7\n',
    fail: 'raise "boom"\n',
  },
  shellscript: {
    hello: 'echo hello\n',
    speak: 'echo "$1"; echo "$2" >&2; exit 7\n',
    fail: 'set -u; echo "boom" >&2; echo "$never_set"\n',
  },
};

async function runSource(sandbox: Sandbox, language: LanguageId, code: string, args: readonly string[] = []): Promise<Ran> {
  const toolchain = await sandbox.toolchain(language);
  if (!toolchain) throw new Error(`no toolchain for ${language}`);
  const scratch = `/tmp/scratch-${Math.random().toString(36).slice(2)}`;
  const file = `/workspace/main-${language}${toolchain.extension}`;
  await write(sandbox, file, code);
  await sandbox.files.createDirectory(scratch, true);
  let last: Ran | undefined;
  for (const phase of toolchain.phases(file, args, scratch)) {
    for (const [path, text] of Object.entries(phase.files ?? {})) await write(sandbox, path, text);
    last = await run(sandbox, phase.command, { env: phase.env });
    if (last.exit.kind !== 'exited' || last.exit.code !== 0) break;
  }
  if (!last) throw new Error('no phases');
  return last;
}

export function describeLanguages(parts: Parts): void {
  const { languages } = parts.features;
  if (languages.length === 0) return;

  describe('languages (F-F4)', () => {
    const held = useSandbox(parts);
    for (const language of languages) {
      it(`run: ${language}`, async function () {
        await need(language, () => lackFor(parts.features, language)).call(this);
        const { hello, speak, fail } = sources[language];
        expect(await runSource(held.sandbox, language, hello)).to.deep.include({ stdout: Buffer.from('hello\n') });
        const spoken = await runSource(held.sandbox, language, speak, ['to out "$x"', "to err 'y'"]);
        expect(spoken.exit).to.deep.include({ kind: 'exited', code: 7 });
        expect([spoken.stdout.toString().trim(), spoken.stderr.toString().trim()]).to.deep.equal(['to out "$x"', "to err 'y'"]);
        const failed = await runSource(held.sandbox, language, fail);
        expect(failed.exit.kind === 'exited' && failed.exit.code === 0, JSON.stringify(failed.exit)).to.equal(false);
        expect(failed.stderr.toString() + failed.stdout.toString()).to.contain('boom');
      });
    }

    it('that the runtime does not claim have no toolchain', async () => {
      const others = languageIds.filter((id) => !languages.includes(id));
      expect(await Promise.all(others.map((id) => held.sandbox.toolchain(id)))).to.deep.equal(others.map(() => undefined));
    });
  });
}
