/** A disk of this machine that is full during an installation: real managers, with the cache on a small disk of its own. */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProtocolError } from '../../server/src/protocol/index.ts';
import { createNativeRuntime } from '../../server/src/runtime/kinds/native/native.ts';
import { need, type Probe } from '../require.ts';
import { bubblewrap, nativeSubject } from '../runtime/kinds/native/subject.ts';
import { npmRegistry } from './indexes/npm.ts';
import { pypi, sdist, wheel } from './indexes/pypi.ts';
import { RealPackages } from './real.ts';

const SIZE = 48 * 2 ** 20;

/** Writes more than there is room for. */
const large = `
import os
with open(os.environ['TMPDIR'].rsplit('/', 1)[0] + '/large', 'wb') as file:
    for _ in range(64): file.write(bytes(1 << 20))
`;

describe('packages on a disk that is full', () => {
  let folder: string;
  let packages: RealPackages | undefined;
  const mounted: Probe = () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'full-')));
    const { status, error, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'codebeaker-test', folder], { encoding: 'utf8' });
    if (status === 0) return undefined;
    rmSync(folder, { recursive: true });
    return `it can't be mounted: ${error?.message ?? stderr}`;
  };
  before(need('bubblewrap', bubblewrap));
  before(need('a small disk', mounted));
  before(async () => {
    // npm refuses what is packed too well.
    const text = randomBytes(512).toString('hex').repeat(4096);
    packages = await RealPackages.open(await nativeSubject(createNativeRuntime), new Map([
      ...pypi([wheel('small', '1.0'), sdist('large', '1.0', large)]),
      ...npmRegistry([{ name: 'big', version: '1.0.0', files: { 'index.js': 'module.exports = 1;\n', ...Object.fromEntries(Array.from({ length: 16 }, (_, number) => [`data${number}`, text])) } }, { name: 'little', version: '1.0.0' }], { tarballs: 'http://registry.example/' }),
    ]), { cache: folder });
  });
  after(async () => {
    await packages?.close().catch(() => undefined);
    spawnSync('umount', [folder]);
    rmSync(folder, { recursive: true });
  });

  const open = () => packages ?? expect.fail('nothing was opened');
  const faultOf = async (work: Promise<unknown>): Promise<ProtocolError> => {
    const fault: unknown = await work.then(() => new Error('it did not reject'), (reason: unknown) => reason);
    if (fault instanceof ProtocolError) return fault;
    throw fault;
  };
  const free = () => {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  };

  for (const [manager, language, more, less] of [['pip', 'python', 'large', { name: 'small', version: '1.0' }], ['npm', 'javascript', 'big', { name: 'little', version: '1.0.0' }]] as const) {
    it(`${manager}: the error says so, nothing is left, and the next try works`, async () => {
      const session = await open().session(language);
      const before = free();
      const fault = await faultOf(session.install({ packages: [more] }));
      expect(fault.kind, fault.message).to.equal('DiskFull');
      expect(fault.message).to.contain(`${manager} could not install the packages`).and.to.contain('codebeaker cache prune').and.not.to.contain(folder);
      expect(fault.data).to.deep.include({ manager }).and.to.have.property('output').that.is.a('string');
      expect(open().left()).to.deep.equal([]);
      expect(free()).to.equal(before);
      expect((await session.install({ packages: [less.name] })).installed).to.deep.equal([less]);
    });
  }

  it('the shelf: where there is no room at all, nothing of what was begun is left', async () => {
    const session = await open().session('python');
    const { shelf } = open().installer.options;
    const before = (await shelf.list()).length;
    const filler = join(folder, 'filler');
    expect(() => writeFileSync(filler, Buffer.alloc(SIZE))).to.throw('ENOSPC');
    const fault = await faultOf(session.install({ packages: ['small==1.0'] }));
    expect(fault.kind, fault.message).to.equal('DiskFull');
    expect(open().left()).to.deep.equal([]);
    expect(await shelf.list()).to.have.length(before);
    rmSync(filler);
    expect(await session.install({ packages: ['small==1.0'] })).to.deep.include({ cached: false });
  });
});
