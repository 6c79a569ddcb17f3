/** (V9) The commands that bring files of a sandbox to this machine, with a real folder and a fake daemon. */
import { expect } from 'chai';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Source } from '../../../client-vscode/src/run/source/source.ts';
import { Made } from '../../../client-vscode/src/sessions/made.ts';
import { fileCommands } from '../../../client-vscode/src/view/file-commands.ts';
import { FakeCode, Uri } from '../../fakes/code.ts';
import { FakeConnection } from '../../fakes/connection.ts';
import { FakeDisk } from '../../fakes/disk.ts';

const log = { info() {}, warn() {}, error() {}, trace() {} };

describe('the commands for what a program made (V9)', () => {
  let place: string;
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'codebeaker-test-home-'));
    mkdirSync(join(place, 'mine'));
    mkdirSync(join(place, 'other'));
  });
  afterEach(() => rmSync(place, { recursive: true, force: true }));

  /** A sandbox in which the program made `.hidden` and `out/a.csv`, and changed `data.txt`. */
  async function bench() {
    const editor = new FakeCode();
    const connection = new FakeConnection();
    const disk = new FakeDisk();
    disk.files.set('data.txt', 'old').set('a.py', 'code');
    const entries = [['a.py', 1_000], ['.hidden', 1_001], ['data.txt', 1_001], ['out/a.csv', 1_001]] as const;
    connection.answer('command/listDirectory', ({ path }) => ({
      path, truncated: false,
      entries: entries.map(([name, mtimeMs]) => ({ name: name.split('/').at(-1), path: `/workspace/${name}`, type: 'file', size: 4, mtimeMs, mode: 0 }))
        .filter((entry) => entry.path.startsWith(`${path}/`)),
    }));
    connection.answer('command/readFile', ({ path }) => ({ path, content: Buffer.from(`from ${path}`).toString('base64'), encoding: 'base64', size: 1, eof: true }));
    const made = new Made({ code: editor.code, disk, log, connection: () => connection });
    const source = { name: 'a.py', path: 'a.py', uri: Uri.file(join(place, 'mine/a.py')), folder: Uri.file(join(place, 'mine')) } as unknown as Source;
    const ended = { sessionId: 's1', source, folderRefused: false };
    await made.look(ended);
    const commands = fileCommands({ code: editor.code, made, connection: () => connection, lastEnded: () => ended });
    const node = (path: string, type = 'file') => ({ kind: 'file', sessionId: 's1', file: { name: '', path: `/workspace/${path}`, type, size: 4, mtimeMs: 1_001, mode: 0 } });
    return { editor, connection, made, ended, commands, node };
  }
  const text = (path: string) => readFileSync(join(place, path), 'utf8');

  it('offer what is new or changed, without hidden files, and save what is picked', async () => {
    const { editor, commands } = await bench();
    editor.picked = (items) => items.filter(({ picked }) => picked);
    await commands['codebeaker.files.saveMade']?.(undefined);
    expect(readdirSync(join(place, 'mine')).sort()).to.deep.equal(['data.txt', 'out']);
    expect(text('mine/out/a.csv')).to.equal('from /workspace/out/a.csv');
  });

  it('find what is new or changed also while somebody else looks', async () => {
    const { made, ended } = await bench();
    const [first, second] = await Promise.all([made.look(ended), made.look(ended)]);
    expect(first?.length).to.equal(3);
    expect(second).to.deep.equal(first);
  });

  it('save one file, and of a folder only what is new or changed', async () => {
    const { editor, commands, node } = await bench();
    await commands['codebeaker.files.save']?.(node('data.txt'));
    await commands['codebeaker.files.save']?.(node('out', 'directory'));
    expect(readdirSync(join(place, 'mine')).sort()).to.deep.equal(['data.txt', 'out']);
    await commands['codebeaker.files.save']?.(node('empty', 'directory'));
    expect(editor.messages.at(-1)?.message).to.equal('Nothing in empty is new or changed.');
  });

  it('save a whole folder where the person chooses', async () => {
    const { editor, commands } = await bench();
    editor.chosen = Uri.file(join(place, 'other'));
    await commands['codebeaker.files.saveFolder']?.({ kind: 'session', session: { sessionId: 's1' } });
    expect(readdirSync(join(place, 'other')).sort()).to.deep.equal(['.hidden', 'a.py', 'data.txt', 'out']);
  });

  it('offer the person’s own folder for Save As, and not that of the sandbox', async () => {
    const { editor, commands, node } = await bench();
    editor.chosen = Uri.file(join(place, 'other/b.csv'));
    await commands['codebeaker.files.saveAs']?.(node('out/a.csv'));
    expect(editor.asked[0].defaultUri.toString()).to.equal(`file://${join(place, 'mine/a.csv')}`);
    expect(editor.executed).to.deep.equal([`copy codebeaker:/s1/workspace/out/a.csv file://${join(place, 'other/b.csv')}`]);
  });

  it('compare a file with that of the person', async () => {
    const { editor, commands, node } = await bench();
    await commands['codebeaker.files.compare']?.(node('data.txt'));
    expect(editor.messages.at(-1)?.message).to.equal('There is no data.txt in your folder to compare with.');
    writeFileSync(join(place, 'mine/data.txt'), 'mine');
    editor.files.add(`file://${join(place, 'mine/data.txt')}`);
    await commands['codebeaker.files.compare']?.(node('data.txt'));
    expect(editor.executed).to.deep.equal(['vscode.diff']);
  });

  it('forget a sandbox that is closed', async () => {
    const { editor, made, commands } = await bench();
    made.forget('s1');
    expect(made.filesOf('s1')).to.deep.equal([]);
    const looking = made.look({ sessionId: 's2', source: {} as Source, folderRefused: true });
    made.forget('s2');
    expect(await looking).to.deep.equal([]);
    expect(made.endedIn('s2')).to.equal(undefined);
    expect(commands).to.have.property('codebeaker.files.save');
    expect(editor.messages).to.deep.equal([]);
  });
});
