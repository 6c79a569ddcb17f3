/** A folder that is gone after each test of the suite. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** To be called in `describe`; what it returns is called in a test. */
export function temporaryFolder(): () => string {
  let path = '';
  beforeEach(() => {
    path = mkdtempSync(join(realpathSync(tmpdir()), 'codebeaker-policy-'));
  });
  afterEach(() => rmSync(path, { recursive: true, force: true }));
  return () => path;
}
