/** Runs programs without a session: with the interpreters of an image in a plain container, or with those of this machine. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Environment, LanguageId } from '../../server/src/protocol/index.ts';
import { plainCommand } from './plain-commands.ts';
import { entryOf, filesOf, isInteractive, type Sample } from './sample.ts';
import { seen, type Seen } from './seen.ts';

export interface Plain {
  run(language: LanguageId, sample: Sample, extension: string, number: number): Promise<Seen>;
  close(): void;
}

/** Nobody, as whom the programs of a session run if the daemon is root's. */
const NOBODY = 65_534;
const runner = fileURLToPath(new URL('plain.py', import.meta.url));

/** A container of the same image as the same user, as `docker run --network none` makes it. It ends with this process, however that ends. `runtime`: the OCI runtime, if it is not the engine's own. */
export function plainContainer(image: string, env: Environment, runtime?: string): Plain {
  const user = `${NOBODY}:${NOBODY}`;
  const folders = ['/workspace', '/tmp'].flatMap((path) => ['--tmpfs', `${path}:exec,mode=1777`]);
  const options = ['--network', 'none', '--init', '--rm', '--user', user, '--ulimit', 'core=0', '--ulimit', 'nofile=4096:4096', ...folders, ...(runtime === undefined ? [] : ['--runtime', runtime])];
  const variables = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const talk = conversation(['docker', 'run', '--interactive', ...options, ...variables, '--volume', `${runner}:/plain.py:ro`, image, '/usr/bin/python3', '-I', '/plain.py']);
  return { run: (language, sample, extension, number) => talk.ask(language, sample, extension, number, undefined), close: talk.end };
}

/**
 * An ordinary user of this machine, whose own folders are at /workspace and /tmp, where sessions have theirs: bubblewrap
 * gives them these names, and does nothing else. `limits`: options of prlimit. `binary`: a program that is not on everybody's PATH, and its name inside.
 */
export function plainMachine(env: Environment, limits: readonly string[], binary?: readonly [host: string, inside: string]): Plain {
  const folder = mkdtempSync(join(tmpdir(), 'corpus-'));
  for (const name of ['workspace', 'tmp']) {
    mkdirSync(join(folder, name));
    chmodSync(join(folder, name), 0o1777);
  }
  const own = ['tmp', 'workspace', 'proc', 'dev', 'opt'];
  const seenAsIs = readdirSync('/', { withFileTypes: true }).filter(({ name }) => !own.includes(name))
    .flatMap((entry) => entry.isSymbolicLink() ? ['--symlink', readlinkSync(`/${entry.name}`), `/${entry.name}`] : ['--bind', `/${entry.name}`, `/${entry.name}`]);
  const isRoot = process.getuid?.() === 0;
  const names = [
    'bwrap', ...(isRoot ? ['--cap-add', 'ALL'] : []), ...seenAsIs, '--dev-bind', '/dev', '/dev', '--bind', '/proc', '/proc', '--dir', '/opt',
    '--bind', join(folder, 'workspace'), '/workspace', '--bind', join(folder, 'tmp'), '/tmp', '--ro-bind', runner, '/opt/plain.py',
    ...(binary ? ['--dir', dirname(binary[1]), '--ro-bind', ...binary] : []),
  ];
  const user = isRoot ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : [];
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const talk = conversation(['prlimit', '--core=0', '--nofile=4096:4096', ...limits, ...names, ...user, 'env', '-i', ...variables, '/usr/bin/python3', '-I', '/opt/plain.py']);
  return {
    run: (language, sample, extension, number) => talk.ask(language, sample, extension, number, binary?.[1]),
    close: () => {
      talk.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Answer {
  readonly fault?: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: string | null;
}

/** Starts the runner, and asks it one thing after the other. */
function conversation(command: readonly string[]) {
  const child = spawn(command[0] as string, command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.(line));
  child.on('close', () => waiting.splice(0).forEach((answer) => answer('{"fault":"the runner has ended"}')));

  const ask = async (language: LanguageId, sample: Sample, extension: string, number: number, binary: string | undefined): Promise<Seen> => {
    const folder = `/workspace/p${number}`;
    const entry = entryOf(sample, extension);
    const files = filesOf(sample, extension);
    const path = `${folder}/${entry}`;
    const cwd = sample.cwd?.startsWith('/') ? sample.cwd : join(folder, sample.cwd ?? '.');
    const { before, command: run } = plainCommand(language, { path, folder: dirname(path), files, scratch: `/tmp/scratch-${number}`, binary });
    const request = {
      folder, cwd, before, command: [...run, ...(sample.args ?? [])], env: sample.env ?? {},
      files: Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text).toString('base64')])),
      stdin: sample.stdin === undefined ? null : Buffer.from(sample.stdin).toString('base64'),
      terminal: sample.terminal ?? null, steps: sample.steps ?? [], interactive: isInteractive(sample),
    };
    const answered = new Promise<string>((resolve) => waiting.push(resolve));
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const answer = JSON.parse(await answered) as Answer;
    if (answer.fault !== undefined) throw new Error(`plainly: ${answer.fault}`);
    return seen(Buffer.from(answer.stdout, 'base64'), Buffer.from(answer.stderr, 'base64'), String(answer.signal ?? answer.code));
  };
  return { ask, end: () => child.stdin.end() };
}
