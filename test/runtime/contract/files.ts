/** The contract on the file commands. */
import { expect } from 'chai';
import { MAX_FILE_BYTES } from '../../../server/src/runtime/ports.ts';
import { names, type Parts, read, rejects, useSandbox, write } from './harness.ts';

const oddNames = ['with space', "quote's", 'double"quote', 'new\nline', '-dash', '--help', '*', '$HOME', 'ünïcödé 🦫', '.hidden', 'back\\slash', 'tab\t', '%s%n', '`id`', '~'];
const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

export function describeFiles(parts: Parts): void {
  describe('files (F-A10)', () => {
    const held = useSandbox(parts);
    const files = () => held.sandbox.files;

    const contents: Record<string, Buffer> = {
      'every byte value': everyByte,
      nothing: Buffer.alloc(0),
      'one NUL': Buffer.alloc(1),
      'no newline at its end': Buffer.from('a\nb'),
      'newlines at its end': Buffer.from('a\n\n\n'),
      'a MiB': Buffer.alloc(1024 * 1024, everyByte),
      'what looks like a shell': Buffer.from("'\"; exit 1 #\n$(id)\\0%s\nEOF\n"),
    };
    for (const [name, content] of Object.entries(contents)) {
      it(`come back as they were written: ${name}`, async () => {
        const path = `/workspace/content of ${name}`;
        await files().write(path, content, { mode: 'overwrite', executable: undefined });
        const { bytes, size } = await files().read(path, 0, undefined);
        expect(bytes.equals(content)).to.equal(true);
        expect(size).to.equal(content.length);
      });
    }

    for (const name of oddNames) {
      it(`may be called ${JSON.stringify(name)}`, async () => {
        const path = `/workspace/odd/${name}`;
        await write(held.sandbox, `${path}/${name}`, name);
        await files().copy(path, `${path}.copy`, { recursive: true, overwrite: false });
        expect(await read(held.sandbox, `${path}.copy/${name}`)).to.equal(name);
        expect(await names(held.sandbox, path)).to.deep.equal([name]);
        expect(await files().delete(path, { recursive: true, force: false })).to.equal(true);
        expect(await names(held.sandbox, '/workspace/odd')).to.include(`${name}.copy`).and.not.to.include(name);
      });
    }

    it('can be in /tmp, too, which is apart from /workspace', async () => {
      await write(held.sandbox, '/tmp/there', 'x');
      expect(await read(held.sandbox, '/tmp/there')).to.equal('x');
      await rejects(read(held.sandbox, '/workspace/there'), 'FileNotFound');
    });

    it('are overwritten, also by shorter content', async () => {
      await write(held.sandbox, '/workspace/over', 'something long');
      await write(held.sandbox, '/workspace/over', 'short');
      expect(await read(held.sandbox, '/workspace/over')).to.equal('short');
    });

    it('are created only where no file exists', async () => {
      const createIt = () => files().write('/workspace/created', Buffer.from('1'), { mode: 'create', executable: undefined });
      await createIt();
      await rejects(createIt(), 'FileExists');
      expect(await read(held.sandbox, '/workspace/created')).to.equal('1');
    });

    it('are appended to, and created by that', async () => {
      for (const piece of ['a', '', 'b']) await files().write('/workspace/appended', Buffer.from(piece), { mode: 'append', executable: undefined });
      expect(await read(held.sandbox, '/workspace/appended')).to.equal('ab');
    });

    it('are executable if asked for', async () => {
      await files().write('/workspace/plain', Buffer.from(''), { mode: 'overwrite', executable: undefined });
      await files().write('/workspace/program', Buffer.from(''), { mode: 'overwrite', executable: true });
      const { entries } = await files().list('/workspace', { recursive: false, limit: 100, accept: (path) => ['plain', 'program'].includes(path) });
      expect(entries.map(({ name, mode }) => [name, (mode & 0o100) !== 0])).to.deep.equal([['plain', false], ['program', true]]);
    });

    it('get the directories on their path', async () => {
      await write(held.sandbox, '/workspace/p/q/r/file', 'deep');
      expect(await read(held.sandbox, '/workspace/p/q/r/file')).to.equal('deep');
    });

    it('are read in pieces, and have nothing beyond their end', async () => {
      await write(held.sandbox, '/workspace/pieces', '0123456789');
      const piece = async (offset: number, length: number | undefined) => {
        const { bytes, size } = await files().read('/workspace/pieces', offset, length);
        expect(size).to.equal(10);
        return bytes.toString();
      };
      expect(await piece(0, 3)).to.equal('012');
      expect(await piece(3, 3)).to.equal('345');
      expect(await piece(8, 30)).to.equal('89');
      expect(await piece(4, undefined)).to.equal('456789');
      expect(await piece(10, 5)).to.equal('');
      expect(await piece(99, 5)).to.equal('');
      expect(await piece(0, 0)).to.equal('');
    });

    it('larger than a message can be read in pieces only', async () => {
      const half = Buffer.alloc(MAX_FILE_BYTES / 2 + 1, 'x');
      for (let times = 0; times < 2; times++) await files().write('/workspace/large', half, { mode: 'append', executable: undefined });
      await rejects(read(held.sandbox, '/workspace/large'), 'FileTooLarge');
      const { bytes, size } = await files().read('/workspace/large', MAX_FILE_BYTES, undefined);
      expect([bytes.toString(), size]).to.deep.equal(['xx', MAX_FILE_BYTES + 2]);
      await files().delete('/workspace/large', { recursive: false, force: false });
    });

    describeFaults(held);
    describeDirectories(held);
  });
}

type Held = ReturnType<typeof useSandbox>;

function describeFaults(held: Held): void {
  const options = { recursive: true, overwrite: true };

  it('that do not exist are reported as missing', async () => {
    const { files } = held.sandbox;
    await rejects(read(held.sandbox, '/workspace/missing'), 'FileNotFound');
    await rejects(names(held.sandbox, '/workspace/missing'), 'FileNotFound');
    await rejects(files.delete('/workspace/missing', { recursive: true, force: false }), 'FileNotFound');
    await rejects(files.copy('/workspace/missing', '/workspace/x', options), 'FileNotFound');
    await rejects(files.createDirectory('/workspace/missing/deeper', false), 'FileNotFound');
    expect(await files.delete('/workspace/missing', { recursive: false, force: true })).to.equal(false);
  });

  it('that have the wrong type are reported', async () => {
    const { files } = held.sandbox;
    await write(held.sandbox, '/workspace/faults/file', '');
    await rejects(read(held.sandbox, '/workspace/faults'), 'WrongFileType');
    await rejects(write(held.sandbox, '/workspace/faults', ''), 'WrongFileType');
    await rejects(names(held.sandbox, '/workspace/faults/file'), 'WrongFileType');
    await rejects(files.copy('/workspace/faults', '/workspace/other', { recursive: false, overwrite: true }), 'WrongFileType');
    await rejects(files.copy('/workspace/faults/file', '/workspace/faults', options), 'WrongFileType');
    await rejects(files.delete('/workspace/faults', { recursive: false, force: true }), 'WrongFileType');
    await rejects(files.createDirectory('/workspace/faults/file', true), 'FileExists');
  });

  it('with names that no system accepts are refused', async () => {
    await rejects(write(held.sandbox, `/workspace/${'n'.repeat(256)}`, ''), 'InvalidPath');
    await rejects(read(held.sandbox, `/workspace/${'n'.repeat(256)}`), 'InvalidPath');
  });
}

function describeDirectories(held: Held): void {
  it('can be in directories, which are created once', async () => {
    const { files } = held.sandbox;
    expect(await files.createDirectory('/workspace/made/by/steps', true)).to.equal(true);
    expect(await files.createDirectory('/workspace/made/by/steps', true)).to.equal(false);
    expect(await files.createDirectory('/workspace/made/by', false)).to.equal(false);
    expect(await files.createDirectory('/workspace/made/once', false)).to.equal(true);
    expect(await files.createDirectory('/workspace', true)).to.equal(false);
  });

  it('are copied, alone and as trees, also into existing trees', async () => {
    const { files } = held.sandbox;
    await write(held.sandbox, '/workspace/from/a', 'a');
    await write(held.sandbox, '/workspace/from/deep/b', 'b');
    await files.copy('/workspace/from/a', '/workspace/to/new/a', { recursive: false, overwrite: true });
    expect(await read(held.sandbox, '/workspace/to/new/a')).to.equal('a');
    await rejects(files.copy('/workspace/from/deep/b', '/workspace/to/new/a', { recursive: false, overwrite: false }), 'FileExists');
    await write(held.sandbox, '/workspace/tree/kept', 'kept');
    await files.copy('/workspace/from', '/workspace/tree', { recursive: true, overwrite: true });
    expect(await names(held.sandbox, '/workspace/tree', true)).to.deep.equal(['a', 'deep', 'deep/b', 'kept']);
    await rejects(files.copy('/workspace/from', '/workspace/from/inside', { recursive: true, overwrite: true }), 'InvalidPath');
    expect(await names(held.sandbox, '/workspace/from')).to.deep.equal(['a', 'deep']);
  });

  it('are deleted; directories only if empty, or with everything in them', async () => {
    const { files } = held.sandbox;
    await write(held.sandbox, '/workspace/gone/a/b/c', '');
    expect(await files.delete('/workspace/gone/a/b/c', { recursive: false, force: false })).to.equal(true);
    expect(await files.delete('/workspace/gone/a/b', { recursive: false, force: false })).to.equal(true);
    await write(held.sandbox, '/workspace/gone/x/y/z', '');
    expect(await files.delete('/workspace/gone', { recursive: true, force: false })).to.equal(true);
    await rejects(names(held.sandbox, '/workspace/gone'), 'FileNotFound');
  });

  it('are listed: sorted, with their types and sizes, recursively if asked for, and no more than the limit', async () => {
    const { files } = held.sandbox;
    for (const name of ['b', 'a.txt', 'a/1.txt', 'a/z/2.md']) await write(held.sandbox, `/workspace/list/${name}`, name);
    const list = (recursive: boolean, limit = 100, accept = (_: string) => true) => files.list('/workspace/list', { recursive, limit, accept });
    const flat = await list(false);
    expect(flat.truncated).to.equal(false);
    expect(flat.entries.map(({ name, path, type }) => [name, path, type])).to.deep.equal([
      ['a', '/workspace/list/a', 'directory'],
      ['a.txt', '/workspace/list/a.txt', 'file'],
      ['b', '/workspace/list/b', 'file'],
    ]);
    const [, text] = flat.entries;
    expect(text).to.include({ size: 5 });
    expect(Math.abs((text?.mtimeMs ?? 0) - Date.now())).to.be.lessThan(600_000);
    expect(await names(held.sandbox, '/workspace/list', true)).to.deep.equal(['a', 'a.txt', 'a/1.txt', 'a/z', 'a/z/2.md', 'b']);
    const seen: string[] = [];
    const texts = await list(true, 100, (path) => seen.push(path) > 0 && path.endsWith('.txt'));
    expect(texts.entries.map(({ path }) => path)).to.deep.equal(['/workspace/list/a.txt', '/workspace/list/a/1.txt']);
    expect(seen).to.include('a/z/2.md');
    const cut = await list(true, 2);
    expect(cut.entries).to.have.length(2);
    expect(cut.truncated).to.equal(true);
    expect((await list(false, 3)).truncated).to.equal(false);
  });

  it('are none in an empty directory', async () => {
    await held.sandbox.files.createDirectory('/workspace/empty', true);
    expect(await names(held.sandbox, '/workspace/empty', true)).to.deep.equal([]);
  });
}
