/** A temporary folder for each test, which is removed after the test. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** To be called in `describe`. In a test, the returned function gives the path of the folder. */
export function temporaryFolder(): () => string {
  let path = '';
  beforeEach(() => {
    path = mkdtempSync(join(realpathSync(tmpdir()), 'codebeaker-policy-'));
  });
  afterEach(() => rmSync(path, { recursive: true, force: true }));
  return () => path;
}
