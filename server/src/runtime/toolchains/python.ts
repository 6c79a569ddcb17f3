/** How a Python file is run, so that its output comes by lines, and while it runs. */
import type { Toolchain } from '../toolchain.ts';
import lines from '../lines.py' with { type: 'text' };

/** Without buffering output would come while the program runs, but in the pieces in which print hands it over. */
export const pythonPhases = (python: string): Toolchain['phases'] => (file, args) => [{ name: 'run', command: [python, '-u', file, ...args], env: {} }];

/** `own`: the PYTHONPATH that programs have from the sandbox. Rejects where that is not known. */
export async function pythonPhasesIn(python: string, own: Promise<string | undefined>): Promise<Toolchain['phases']> {
  const plain = pythonPhases(python);
  const known = await own.then((path) => ({ path }), () => undefined);
  if (!known) return plain;
  const env: Record<string, string> = known.path === undefined ? {} : { PYTHONPATH: known.path };
  return (file, args, scratch) => {
    // Where a file has the name of that folder, Python keeps no compiled code: what it finds must not change while it waits.
    const files = { [`${scratch}/sitecustomize.py`]: lines, [`${scratch}/__pycache__`]: '' };
    return plain(file, args, scratch).map((phase) => ({ ...phase, env, before: { PYTHONPATH: scratch }, files }));
  };
}
