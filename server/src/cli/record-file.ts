/** The file of `--record`: the messages of one conversation, which nobody but the user can read. */
import { fchmodSync, openSync, writeSync } from 'node:fs';
import { UsageError } from './quantities.ts';

/** What it returns never throws. The file is written anew. @throws UsageError if it cannot be written from the beginning */
export function recordFile(file: string, tell: (line: string) => void): (line: string) => void {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'w', 0o600);
    fchmodSync(descriptor, 0o600);
  } catch (fault) {
    throw new UsageError(`--record ${file}: it cannot be written (${(fault as { code?: string }).code})`);
  }
  return (line) => {
    if (descriptor === undefined) return;
    try {
      writeSync(descriptor, `${line}\n`);
    } catch (fault) {
      tell(`codebeaker: ${file} cannot be written any more (${(fault as { code?: string }).code}), so the record ends here`);
      descriptor = undefined;
    }
  };
}
