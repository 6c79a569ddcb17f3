import { expect } from 'chai';
import { profileFor } from '../../../../client-vscode/src/run/source/profile.ts';
import { sourceOf } from '../../../../client-vscode/src/run/source/source.ts';
import type { Settings } from '../../../../client-vscode/src/base/settings.ts';
import { casesOf } from '../../../client-cases/cases.ts';
import { Uri } from '../../../fakes/code.ts';

const source = (path: string, more: object = {}) =>
  sourceOf({ uri: Uri.file(path) as never, language: 'python', text: 'text', selection: undefined, root: Uri.file('/w') as never, trusted: true, share: 'folder', workingDirectory: 'copiedFolder', ...more });

describe('a source', () => {
  it('is in its own folder', () => {
    const { path, folder, name } = source('/w/lib/a.py');
    expect([path, folder?.path, name]).to.deep.equal(['a.py', '/w/lib', 'a.py']);
  });

  it('is in the workspace folder if that is shared', () => {
    const { path, folder } = source('/w/lib/a.py', { share: 'workspaceFolder' });
    expect([path, folder?.path]).to.deep.equal(['lib/a.py', '/w']);
  });

  describe('starts (V6)', () => {
    const cases: [string, object, string, string | undefined, string][] = [
      ['in the folder of the file, which is copied', {}, 'a.py', '/w/lib', '.'],
      ['in the workspace folder, if that is copied', { share: 'workspaceFolder' }, 'lib/a.py', '/w', '.'],
      ['in the folder of the file, if the setting says so', { share: 'workspaceFolder', workingDirectory: 'fileFolder' }, 'lib/a.py', '/w', 'lib'],
      ['in the workspace folder, if the setting says so', { workingDirectory: 'workspaceFolder' }, 'lib/a.py', '/w', '.'],
      ['in its empty sandbox, if nothing is copied', { share: 'nothing', workingDirectory: 'workspaceFolder' }, 'a.py', undefined, '.'],
    ];
    for (const [title, settings, path, folder, cwd] of cases) {
      it(title, () => {
        const made = source('/w/lib/a.py', settings);
        expect([made.path, made.folder?.path, made.cwd]).to.deep.equal([path, folder, cwd]);
      });
    }
  });

  it('has no folder if nothing is shared', () => {
    expect(source('/w/lib/a.py', { share: 'nothing' }).folder).to.equal(undefined);
    expect(source('/w/lib/a.py', { root: undefined }).folder).to.equal(undefined);
  });

  it('knows why it lacks its folder, if nobody said that it should (V4)', () => {
    const root = undefined;
    expect(source('/w/a.py').withheld).to.equal(undefined);
    expect(source('', { uri: Uri.from({ scheme: 'untitled', path: 'Untitled-1' }), root }).withheld).to.equal(undefined);
    expect(source('', { uri: Uri.from({ scheme: 'vscode-vfs', path: '/repository/a.py' }), root }).withheld).to.equal('virtual');
    expect(source('/w/a.py', { root, trusted: false }).withheld).to.equal('untrusted');
    expect(source('/w/a.py', { root, trusted: false, share: 'nothing' }).withheld).to.equal(undefined);
    expect(source('/elsewhere/a.py', { root }).withheld).to.equal('outside');
  });

  it('gets a file name with the extension of its language', () => {
    expect(source('Untitled-1', { root: undefined }).path).to.equal('Untitled-1.py');
    expect(source('Untitled-1', { root: undefined, language: 'go' }).path).to.equal('Untitled-1.go');
  });

  for (const { name, lines, startLine, text, columnOffset } of casesOf('selections')) {
    it(`of a selection: ${name}`, () => {
      for (const end of ['\n', '\r\n']) {
        expect(source('/w/a.py', { selection: { startLine, text: lines.join(end) } })).to.deep.include({ text, columnOffset });
      }
    });
  }
});

describe('a profile', () => {
  const settings = {
    limits: { memoryBytes: 1, timeoutMs: 1 },
    languages: { python: { runtime: 'docker', image: 'python:3', limits: { timeoutMs: 2 } } },
    files: { 'a.py': { image: 'mine', network: { mode: 'none' } }, 'b.py': { runtime: 'other' }, 'a.*': { limits: { pids: 3 } } },
  } as unknown as Settings;

  it('combines the settings for all files, the language and the globs, of which the last wins', () => {
    expect(profileFor(settings, 'python', (glob) => glob.startsWith('a'))).to.deep.equal({
      runtime: 'docker', image: 'mine', limits: { memoryBytes: 1, timeoutMs: 2, pids: 3 }, network: { mode: 'none' },
    });
    expect(profileFor(settings, 'ruby', () => false)).to.deep.equal({
      runtime: undefined, image: undefined, limits: { memoryBytes: 1, timeoutMs: 1 }, network: undefined,
    });
  });
});
