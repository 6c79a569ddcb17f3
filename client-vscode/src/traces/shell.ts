/**
 * Reads the errors of shells.
 *
 *     a.sh: 3: foo: not found                     (dash)
 *     a.sh: line 3: foo: command not found        (bash)
 */
import { frameOf, type Trace } from './frame.ts';

const error = /^(?<path>\S+?\.sh): (?:line )?(?<line>\d+): (?<text>.+)$/;

export function shellTraces(lines: readonly string[]): readonly Trace[] {
  return lines.flatMap((line) => {
    const found = error.exec(line);
    return found ? [{ message: found.groups?.text ?? '', frames: [frameOf(found)] }] : [];
  });
}
