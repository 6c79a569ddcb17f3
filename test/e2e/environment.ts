/** A configuration that uses the test image, and functions that find what daemons have left on the machine. */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { languageIds } from '../../server/src/protocol/index.ts';

export const image = 'codebeaker-test';

const folder = mkdtempSync(join(tmpdir(), 'codebeaker-test-'));
process.once('exit', () => removeWhenQuiet());

/** A daemon that an editor has started may still write its last records when the tests are over. */
function removeWhenQuiet(tries = 50): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (fault) {
    if (tries === 0 || (fault as { code?: string }).code !== 'ENOTEMPTY') throw fault;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    removeWhenQuiet(tries - 1);
  }
}

/** The environment of a daemon with this configuration, which uses the test image. Unless `config` has a pool, no sandbox is prepared in advance. */
export function daemonEnvironment(config: object = {}): Record<string, string> {
  const path = join(folder, `${randomUUID()}.json`);
  writeFileSync(path, JSON.stringify({ stateDir: join(folder, 'state'), images: Object.fromEntries(languageIds.map((id) => [id, image])), pool: {}, ...config }));
  return { CODEBEAKER_CONFIG: path };
}

/** The ids of a daemon's containers, or of the containers of all daemons. Their label contains the daemon's process id. */
export function containers(daemon?: number): string[] {
  const format = '{{.ID}} {{.Label "codebeaker.daemon"}}';
  const text = execFileSync('docker', ['ps', '-a', '--filter', 'label=codebeaker.daemon', '--format', format], { encoding: 'utf8' });
  return text.split('\n').filter((line) => line !== '' && (daemon === undefined || line.includes(`/codebeaker-${daemon}-`))).map((line) => line.split(' ')[0] as string);
}

/** The process ids of the processes of this machine whose command line contains the text. */
export function processes(text: string): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return pid !== process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').includes(text);
    } catch {
      return false;
    }
  });
}

/** The folders of all daemons that are in the temporary folder. */
const allFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('codebeaker-'));

/** The control groups of all daemons and of their sandboxes. */
function allControlGroups(): string[] {
  // A group can be removed while `find` goes through it: then `find` fails, and says what it has found all the same.
  const { stdout } = spawnSync('find', ['/sys/fs/cgroup', '-type', 'd', '-name', 'codebeaker-*'], { encoding: 'utf8' });
  return (stdout ?? '').split('\n').filter(Boolean);
}

/** What was there before the tests began. A daemon of the tests may get the process id of a daemon that has left it. */
const leftBefore = new Set([...allFolders(), ...allControlGroups()]);

const isOf = (daemon: number) => (path: string) => basename(path).startsWith(`codebeaker-${daemon}-`) && !leftBefore.has(path);

/** The names of the folders that a daemon of the tests has in the temporary folder. */
export const folders = (daemon: number): string[] => allFolders().filter(isOf(daemon));

/** The control groups of a daemon of the tests and of its sandboxes. */
export const controlGroups = (daemon: number): string[] => allControlGroups().filter(isOf(daemon));

/** The protocol promises that nothing is left of a daemon this long after its end. */
export const GONE_MS = 2_000;

/** Waits until `check` returns true. @throws an error that contains `what` after `ms` milliseconds */
export async function until(what: string, check: () => boolean | Promise<boolean>, ms = 30_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The resident memory of a process, in bytes. */
export function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}
