/** Where a part of CPython's suite is run: in a session of the daemon, or plainly, without the daemon. */
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { pathToFileURL } from 'node:url';
import { daemonEnvironment, image } from '../e2e/environment.ts';
import { RawClient } from '../e2e/raw-client.ts';

export type RuntimeId = 'docker' | 'native';

/** The way in which a session is told to run a program. */
export type Method = 'executeShell' | 'runCode';

export interface Place {
  /** Gives the arguments to the runner, and resolves with what it has printed. What does not end in time is killed. */
  run(args: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

/** Nobody: to whom no file belongs, and as whom the programs of a session run if its folder is root's. */
const NOBODY = 65_534;
const LIMIT_MS = 400_000;
const MAX_BYTES = 16 * 1024 * 1024;
/** Wide, so that what is compared is how a sandbox behaves and not how much it has. */
const limits = { memoryBytes: 3 * 1024 ** 3, cpus: 2, pids: 1024, diskBytes: 2 * 1024 ** 3 };
/** The same as in every session. */
const environment = { HOME: '/tmp', TMPDIR: '/tmp', PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };

const execute = promisify(execFile);

/** @param suite the folder that holds the package `test` and the runner; it is copied into the sandbox */
export async function sessionPlace(runtime: RuntimeId, method: Method, suite: string): Promise<Place> {
  const client = new RawClient({ env: daemonEnvironment({ maxLimits: limits }) });
  const uri = pathToFileURL(suite).href;
  await client.initialize({}, { workspaceFolders: [{ uri, name: 'suite' }] });
  const { sessionId } = await client.request('session/create', { language: 'python', runtime, limits, env: { LANG: 'C.UTF-8' }, workspace: { uri, access: 'copy' } });
  const common = { sessionId, timeoutMs: LIMIT_MS };
  return {
    run: async (args) => {
      const { stdout, truncated } = method === 'runCode'
        ? await client.request('command/runCode', { ...common, path: 'runner.py', args })
        : await client.request('command/executeShell', { ...common, command: ['/usr/bin/python3', 'runner.py', ...args] });
      if (truncated) throw new Error(`the output of ${args[0]} is not complete`);
      return stdout as string;
    },
    close: async () => void (await client.end()),
  };
}

/** A container of the same image as the same user, as `docker run --network none` makes it, but with IPv6, which sessions have. The folder is its own, and writable. */
export async function plainContainer(suite: string): Promise<Place> {
  const user = `${NOBODY}:${NOBODY}`;
  const variables = Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const network = ['--network', 'none', '--sysctl', 'net.ipv6.conf.all.disable_ipv6=0'];
  const { stdout } = await execute('docker', ['run', '--detach', '--init', '--rm', ...network, '--user', user, '--volume', `${suite}:/workspace`, ...variables, image, 'sleep', '7200']);
  const id = stdout.trim();
  return {
    run: (args) => output('docker', ['exec', id, 'timeout', String(LIMIT_MS / 1000), '/usr/bin/python3', 'runner.py', ...args]),
    close: async () => void (await execute('docker', ['rm', '--force', id])),
  };
}

/** Processes of this machine, of an ordinary user. The folder is theirs, and writable. */
export function plainProcess(suite: string): Place {
  const user = process.getuid?.() === 0 ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : [];
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return {
    run: (args) => output('env', ['-i', ...variables, ...user, 'timeout', String(LIMIT_MS / 1000), '/usr/bin/python3', 'runner.py', ...args], suite),
    close: () => Promise.resolve(),
  };
}

/** A program that fails has printed something all the same. */
function output(program: string, args: string[], cwd?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      if ((text += chunk).length > MAX_BYTES) child.kill('SIGKILL');
    });
    child.on('error', reject).on('close', () => resolve(text));
  });
}
