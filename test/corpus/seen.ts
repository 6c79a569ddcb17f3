/** What is seen of a run of a program, without what differs from one run to the next. */
import { isUtf8 } from 'node:buffer';

export interface Seen {
  readonly stdout: string;
  readonly stderr: string;
  /** Its exit code, or the name of the signal that ended it. */
  readonly end: string;
}

/** Host folders that stand for those of a sandbox. */
export type Roots = readonly (readonly [host: string, inside: string])[];

/** Ids of processes, addresses in memory, the number of a program, and the names of our temporary files. */
const varying: readonly (readonly [RegExp, string])[] = [
  [/\/workspace\/p\d+/g, '/workspace/p'],
  [/main-[0-9a-f]{8}\b/g, 'main'],
  [/\/tmp\/\.codebeaker-[0-9a-f]{8}/g, '/tmp/OURS'],
  [/\(node:\d+\)|\bpid[ =]\d+/g, '#'],
  [/0x[0-9a-f]+/g, '0x#'],
  // Deno clears the line of its terminal as often as it likes.
  [/\x1b\[0G\x1b\[2K\x1b\[J/g, ''],
];

export function seen(stdout: Buffer, stderr: Buffer, end: string, roots: Roots = []): Seen {
  return { stdout: scrub(textOf(stdout), roots), stderr: scrub(textOf(stderr), roots), end };
}

function scrub(text: string, roots: Roots): string {
  const inside = roots.reduce((all, [host, name]) => all.replaceAll(host, name), text);
  return varying.reduce((all, [pattern, name]) => all.replaceAll(pattern, name), inside);
}

const textOf = (bytes: Buffer): string => (isUtf8(bytes) ? bytes.toString() : bytes.toString('latin1'));
