/** Has a terminal show what is written to it as it is. The raw mode of Node leaves one thing on: that a line feed also returns to the first column. */
import { spawn } from 'node:child_process';
import type { Terminal } from './streams.ts';

/** Lasts until the raw mode ends, which restores everything. Where there is no `stty`, nothing changes. */
export function showUnchanged(stdin: Terminal['stdin'] & { readonly fd?: number }): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn('stty', ['-opost'], { stdio: [stdin.fd ?? 'ignore', 'ignore', 'ignore'] });
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
}
