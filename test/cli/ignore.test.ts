/** What .gitignore files leave out (L1). The expected results are those of git. */
import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { IgnoreRules } from '../../server/src/cli/ignore.ts';
import { temporaryFolder } from '../policy/folder.ts';
import { need, program } from '../require.ts';

/** The text of .gitignore, and paths; those of folders end with a slash. */
const cases: Record<string, [text: string, paths: string[]]> = {
  'a name': ['secret', ['secret', 'a/secret', 'secret/', 'secrets', 'a/b/secret/']],
  'a star': ['*.log\n', ['a.log', 'b/c.log', 'log', '.log', 'a.logs']],
  'a folder': ['build/\n', ['build/', 'a/build/', 'c/build', 'building/']],
  'a place': ['/out\na/b\n', ['out', 'x/out', 'a/b', 'x/a/b']],
  'two stars': ['**/x\na/**/z\nq/**\n', ['x', 'a/x', 'a/z', 'a/b/c/z', 'z', 'q/r']],
  'an exception': ['*.txt\n!keep.txt\n', ['a.txt', 'keep.txt', 'b/keep.txt']],
  'comments, empty lines and blanks': ['# a\n\nb  \n\\#c\n', ['a', 'b', '# a', '#c']],
  'classes and single characters': ['[ab].x\n?.y\n', ['a.x', 'c.x', 'a.y', 'aa.y']],
  'braces, which mean themselves': ['{a,b}\n', ['a', 'b', '{a,b}']],
  'the ends of lines of Windows': ['x\r\ny\r\n', ['x', 'y', 'z']],
};

describe('the rules of .gitignore', () => {
  const folder = temporaryFolder();
  before(need('git', program('git')));

  for (const [name, [text, paths]] of Object.entries(cases)) {
    it(`with ${name}`, () => {
      execFileSync('git', ['init', '-q', folder()]);
      writeFileSync(join(folder(), '.gitignore'), text);
      const rules = IgnoreRules.none.below('', text);
      for (const path of paths) {
        const isFolder = path.endsWith('/');
        const bare = path.replace(/\/$/, '');
        mkdirSync(join(folder(), isFolder ? bare : dirname(bare)), { recursive: true });
        const { status } = spawnSync('git', ['check-ignore', '-q', '--no-index', path], { cwd: folder() });
        expect(rules.ignores(bare, isFolder), path).to.equal(status === 0);
      }
    });
  }

  it('further below count more, and know their place', () => {
    const rules = IgnoreRules.none.above('in/it', '/in/it/no\n*.a\n').below('', '!x.a\n').below('sub', '/only\nx.a\n');
    const ignored = ['no', 'sub/no', 'y.a', 'x.a', 'sub/x.a', 'sub/only', 'sub/sub/only', 'only'].filter((path) => rules.ignores(path, false));
    expect(ignored).to.deep.equal(['no', 'y.a', 'sub/x.a', 'sub/only']);
  });
});
