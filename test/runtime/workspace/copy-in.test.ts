/** Copying a folder into a sandbox: what is copied, what is left out, and what ends the copy. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, linkSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { extract } from 'tar-stream';
import { deferred } from '../../../server/src/base/promises.ts';
import { ProtocolError } from '../../../server/src/protocol/index.ts';
import type { Exit, Process, Program, Sandbox, Sink } from '../../../server/src/runtime/ports.ts';
import { copyFolder } from '../../../server/src/runtime/workspace/copy-in.ts';

const MiB = 1024 * 1024;

/** A sandbox in which the test plays `tar`: it gets the archive, and decides how tar ends. */
class Receiver {
  readonly sandbox: Sandbox;
  readonly chunks: Buffer[] = [];
  readonly #exited = deferred<Exit>();
  program: Program | undefined;
  killed = false;
  exit: Exit = { kind: 'exited', code: 0 };
  complaint = '';
  /** Called for each piece, before the next one is read. */
  onWrite: (bytes: Buffer) => void | Promise<void> = () => undefined;

  constructor() {
    let sink: Sink = () => undefined;
    const running: Pick<Process, 'exited' | 'write' | 'end' | 'kill'> = {
      exited: this.#exited.promise,
      write: async (bytes) => {
        this.chunks.push(bytes);
        await this.onWrite(bytes);
      },
      end: () => {
        void sink('stderr', Buffer.from(this.complaint));
        this.#exited.resolve(this.exit);
      },
      kill: async () => {
        this.killed = true;
        this.#exited.resolve({ kind: 'signaled', signal: 'SIGKILL' });
      },
    };
    const start: Sandbox['start'] = async (program, to) => {
      this.program = program;
      sink = to;
      return running as Process;
    };
    this.sandbox = { start } as Sandbox;
  }

  /** The entries of the archive that was received, by their names. */
  async entries(): Promise<Record<string, { type: string; mode: number; mtime: number; text: string }>> {
    const found: Awaited<ReturnType<Receiver['entries']>> = {};
    const archive = extract();
    archive.end(Buffer.concat(this.chunks));
    for await (const entry of archive) {
      const parts: Buffer[] = [];
      for await (const part of entry) parts.push(part as Buffer);
      const { name, type, mode, mtime } = entry.header;
      found[name.replace(/\/$/, '')] = { type: type ?? '', mode: mode ?? 0, mtime: mtime?.getTime() ?? 0, text: Buffer.concat(parts).toString() };
    }
    return found;
  }
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
      await copyFolder(folder, receiver.sandbox, maxBytes, signal);
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
    const entries = await receiver.entries();
    for (const name of names) expect(entries[name]).to.include({ type: 'file', text: name });
    expect(entries.a).to.include({ mode: 0o751, mtime: 1_000_000_000_000 });
    expect(entries.empty).to.include({ text: '' });
    expect(entries.hollow).to.include({ type: 'directory' });
    expect(entries.large?.text).to.equal('y'.repeat(700_000));
    expect(receiver.program).to.deep.include({ command: ['tar', '-x', '-f', '-', '-C', '/workspace'], stdin: 'open' });
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
    expect(Object.keys(await receiver.entries())).to.deep.equal(['file']);
  });

  it('copies a hard link as a file', async () => {
    put('one', 'same');
    linkSync(join(folder, 'one'), join(folder, 'two'));
    const receiver = new Receiver();
    await copy(receiver);
    expect(Object.values(await receiver.entries()).map(({ type, text }) => [type, text])).to.deep.equal([['file', 'same'], ['file', 'same']]);
  });

  it('follows no link that is put in the way while it is copied (A1)', async () => {
    put('a/first', Buffer.alloc(600_000));
    for (const name of ['b/deep/key', 'c/key', 'd']) put(name, 'ours');
    mkdirSync(join(root, 'secrets/deep'), { recursive: true });
    for (const name of ['key', 'deep/key']) writeFileSync(join(root, 'secrets', name), 'secret');
    const receiver = new Receiver();
    receiver.onWrite = () => {
      if (existsSync(join(root, 'moved'))) return;
      mkdirSync(join(root, 'moved'));
      for (const name of ['b', 'c', 'd']) {
        renameSync(join(folder, name), join(root, 'moved', name));
        symlinkSync(name === 'd' ? '../secrets/key' : '../secrets', join(folder, name));
      }
    };
    expect(await copy(receiver)).to.equal(undefined);
    const texts = Object.values(await receiver.entries()).map(({ text }) => text);
    expect(texts.filter((text) => text.includes('secret'))).to.deep.equal([]);
  });

  it('sends as many bytes as it announced for a file that shrinks or grows meanwhile', async () => {
    for (const [size, expected] of [[10, 600_000], [900_000, 600_000]] as const) {
      put('file', Buffer.alloc(600_000, 'z'));
      put('zebra', 'after');
      const receiver = new Receiver();
      receiver.onWrite = () => truncateSync(join(folder, 'file'), size);
      expect(await copy(receiver, 2 * MiB)).to.equal(undefined);
      const entries = await receiver.entries();
      expect(entries.file?.text).to.have.length(expected);
      expect(entries.zebra?.text).to.equal('after');
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
    expect(receiver.killed).to.equal(true);
  });

  it('is refused if many small files together are larger than the disk', async () => {
    for (let count = 0; count < 12; count++) put(`file${count}`, Buffer.alloc(100_000));
    expect((await copy(new Receiver(), MiB))?.kind).to.equal('DiskFull');
    expect(await copy(new Receiver(), 1_200_000)).to.equal(undefined);
  });

  it('waits while the sandbox takes nothing more', async () => {
    put('large', Buffer.alloc(3 * MiB));
    const receiver = new Receiver();
    let inside = 0;
    let most = 0;
    receiver.onWrite = async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
    };
    await copy(receiver, 4 * MiB);
    expect(most).to.equal(1);
    expect((await receiver.entries()).large?.text).to.have.length(3 * MiB);
  });

  it('is given up when it is cancelled', async () => {
    for (let count = 0; count < 50; count++) put(`file${count}`);
    const abort = new AbortController();
    const reason = new ProtocolError('RequestCancelled', 'enough');
    const receiver = new Receiver();
    receiver.onWrite = () => abort.abort(reason);
    expect(await copy(receiver, MiB, abort.signal)).to.equal(reason);
    expect(receiver.killed).to.equal(true);
  });

  const ends: Record<string, [exit: Exit, complaint: string, kind: string, words: string]> = {
    'the disk is full': [{ kind: 'exited', code: 2 }, 'tar: a: Cannot write: No space left on device\n', 'DiskFull', 'disk limit'],
    'the sandbox ran out of memory': [{ kind: 'memoryLimit', signal: 'SIGKILL', code: null }, '', 'DiskFull', 'limits.memoryBytes'],
    'there is no tar': [{ kind: 'exited', code: 127 }, 'sh: tar: not found\n', 'SandboxFailed', 'tar: not found'],
    'the sandbox is lost': [{ kind: 'lost', reason: 'gone' }, '', 'SandboxFailed', '/workspace'],
  };
  for (const [name, [exit, complaint, kind, words]] of Object.entries(ends)) {
    it(`reports that ${name}`, async () => {
      put('file');
      const fault = await copy(Object.assign(new Receiver(), { exit, complaint }));
      expect(fault?.kind).to.equal(kind);
      expect(fault?.message).to.include(words);
    });
  }

  it('is reported without its path if it was removed or replaced by a link', async () => {
    rmSync(folder, { recursive: true });
    expect((await copy(new Receiver()))?.kind).to.equal('SandboxFailed');
    symlinkSync('/etc', folder);
    expect((await copy(new Receiver()))?.kind).to.equal('SandboxFailed');
  });
});
