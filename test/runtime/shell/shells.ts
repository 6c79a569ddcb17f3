/** The POSIX shells of this machine: the held shell has to work in every one of them. */
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface LocalShell {
  readonly name: string;
  readonly file: string;
  /** Before the arguments of `sh`. */
  readonly args: readonly string[];
  readonly argv0: string;
  /** Whether `jobs` still knows a job that was waited for. Where not, an exit with 128 + n reads like death by n. */
  readonly tellsJobs: boolean;
}

const known: readonly LocalShell[] = [
  { name: '/bin/sh', file: '/bin/sh', args: [], argv0: 'sh', tellsJobs: !realpathSync('/bin/sh').endsWith('bash') },
  { name: 'busybox sh', file: onPath('busybox'), args: ['sh'], argv0: 'busybox', tellsJobs: true },
  { name: 'bash as sh', file: onPath('bash'), args: [], argv0: 'sh', tellsJobs: false },
];

/** /bin/sh first: it is on every machine that runs these tests. */
export const localShells = known.filter(({ file }) => file !== '');

function onPath(program: string): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path)) ?? '';
}
