/** Which files go into the sandbox with a file that is run (L1). */
import { expect } from 'chai';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fitting, type FolderRequest, gather } from '../../server/src/cli/folder.ts';
import { temporaryFolder } from '../policy/folder.ts';

describe('the folder of a file', () => {
  const base = temporaryFolder();
  const put = (...paths: string[]) => {
    for (const path of paths) {
      mkdirSync(dirname(join(base(), path)), { recursive: true });
      writeFileSync(join(base(), path), path);
    }
  };
  const files = async (request: Partial<FolderRequest> = {}) => {
    const all = { folder: join(base(), 'p'), except: 'main.py', without: [], with: [], env: {}, home: '/nowhere', signal: new AbortController().signal, ...request };
    return (await gather(all)).files.map(({ path }) => path);
  };

  it('goes along, the nearest files first, without the file itself', async () => {
    put('p/main.py', 'p/sub/deep/c.txt', 'p/helper.py', 'p/sub/b.txt', 'p/.env');
    expect(await files()).to.deep.equal(['.env', 'helper.py', 'sub/b.txt', 'sub/deep/c.txt']);
  });

  it('is left without the files of secrets, unless they are named', async () => {
    put('p/main.py', 'p/token.txt', 'p/sub/token.txt');
    const without = [join(base(), 'p/token.txt'), join(base(), 'elsewhere.txt')];
    expect(await files({ without })).to.deep.equal(['sub/token.txt']);
    expect(await files({ without, with: [join(base(), 'p/token.txt')] })).to.deep.equal(['token.txt', 'sub/token.txt']);
  });

  it('is left without what git ignores and what people do not write', async () => {
    put('p/main.py', 'p/a.log', 'p/a.txt', 'p/.git/config', 'p/node_modules/x/index.js', 'p/out/b.txt', 'p/sub/c.log', 'p/sub/own.tmp', 'p/__pycache__/x.pyc', 'p/venv/y');
    writeFileSync(join(base(), 'p/.gitignore'), '*.log\nout/\n');
    writeFileSync(join(base(), 'p/sub/.gitignore'), '*.tmp\n!c.log\n');
    expect(await files()).to.deep.equal(['.gitignore', 'a.txt', 'sub/.gitignore', 'sub/c.log']);
  });

  it('says what was left because git ignores it', async () => {
    put('p/main.py', 'p/data/b.txt', 'p/data/c.txt', 'p/.env', 'p/keep.txt', 'p/node_modules/x/index.js');
    writeFileSync(join(base(), 'p/.gitignore'), 'data/\n.env\nnode_modules\n');
    const { ignored } = await gather({ folder: join(base(), 'p'), except: 'main.py', without: [], with: [], env: {}, home: '/nowhere', signal: new AbortController().signal });
    expect(ignored).to.deep.equal(['.env', 'data']);
  });

  it('follows the rules of its repository too', async () => {
    put('.git/HEAD', 'p/main.py', 'p/a.log', 'p/gen/x', 'p/gen2/x');
    writeFileSync(join(base(), '.gitignore'), '*.log\n/p/gen/\n');
    expect(await files()).to.deep.equal(['gen2/x']);
  });

  it('has what is named, although it is ignored', async () => {
    put('p/main.py', 'p/out/b.txt', 'p/out/c.txt', 'p/node_modules/x/index.js', 'p/node_modules/y/index.js');
    writeFileSync(join(base(), 'p/.gitignore'), 'out/\nnode_modules\n');
    const named = [join(base(), 'p/out/b.txt'), join(base(), 'p/node_modules/x')];
    expect(await files({ with: named })).to.deep.equal(['.gitignore', 'out/b.txt', 'node_modules/x/index.js']);
  });

  it('has everything, if it is named itself', async () => {
    put('p/main.py', 'p/out/b.txt', 'p/node_modules/x.js');
    writeFileSync(join(base(), 'p/.gitignore'), 'out/\n');
    expect(await files({ with: [join(base(), 'p')] })).to.deep.equal(['.gitignore', 'node_modules/x.js', 'out/b.txt']);
  });

  it('has the files to which links lead inside it, and no others', async () => {
    put('p/main.py', 'p/a.txt', 'outside.txt', 'q/r.txt');
    symlinkSync('a.txt', join(base(), 'p/inside'));
    symlinkSync('../outside.txt', join(base(), 'p/out'));
    symlinkSync('../q', join(base(), 'p/folder'));
    symlinkSync('nothing', join(base(), 'p/nowhere'));
    expect(await files()).to.deep.equal(['a.txt', 'inside']);
  });

  it('is only the files directly in it, if it is the home folder or one that everybody shares', async () => {
    put('p/main.py', 'p/a.txt', 'p/sub/b.txt', 'p/with/c.txt');
    expect(await files({ home: join(base(), 'p') })).to.deep.equal(['a.txt']);
    expect(await files({ home: join(base(), 'p'), with: [join(base(), 'p/with')] })).to.deep.equal(['a.txt', 'with/c.txt']);
    chmodSync(join(base(), 'p'), 0o1777);
    expect(await files()).to.deep.equal(['a.txt']);
  });

  it('does not go along, if it holds keys or belongs to the system', async () => {
    put('home/.ssh/main.py', 'home/.ssh/id_rsa');
    expect(await files({ folder: join(base(), 'home/.ssh'), home: join(base(), 'home') })).to.deep.equal([]);
    expect(await files({ folder: '/etc' })).to.deep.equal([]);
  });

  it('goes along in part, if it is large', async () => {
    put('p/main.py', ...Array.from({ length: 2_100 }, (_, at) => `p/f${at}`));
    const found = await gather({ folder: join(base(), 'p'), except: 'main.py', without: [], with: [], env: {}, home: '/nowhere', signal: new AbortController().signal });
    expect([found.files.length, found.incomplete]).to.deep.equal([2_000, true]);
    const fit = fitting({ files: found.files, ignored: ['x'], incomplete: false }, 4 * 12);
    expect([fit.files.map(({ path }) => path), fit.incomplete, fit.ignored]).to.deep.equal([['f0', 'f1', 'f2'], true, ['x']]);
  });

  it('is no longer looked at when the run is interrupted', async () => {
    put('p/main.py', 'p/a.txt');
    const fault = await files({ signal: AbortSignal.abort(new Error('enough')) }).catch((reason: unknown) => reason);
    expect(fault).to.have.property('message', 'enough');
  });
});
