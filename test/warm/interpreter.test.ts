/** A program behaves the same in a warm interpreter and in one that is started for it: every sample is run both ways. */
import { expect } from 'chai';
import { WarmInterpreter } from '../../server/src/warm/interpreter.ts';
import type { LanguageId } from '../../server/src/protocol/index.ts';
import { createNativeRuntime } from '../../server/src/runtime/kinds/native/native.ts';
import type { Exit, Process, Program, Sandbox, Toolchain } from '../../server/src/runtime/ports.ts';
import { dockerImage, need } from '../require.ts';
import { create, Output, write } from '../runtime/contract/harness.ts';
import type { Subject } from '../runtime/contract/contract.ts';
import { containerSubject } from '../runtime/kinds/docker/contract-subject.ts';
import { debian, plain as kind } from '../runtime/kinds/docker/real.ts';
import { bubblewrap, layeredSubject, nativeSubject } from '../runtime/kinds/native/subject.ts';
import { corpus, denoCorpus, neighbours, type Sample } from './corpus.ts';

interface Seen {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: Exit;
}

async function watch(process: Process, output: Output, { signal }: Sample): Promise<Seen> {
  if (signal) {
    await output.seen('ready\n');
    await process.signal(signal);
  }
  const { usage: _, ...exit } = (await process.exited) as Exclude<Exit, { kind: 'lost' }>;
  return { stdout: output.of('stdout').toString(), stderr: output.of('stderr').toString(), exit };
}

const stdinOf = ({ stdin }: Sample): Program['stdin'] => (stdin === undefined ? 'none' : Buffer.from(stdin));

async function plain(sandbox: Sandbox, toolchain: Toolchain, file: string, sample: Sample): Promise<Seen> {
  const scratch = '/tmp/.plain';
  const [phase] = toolchain.phases(file, sample.args ?? [], scratch);
  for (const [path, text] of Object.entries(phase?.files ?? {})) await write(sandbox, path, text);
  const output = new Output();
  const program: Program = { command: phase?.command ?? [], cwd: sample.cwd ?? '/workspace', env: { ...sample.env }, stdin: stdinOf(sample), pty: undefined };
  const seen = await watch(await sandbox.start(program, output.sink), output, sample);
  await sandbox.files.delete(scratch, { recursive: true, force: true });
  return seen;
}

async function primed(sandbox: Sandbox, toolchain: Toolchain, file: string, sample: Sample): Promise<Seen> {
  const { args = [], cwd = '/workspace', env = {} } = sample;
  const settings = { cwd, env, stdin: stdinOf(sample), pty: undefined };
  const waiting = await WarmInterpreter.start(sandbox, { toolchain, file, text: false, args, settings });
  if (!waiting) throw new Error('it can not be primed');
  await new Promise((resolve) => setTimeout(resolve, sample.waits ?? 0));
  expect(waiting.waits).to.equal(true);
  const output = new Output();
  const process = await waiting.go(settings.stdin, output.sink);
  if (!process) throw new Error('it does not go on');
  const seen = await watch(process, output, sample);
  await sandbox.files.delete(waiting.scratch, { recursive: true, force: true });
  return seen;
}

/** A file of CodeBeaker makes Ruby flush its output at once. Its path is random. */
const scrub = (text: string): string => text.replaceAll(/\/tmp\/\.[\w-]+\/unbuffered\.rb/g, 'OURS').replaceAll(/pid=\d+|\(node:\d+\)|0x[0-9a-f]+/g, '#');

const places: Record<string, { make(): Promise<Subject>; needs: (this: Mocha.Context) => Promise<void>; samples: typeof corpus }> = {
  native: { make: () => nativeSubject(createNativeRuntime), needs: need('bubblewrap', bubblewrap), samples: corpus },
  docker: { make: () => containerSubject(debian, kind), needs: need('docker', dockerImage(debian)), samples: corpus },
  deno: { make: () => layeredSubject(), needs: need('bubblewrap', bubblewrap), samples: denoCorpus },
};

for (const [place, { make, needs, samples: all }] of Object.entries(places)) {
  describe(`a warm interpreter, ${place}`, function () {
    this.timeout(30_000);
    before(needs);
    let subject: Subject;
    let sandbox: Sandbox;
    before(async () => {
      subject = await make();
      sandbox = await create(subject);
      for (const [path, text] of Object.entries(neighbours)) await write(sandbox, path, text);
    });
    after(() => subject.dispose());

    for (const [language, samples] of Object.entries(all) as [LanguageId, readonly Sample[]][]) {
      for (const sample of samples) {
        it(`runs a program as any other interpreter does: ${language}, ${sample.name}`, async () => {
          const toolchain = await sandbox.toolchain(language);
          if (!toolchain?.warmUp) throw new Error(`no ${language} to prime`);
          const file = `/workspace/main-${language}${toolchain.extension}`;
          await write(sandbox, file, sample.code);
          const expected = await plain(sandbox, toolchain, file, sample);
          const found = await primed(sandbox, toolchain, file, sample);
          expect({ ...found, stdout: scrub(found.stdout), stderr: scrub(found.stderr) }).to.deep.equal({
            ...expected, stdout: scrub(expected.stdout), stderr: scrub(expected.stderr),
          });
        });
      }
    }
  });
}
