/** The file of `--record`: the messages of conversations, which nobody but the user can read. */
import { fchmodSync, openSync, writeSync } from 'node:fs';
import { Recorder } from '../wire/record.ts';
import { UsageError } from './quantities.ts';
import type { Surroundings } from './surroundings.ts';

/** Records into a file. @throws UsageError as `recordFile` */
export function recorder(file: string, { clock, version, writeLog }: Surroundings): Recorder {
  return new Recorder({ version, clock, write: recordFile(file, writeLog) });
}

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
