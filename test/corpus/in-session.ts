/** Runs a program in a session, in one of the modes. */
import { expect } from 'chai';
import type { LanguageId } from '../../server/src/protocol/index.ts';
import type { Sandbox } from '../../server/src/runtime/ports.ts';
import { write } from '../runtime/contract/harness.ts';
import { RealSession } from '../warm/real-session.ts';
import type { Mode } from './modes.ts';
import { entryOf, filesOf, isInteractive, type Sample } from './sample.ts';
import { type Roots, seen, type Seen } from './seen.ts';

/** What the file held before it was changed. It has to be run, and says so. */
const former: Record<LanguageId, string> = {
  python: 'print("old")\n',
  javascript: 'console.log("old");\n',
  typescript: 'console.log("old");\n',
  go: 'package main\n\nfunc main() { println("old") }\n',
  csharp: 'class Old { static void Main() { System.Console.WriteLine("old"); } }\n',
  ruby: 'puts "old"\n',
  shellscript: 'echo old\n',
};

const COMMAND = 'it';

/** The interpreter that waited was not used. What other programs of the sandbox have done meanwhile can be the reason. */
export class NotUsed extends Error {}

export async function runInSession(sandbox: Sandbox, language: LanguageId, sample: Sample, mode: Mode, folder: string, roots: Roots): Promise<Seen> {
  const { extension } = (await sandbox.toolchain(language)) ?? { extension: '' };
  const { args = [], env = {}, stdin, terminal: pty, steps = [] } = sample;
  const files = filesOf(sample, extension);
  const entry = entryOf(sample, extension);
  const path = `${folder}/${entry}`;
  const cwd = sample.cwd?.startsWith('/') ? sample.cwd : [folder, sample.cwd].filter(Boolean).join('/');
  await sandbox.files.createDirectory(cwd, true);

  const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  let left = [...steps];
  let heard = '';
  const real = new RealSession(sandbox, language, ({ stream, data }) => {
    const bytes = Buffer.from(data, 'base64');
    output[stream === 'stderr' ? 'stderr' : 'stdout'].push(bytes);
    heard += bytes.toString('latin1');
    for (let step = left[0]; step && heard.includes(step.seen); step = left[0]) {
      heard = heard.slice(heard.indexOf(step.seen) + step.seen.length);
      left = left.slice(1);
      const running = real.commands.get(COMMAND);
      if (step.signal) void running.signal(step.signal);
      if (step.resize) void running.resize(step.resize);
      if (step.type !== undefined || step.end) running.input(Buffer.from(step.type ?? ''), step.end === true);
    }
  });

  if (mode.changed) {
    await write(sandbox, path, former[language]);
    if (!mode.primed) await real.code({ path, cwd, env });
  }
  const waiting = { file: mode.text ? undefined : path, args, settings: { cwd, env, stdin: isInteractive(sample) || stdin !== undefined ? 'open' : 'none', pty } } as const;
  const beside = Object.entries(files).filter(([name]) => name !== entry || !mode.text);
  // An interpreter looks at some files, and at the folders on the way, before it is held. It is not used if they have changed.
  const isEarly = (name: string) => name.endsWith('package.json') || `${entry}${name}`.includes('/') || !mode.changed;
  const writeAll = async (wanted: boolean) => {
    for (const [name, text] of beside) if (isEarly(name) === wanted) await write(sandbox, `${folder}/${name}`, text);
  };
  await writeAll(true);
  if (mode.primed) await real.wait(language, waiting);
  await writeAll(false);
  if (mode.primed) await new Promise((resolve) => setTimeout(resolve, sample.waits ?? 0));

  const source = mode.text ? { code: files[entry] ?? '' } : { path };
  const input = { ...(stdin === undefined ? {} : { stdin }), ...(pty ? { pty } : isInteractive(sample) ? { interactive: true } : {}) };
  const { exitCode, signal, outcome } = await real.code({ ...source, ...input, cwd, args: [...args], env, commandId: COMMAND, outputEncoding: 'base64' });
  if (mode.primed && !real.used) throw new NotUsed('the interpreter that waited was not used');
  expect(left, 'what was to be done to the program, and was not').to.deep.equal([]);
  const end = outcome === 'exited' ? String(exitCode) : outcome === 'signaled' ? String(signal) : outcome;
  return seen(Buffer.concat(output.stdout), Buffer.concat(output.stderr), end, roots);
}
