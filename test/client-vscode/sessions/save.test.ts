/** (V9) Files of a sandbox are saved to a real folder, with a fake daemon. */
import { expect } from 'chai';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { saveFiles, type SaveFile } from '../../../client-vscode/src/sessions/save.ts';
import { casesOf } from '../../client-cases/cases.ts';
import { FakeCode } from '../../fakes/code.ts';
import { FakeConnection } from '../../fakes/connection.ts';

describe('files of a sandbox that are saved to a folder (V9)', () => {
  let place: string;
  let folder: string;
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'codebeaker-test-save-'));
    folder = join(place, 'mine');
    mkdirSync(folder);
  });
  afterEach(() => rmSync(place, { recursive: true, force: true }));

  const editor = new FakeCode();
  const connection = new FakeConnection();
  connection.answer('command/readFile', ({ path, offset }) => {
    const content = Buffer.from(`from ${path}`);
    const piece = content.subarray(offset, offset + 5);
    return { path, content: piece.toString('base64'), encoding: 'base64', size: content.length, eof: offset + 5 >= content.length };
  });
  let diskBytes: number;
  beforeEach(() => void (diskBytes = 1000));
  connection.answer('session/list', () => ({ sessions: [{ sessionId: 's1', limits: { diskBytes } }] }));
  const save = (below: string, more: Partial<SaveFile> = {}) => {
    editor.messages.splice(0);
    return saveFiles({ code: editor.code, connection, sessionId: 's1' }, [{ path: `/workspace/${below}`, below, mtimeMs: 10_000, isChangedCopy: false, ...more }], folder);
  };
  const text = (name: string) => readFileSync(join(folder, name), 'utf8');
  const own = (name: string, mtimeMs: number) => {
    writeFileSync(join(folder, name), 'mine');
    utimesSync(join(folder, name), mtimeMs / 1000, mtimeMs / 1000);
  };

  it('are written whole, with the folders above them', async () => {
    expect(await save('out/deep/counts.csv')).to.equal(1);
    expect(text('out/deep/counts.csv')).to.equal('from /workspace/out/deep/counts.csv');
    expect(readdirSync(join(folder, 'out/deep'))).to.deep.equal(['counts.csv']);
  });

  it('replace what the program began with, and keep its permissions', async () => {
    own('a.csv', 5_000);
    chmodSync(join(folder, 'a.csv'), 0o666);
    expect(await save('a.csv', { isChangedCopy: true })).to.equal(1);
    expect(editor.messages).to.deep.equal([]);
    expect(text('a.csv')).to.equal('from /workspace/a.csv');
    expect(statSync(join(folder, 'a.csv')).mode & 0o777).to.equal(0o666);
  });

  it('are written where their names begin with two dots', async () => {
    expect(await save('..data')).to.equal(1);
    expect(text('..data')).to.equal('from /workspace/..data');
  });

  it('are not larger than the sandbox may be, as files with holes can be', async () => {
    diskBytes = 10;
    expect(await save('a.csv')).to.equal(0);
    expect(editor.messages[0]?.message).to.include('because they have holes');
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  for (const [title, mtimeMs, isChangedCopy] of [['is newer', 20_000, true], ['is no copy of theirs', 5_000, false]] as const) {
    it(`replace a file that ${title} only if the person says so`, async () => {
      own('a.csv', mtimeMs);
      for (const press of [undefined, 'Keep Mine']) {
        editor.press = press;
        expect(await save('a.csv', { isChangedCopy })).to.equal(0);
        expect(editor.messages[0]?.message).to.match(/already files of these names.*a\.csv/);
        expect(text('a.csv')).to.equal('mine');
      }
      editor.press = 'Replace';
      expect(await save('a.csv', { isChangedCopy })).to.equal(1);
      expect(text('a.csv')).to.equal('from /workspace/a.csv');
      editor.press = undefined;
    });
  }

  for (const below of casesOf('home').refused) {
    it(`are not written at ${JSON.stringify(below)}`, async () => {
      expect(await save(below)).to.equal(0);
      expect(editor.messages[0]?.message).to.match(/^Not everything was saved/);
      expect(readdirSync(place)).to.deep.equal(['mine']);
      expect(readdirSync(folder)).to.deep.equal([]);
    });
  }

  it('are not written through links, or over links, folders and files that are in the way', async () => {
    mkdirSync(join(place, 'elsewhere'));
    writeFileSync(join(place, 'target'), 'other');
    symlinkSync(join(place, 'elsewhere'), join(folder, 'linked'));
    symlinkSync(join(place, 'target'), join(folder, 'link'));
    mkdirSync(join(folder, 'folder'));
    own('file', 5_000);
    for (const below of ['linked/a.txt', 'link', 'folder', 'file/a.txt']) {
      expect(await save(below), below).to.equal(0);
      expect(editor.messages[0]?.message).to.match(/^Not everything was saved/);
    }
    expect(existsSync(join(place, 'elsewhere/a.txt'))).to.equal(false);
    expect(readFileSync(join(place, 'target'), 'utf8')).to.equal('other');
  });

  it('leave nothing behind if they cannot be read', async () => {
    expect(await saveFiles({ code: editor.code, connection: new FakeConnection(), sessionId: 's1' }, [{ path: '/workspace/a', below: 'a', mtimeMs: 1, isChangedCopy: false }], folder)).to.equal(0);
    expect(readdirSync(folder)).to.deep.equal([]);
  });
});
