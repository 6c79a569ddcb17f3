/** The machine as the tests use it: a configuration that names the test image, and eyes on what is left behind. */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const image = 'codebeaker-test';
const languages = ['python', 'javascript', 'typescript', 'go', 'csharp', 'ruby', 'shellscript'];

const folder = mkdtempSync(join(tmpdir(), 'codebeaker-test-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Environment of a daemon that uses the test image; its configuration is gone with this process. */
export function daemonEnvironment(config: object = {}): Record<string, string> {
  const path = join(folder, `${randomUUID()}.json`);
  writeFileSync(path, JSON.stringify({ stateDir: join(folder, 'state'), images: Object.fromEntries(languages.map((id) => [id, image])), pool: {}, ...config }));
  return { CODEBEAKER_CONFIG: path };
}

/** Ids of a daemon's containers, or of all daemons': the process id is a part of their label. */
export function containers(daemon?: number): string[] {
  const format = '{{.ID}} {{.Label "codebeaker.daemon"}}';
  const text = execFileSync('docker', ['ps', '-a', '--filter', 'label=codebeaker.daemon', '--format', format], { encoding: 'utf8' });
  return text.split('\n').filter((line) => line !== '' && (daemon === undefined || line.includes(`.${daemon}.`))).map((line) => line.split(' ')[0] as string);
}

/** Processes of this machine whose command line holds the text. */
export function processes(text: string): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return pid !== process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').includes(text);
    } catch {
      return false;
    }
  });
}

/** Folders that a daemon makes below the temporary folder. */
export function folders(daemon: number): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`codebeaker-${daemon}-`));
}

/** Control groups of a daemon, and of its sandboxes. */
export function controlGroups(daemon: number): string[] {
  const all = execFileSync('find', ['/sys/fs/cgroup', '-type', 'd', '-name', `codebeaker-${daemon}`], { encoding: 'utf8' });
  return all.split('\n').filter(Boolean);
}

/** Waits until `check` holds; fails with `what` when it does not within `ms`. */
export async function until(what: string, check: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Resident memory of a process in bytes. */
export function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}
