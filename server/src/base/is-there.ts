/** Whether something is there. */
import { stat } from 'node:fs/promises';

/** Whether there is anything at the path, behind links. What can't be looked at is not there. */
export function isThere(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}
