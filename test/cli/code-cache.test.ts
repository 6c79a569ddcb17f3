/** Compiled code is cached where nobody else can write, and is used only if it is undamaged. */
import { expect } from 'chai';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readCode, writeCode } from '../../server/src/cli/code-cache.ts';

const DAY_MS = 24 * 3_600_000;
const code = Buffer.from('what V8 made');

describe('cached code', () => {
  const uid = process.getuid?.() ?? -1;
  let base: string;
  let path: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'codebeaker-code-'));
    path = join(base, 'cache/codebeaker/a.code');
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  const write = (now = Date.now()) => writeCode(path, code, { pid: 1, now });

  it('is read as it was written, and belongs to its user alone', () => {
    write();
    expect(readCode(path, uid)).to.deep.equal(code);
    expect([statSync(path).mode & 0o777, statSync(dirname(path)).mode & 0o777]).to.deep.equal([0o600, 0o700]);
    expect(readdirSync(dirname(path))).to.deep.equal(['a.code']);
  });

  it('is replaced', () => {
    write();
    writeCode(path, Buffer.from('other'), { pid: 1, now: Date.now() });
    expect(readCode(path, uid)?.toString()).to.equal('other');
  });

  const spoiled: Record<string, () => void> = {
    'does not exist': () => rmSync(path),
    'has a changed byte': () => {
      const bytes = readFileSync(path);
      bytes[3] = 0;
      writeFileSync(path, bytes);
    },
    'is cut off': () => truncateSync(path, code.length * 2 - 3),
    'has zeros in its second half': () => writeFileSync(path, Buffer.concat([code, Buffer.alloc(code.length)])),
    'can be read by others': () => chmodSync(path, 0o644),
    'is in a folder that others can write': () => chmodSync(dirname(path), 0o777),
    'is in a folder that a group can write': () => chmodSync(dirname(path), 0o770),
    'is a symbolic link': () => {
      renameSync(path, `${path}.real`);
      symlinkSync(`${path}.real`, path);
    },
    'is a folder': () => {
      rmSync(path);
      mkdirSync(path);
    },
  };
  for (const [what, spoil] of Object.entries(spoiled)) {
    it(`is not used if it ${what}`, () => {
      write();
      spoil();
      expect(readCode(path, uid)).to.equal(undefined);
    });
  }

  it('is used in a folder that others can read, as installers and scripts make them', () => {
    write();
    chmodSync(dirname(path), 0o755);
    expect(readCode(path, uid)).to.deep.equal(code);
  });

  it('is not used if it belongs to another user', () => {
    write();
    expect(readCode(path, uid + 1)).to.equal(undefined);
  });

  it('causes no error if it cannot be written', () => {
    writeFileSync(join(base, 'cache'), 'a file where the folder should be');
    write();
    expect(readCode(path, uid)).to.equal(undefined);
    expect(readdirSync(base)).to.deep.equal(['cache']);
  });

  it('causes no error, and no endless loop, where nothing can be made (H5)', () => {
    writeCode('/proc/nowhere/.cache/codebeaker/a.code', code, { pid: 1, now: Date.now() });
    expect(readCode('/proc/nowhere/.cache/codebeaker/a.code', uid)).to.equal(undefined);
  });

  it('is removed, if it is old, when newer code is written', () => {
    write();
    const [recent, old] = [join(dirname(path), 'recent.code'), join(dirname(path), 'old.code')];
    for (const [file, days] of [[recent, 29], [old, 31]] as const) {
      writeFileSync(file, '');
      const then = new Date(Date.now() - days * DAY_MS);
      utimesSync(file, then, then);
    }
    write();
    expect(readdirSync(dirname(path)).sort()).to.deep.equal(['a.code', 'recent.code']);
  });
});
