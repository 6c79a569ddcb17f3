/** A file that nobody else may be able to read. */
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPrivateFile } from '../../server/src/base/private-file.ts';

describe('a private file', () => {
  let folder = '';
  let file = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'codebeaker-test-'));
    file = join(folder, 'file');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const uid = process.getuid?.() ?? -1;
  const fault = (user = uid) => {
    try {
      return readPrivateFile(file, user, 10);
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      return code ?? message;
    }
  };

  it('is read whole, up to the length that is allowed', () => {
    writeFileSync(file, '0123456789', { mode: 0o600 });
    expect(readPrivateFile(file, uid, 10)).to.equal('0123456789');
    writeFileSync(file, '0123456789a');
    expect(fault()).to.equal('it is longer than 10 bytes');
  });

  it('is refused where others can read it, where it belongs to another user, and where it is no file', () => {
    expect(fault()).to.equal('ENOENT');
    writeFileSync(file, 'x', { mode: 0o600 });
    expect(fault(uid + 1)).to.equal('it belongs to another user');
    for (const mode of [0o640, 0o602]) {
      chmodSync(file, mode);
      expect(fault()).to.equal('others can read or change it: chmod 600');
      expect(fault(-1), 'a system without users').to.equal('x');
    }
    rmSync(file);
    mkdirSync(file);
    expect(fault()).to.equal('it is not a regular file');
    rmSync(file, { recursive: true });
    execFileSync('mkfifo', ['-m', '600', file]);
    expect(fault(), 'a pipe that nobody writes to').to.equal('it is not a regular file');
  });
});
