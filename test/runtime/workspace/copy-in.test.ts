/** Copying a folder into a sandbox: what is copied, what is left out, and what ends the copy. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, linkSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { expect } from 'chai';
import { nextLoopIteration } from '../../../server/src/base/promises.ts';
import { ProtocolError } from '../../../server/src/protocol/index.ts';
import type { Receiving } from '../../../server/src/runtime/agent/index.ts';
import { copyFolder } from '../../../server/src/runtime/workspace/copy-in.ts';

const MiB = 1024 * 1024;

interface Arrived {
  readonly text: string;
  readonly permissions: number;
  readonly mtimeMs: number;
}

/** A sandbox that keeps what is copied into it, by its paths below /workspace. */
class Receiver implements Receiving {
  readonly arrived: Record<string, Arrived> = {};
  readonly folders: string[] = [];
  /** How many files were on their way at once, at the most. */
  most = 0;
  #now = 0;
  /** Called for each piece, before the next one is read. */
  onPiece: (bytes: Buffer) => void | Promise<void> = () => undefined;
  readonly files: Receiving['files'] = {
    createDirectory: async (path) => {
      this.folders.push(posix.relative('/workspace', path));
      return true;
    },
    copyHere: async (path, content, attributes) => {
      this.most = Math.max(this.most, ++this.#now);
      const pieces: Buffer[] = [];
      for await (const piece of content) {
        pieces.push(Buffer.from(piece));
        await this.onPiece(piece);
      }
      this.#now--;
      this.arrived[posix.relative('/workspace', path)] = { ...attributes, text: Buffer.concat(pieces).toString() };
    },
    status: () => Promise.reject(new Error('nobody asks for it')),
  };
}

describe('a folder that is copied into a sandbox', () => {
  let root: string;
  let folder: string;
  beforeEach(() => {
    root = mkdtempSync(join(realpathSync(tmpdir()), 'transfer-'));
    folder = join(root, 'project');
    mkdirSync(folder);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const put = (name: string, text: string | Buffer = name) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  const never = new AbortController().signal;
  const copy = async (receiver: Receiver, maxBytes = MiB, signal = never): Promise<ProtocolError | undefined> => {
    try {
      await copyFolder(folder, receiver, maxBytes, signal);
      return undefined;
    } catch (fault) {
      expect(fault).to.be.instanceOf(ProtocolError);
      expect((fault as Error).message).not.to.include(root);
      return fault as ProtocolError;
    }
  };

  it('arrives with its directories, modes, times and names', async () => {
    const names = ['a', 'deep/er/b', '日本/é ü', 'two\nlines', '-n', `${'long/'.repeat(40)}file`, 'x'.repeat(200)];
    for (const name of names) put(name);
    put('empty', '');
    mkdirSync(join(folder, 'hollow'));
    chmodSync(join(folder, 'a'), 0o751);
    utimesSync(join(folder, 'a'), 1_000_000_000, 1_000_000_000);
    put('large', Buffer.alloc(700_000, 'y'));
    const receiver = new Receiver();
    expect(await copy(receiver)).to.equal(undefined);
    const { arrived, folders } = receiver;
    for (const name of names) expect(arrived[name]).to.include({ text: name });
    expect(arrived.a).to.include({ permissions: 0o751, mtimeMs: 1_000_000_000_000 });
    expect(arrived.empty).to.include({ text: '' });
    expect(folders).to.include.members(['hollow', 'deep', 'deep/er']);
    expect(arrived.large?.text).to.equal('y'.repeat(700_000));
  });

  it('keeps names that are not UTF-8', async () => {
    const folderName = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from('d\xff', 'latin1')]);
    mkdirSync(folderName);
    writeFileSync(Buffer.concat([folderName, Buffer.from('/caf\xe9', 'latin1')]), 'text');
    const receiver = new Receiver();
    expect(await copy(receiver)).to.equal(undefined);
    expect([receiver.folders, Object.keys(receiver.arrived), receiver.arrived['d\u{10feff}/caf\u{10fee9}']?.text]).to.deep.equal([['d\u{10feff}'], ['d\u{10feff}/caf\u{10fee9}'], 'text']);
  });

  it('leaves links and special files out', async () => {
    put('file');
    writeFileSync(join(root, 'secret'), 'secret');
    mkdirSync(join(root, 'secrets'));
    writeFileSync(join(root, 'secrets/key'), 'secret');
    symlinkSync('../secret', join(folder, 'link'));
    symlinkSync('../secrets', join(folder, 'links'));
    symlinkSync('/etc', join(folder, 'etc'));
    symlinkSync('file', join(folder, 'inside'));
    symlinkSync('.', join(folder, 'round'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const receiver = new Receiver();
    expect(await copy(receiver)).to.equal(undefined);
    expect([Object.keys(receiver.arrived), receiver.folders]).to.deep.equal([['file'], []]);
  });

  it('copies a hard link as a file', async () => {
    put('one', 'same');
    linkSync(join(folder, 'one'), join(folder, 'two'));
    const receiver = new Receiver();
    await copy(receiver);
    expect(Object.values(receiver.arrived).map(({ text }) => text)).to.deep.equal(['same', 'same']);
  });

  it('follows no link that is put in the way while it is copied (F-A1)', async () => {
    put('a/first', Buffer.alloc(600_000));
    for (const name of ['b/deep/key', 'c/key', 'd']) put(name, 'ours');
    mkdirSync(join(root, 'secrets/deep'), { recursive: true });
    for (const name of ['key', 'deep/key']) writeFileSync(join(root, 'secrets', name), 'secret');
    const receiver = new Receiver();
    receiver.onPiece = () => {
      if (existsSync(join(root, 'moved'))) return;
      mkdirSync(join(root, 'moved'));
      for (const name of ['b', 'c', 'd']) {
        renameSync(join(folder, name), join(root, 'moved', name));
        symlinkSync(name === 'd' ? '../secrets/key' : '../secrets', join(folder, name));
      }
    };
    expect(await copy(receiver)).to.equal(undefined);
    const texts = Object.values(receiver.arrived).map(({ text }) => text);
    expect(texts.filter((text) => text.includes('secret'))).to.deep.equal([]);
  });

  it('has no more of a file than was there when it was opened, and less where the file shrinks meanwhile', async () => {
    for (const [size, expected] of [[10, 256 * 1024], [900_000, 600_000]] as const) {
      put('file', Buffer.alloc(600_000, 'z'));
      put('zebra', 'after');
      const receiver = new Receiver();
      receiver.onPiece = (bytes) => {
        if (bytes[0] === 'z'.charCodeAt(0)) truncateSync(join(folder, 'file'), size);
      };
      expect(await copy(receiver, 2 * MiB)).to.equal(undefined);
      expect(receiver.arrived.file?.text).to.have.length(expected);
      expect(receiver.arrived.zebra?.text).to.equal('after');
    }
  });

  it('is refused before it is read if a file is larger than the disk', async () => {
    put('small');
    put('sparse', '');
    truncateSync(join(folder, 'sparse'), 100 * 1024 * MiB);
    const receiver = new Receiver();
    const fault = await copy(receiver);
    expect(fault?.kind).to.equal('DiskFull');
    expect(fault?.message).to.include('limits.diskBytes');
    expect(receiver.arrived.sparse).to.equal(undefined);
  });

  it('is refused if many small files together are larger than the disk', async () => {
    for (let count = 0; count < 12; count++) put(`file${count}`, Buffer.alloc(100_000));
    expect((await copy(new Receiver(), MiB))?.kind).to.equal('DiskFull');
    expect(await copy(new Receiver(), 1_200_000)).to.equal(undefined);
  });

  it('has sixteen files on their way at the most, and of each one piece', async () => {
    for (let count = 0; count < 40; count++) put(`file${count}`);
    put('large', Buffer.alloc(3 * MiB));
    const receiver = new Receiver();
    let waiting = 0;
    let mostPieces = 0;
    receiver.onPiece = async () => {
      mostPieces = Math.max(mostPieces, ++waiting);
      // The first piece waits for one of another file, however long that takes to come.
      while (mostPieces < 2) await nextLoopIteration();
      for (let turn = 0; turn < 5; turn++) await nextLoopIteration();
      waiting--;
    };
    expect(await copy(receiver, 4 * MiB)).to.equal(undefined);
    expect(receiver.most).to.be.within(2, 16);
    expect(mostPieces).to.be.within(2, 16);
    expect(Object.keys(receiver.arrived)).to.have.length(41);
    expect(receiver.arrived.large?.text).to.have.length(3 * MiB);
  });

  it('is given up when it is cancelled, also in the middle of a file', async () => {
    for (let count = 0; count < 50; count++) put(`file${count}`);
    put('large', Buffer.alloc(3 * MiB));
    const abort = new AbortController();
    const reason = new ProtocolError('RequestCancelled', 'enough');
    const receiver = new Receiver();
    let pieces = 0;
    receiver.onPiece = () => {
      pieces++;
      abort.abort(reason);
    };
    expect(await copy(receiver, 4 * MiB, abort.signal)).to.equal(reason);
    expect(pieces).to.be.at.most(16);
    expect(receiver.arrived.large).to.equal(undefined);
  });

  it('is given up at the first fault, when nothing is on its way any more', async () => {
    for (let count = 0; count < 100; count++) put(`file${count}`);
    const receiver = new Receiver();
    const events: string[] = [];
    let pieces = 0;
    receiver.onPiece = async () => {
      if (++pieces === 5) throw new ProtocolError('DiskFull', 'the disk limit of the session is reached');
      for (let turn = 0; turn < 5; turn++) await nextLoopIteration();
      events.push('piece');
    };
    expect((await copy(receiver))?.kind).to.equal('DiskFull');
    const before = events.length;
    for (let turn = 0; turn < 20; turn++) await nextLoopIteration();
    expect([events.length, pieces]).to.satisfy(([now, all]: [number, number]) => now === before && all < 50);
  });

  it('fails where the sandbox is lost, also if there are folders only', async () => {
    mkdirSync(join(folder, 'hollow'));
    const receiver = new Receiver();
    receiver.files.createDirectory = () => Promise.reject(new ProtocolError('SandboxLost', 'gone'));
    expect((await copy(receiver))?.kind).to.equal('SandboxLost');
  });

  it('leaves out what is removed before it is opened', async () => {
    for (const name of ['a/first', 'b/second', 'c']) put(name);
    const receiver = new Receiver();
    receiver.files.createDirectory = async (path) => {
      for (const name of path.endsWith('/a') ? ['b', 'c'] : ['a', 'c']) rmSync(join(folder, name), { recursive: true, force: true });
      return true;
    };
    expect(await copy(receiver)).to.equal(undefined);
    expect(Object.keys(receiver.arrived)).to.satisfy((found: string[]) => found.length <= 2 && found.every((name) => ['a/first', 'b/second', 'c'].includes(name)));
  });

  it('is reported without its path if it was removed or replaced by a link', async () => {
    rmSync(folder, { recursive: true });
    expect((await copy(new Receiver()))?.kind).to.equal('SandboxFailed');
    symlinkSync('/etc', folder);
    expect((await copy(new Receiver()))?.kind).to.equal('SandboxFailed');
  });
});
