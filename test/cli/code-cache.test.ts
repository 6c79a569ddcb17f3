/** Compiled code is kept where nobody else can write, and is whole or as good as none. */
import { expect } from 'chai';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readCode, writeCode } from '../../server/src/cli/code-cache.ts';

const DAY_MS = 24 * 3_600_000;
const code = Buffer.from('what V8 made');

describe('compiled code', () => {
  const uid = process.getuid?.() ?? -1;
  let base: string;
  let path: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'codebeaker-code-'));
    path = join(base, 'cache/codebeaker/a.code');
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  const write = (now = Date.now()) => writeCode(path, code, { pid: 1, now });

  it('is read as it was written, and is nobody else\'s', () => {
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
    'is not there': () => rmSync(path),
    'has another byte': () => {
      const bytes = readFileSync(path);
      bytes[3] = 0;
      writeFileSync(path, bytes);
    },
    'is cut off': () => truncateSync(path, code.length * 2 - 3),
    'has an end that never came': () => writeFileSync(path, Buffer.concat([code, Buffer.alloc(code.length)])),
    'may be read by others': () => chmodSync(path, 0o644),
    'lies where others may write': () => chmodSync(dirname(path), 0o777),
    'is a link': () => {
      renameSync(path, `${path}.real`);
      symlinkSync(`${path}.real`, path);
    },
    'is a folder': () => {
      rmSync(path);
      mkdirSync(path);
    },
  };
  for (const [what, spoil] of Object.entries(spoiled)) {
    it(`that ${what} is none`, () => {
      write();
      spoil();
      expect(readCode(path, uid)).to.equal(undefined);
    });
  }

  it('of another user is none', () => {
    write();
    expect(readCode(path, uid + 1)).to.equal(undefined);
  });

  it('that can not be written is no fault', () => {
    writeFileSync(join(base, 'cache'), 'a file where the folder should be');
    write();
    expect(readCode(path, uid)).to.equal(undefined);
    expect(readdirSync(base)).to.deep.equal(['cache']);
  });

  it('that nobody has written for long goes when there is newer', () => {
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
