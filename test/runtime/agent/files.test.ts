/** The file commands of an agent: what is asked, byte by byte, and what is made of the answers. */
import type { constants } from 'node:os';
import { expect } from 'chai';
import fc from 'fast-check';
import { type DirectoryEntry, type ErrorKind, ProtocolError } from '../../../server/src/protocol/index.ts';
import { AgentFiles } from '../../../server/src/runtime/agent/files.ts';
import { Writer } from '../../../server/src/runtime/agent/frames.ts';
import { bytesOf } from '../../../server/src/runtime/agent/names.ts';
import { MAX_FILE_BYTES } from '../../../server/src/runtime/ports.ts';
import { connected, type ScriptedAgent, settled, textsIn, type TypeName } from './scripted.ts';

const opened = () => {
  const { agent, connection } = connected();
  return { agent, files: new AgentFiles(connection) };
};
const overwrite = { mode: 'overwrite', executable: undefined } as const;
const u64 = (...values: number[]) => values.reduce((writer, value) => writer.u64(value), new Writer()).bytes;
const kindOf = (work: Promise<unknown>) => work.then(() => 'fine', (fault: unknown) => (fault instanceof ProtocolError ? fault.kind : String(fault)));
/** Answers a written file when its end has come. */
const takesFiles = (agent: ScriptedAgent, errno: Parameters<ScriptedAgent['answer']>[1] = 0) => agent.answer('end', errno);
const payloadOf = (agent: ScriptedAgent, type: TypeName) => agent.of(type)[0]?.payload ?? Buffer.alloc(0);

describe('a file that is written', () => {
  const headers = { overwrite: 0, create: 1, append: 2 } as const;
  for (const [mode, number] of Object.entries(headers) as [keyof typeof headers, number][]) {
    it(`is announced with its path and how it is written: ${mode}`, async () => {
      const { agent, files } = opened();
      takesFiles(agent);
      await files.write('/workspace/é', Buffer.from('text'), { mode, executable: mode === 'create' });
      expect(payloadOf(agent, 'write').subarray(0, 12).toString('hex')).to.equal(`0${number}${mode === 'create' ? '01' : '00'}00000000000000000000`);
      expect(textsIn(payloadOf(agent, 'write'), 12)).to.deep.equal(['/workspace/é']);
      expect(agent.sent.map(({ type }) => type)).to.deep.equal([9, 2, 3]);
      expect(payloadOf(agent, 'data').toString()).to.equal('text');
    });
  }

  it('goes in pieces, complete and in order', async () => {
    const { agent, files } = opened();
    takesFiles(agent);
    const content = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251));
    await files.write('/workspace/large', content, overwrite);
    const pieces = agent.of('data').map(({ payload }) => payload);
    expect(Math.max(...pieces.map(({ length }) => length))).to.be.at.most(64 * 1024);
    expect(Buffer.concat(pieces).equals(content)).to.equal(true);
  });

  it('of no bytes has an end and no pieces', async () => {
    const { agent, files } = opened();
    takesFiles(agent);
    await files.write('/workspace/empty', Buffer.alloc(0), overwrite);
    expect([agent.of('data').length, agent.of('end').length]).to.deep.equal([0, 1]);
  });

  it('waits while the carrier takes nothing', async () => {
    const { agent, files } = opened();
    takesFiles(agent);
    const goOn = agent.hold();
    const writing = files.write('/workspace/large', Buffer.alloc(200_000), overwrite);
    await settled();
    expect(agent.of('data')).to.have.length(1);
    goOn();
    await writing;
    expect(agent.of('data')).to.have.length(4);
  });

  it('that is copied from elsewhere keeps its permissions and the time of its last change', async () => {
    const { agent, files } = opened();
    takesFiles(agent);
    const content = async function* () { yield Buffer.from('one '); yield Buffer.from('two'); };
    await files.copyHere('/workspace/a', content(), { permissions: 0o751, mtimeMs: 1_000_000_000_123.4 });
    const payload = payloadOf(agent, 'write');
    expect([payload.readUInt16LE(2), payload.readBigUInt64LE(4)]).to.deep.equal([0o751, 1_000_000_000_123n]);
    expect(agent.of('data').map((each) => each.payload.toString())).to.deep.equal(['one ', 'two']);
    await files.copyHere('/workspace/before-1970', content(), { permissions: 0o600, mtimeMs: -5 });
    expect(agent.of('write')[1]?.payload.readBigUInt64LE(4)).to.equal(0n);
  });

  it('that can not be read on where it comes from is given up, and fails with that', async () => {
    const { agent, files } = opened();
    takesFiles(agent);
    const content = async function* () { yield Buffer.from('one '); throw new Error('gone on the host'); };
    expect(await kindOf(files.copyHere('/workspace/a', content(), { permissions: 0o644, mtimeMs: 1 }))).to.equal('Error: gone on the host');
    await settled();
    expect([agent.of('close').length, agent.of('end').length]).to.deep.equal([1, 0]);
  });
});

describe('a file that is read', () => {
  const reads = (agent: ScriptedAgent, pieces: readonly string[], size: number) =>
    agent.on('read', ({ channel }) => {
      for (const piece of pieces) agent.output(channel, 'content', piece);
      agent.done(channel, 0, u64(size));
    });

  it('is asked for by its range, and put together', async () => {
    const { agent, files } = opened();
    reads(agent, ['01', '234'], 10);
    const { bytes, size } = await files.read('/workspace/a', 3, 5);
    expect([bytes.toString(), size]).to.deep.equal(['01234', 10]);
    expect(payloadOf(agent, 'read')).to.deep.equal(Buffer.concat([u64(3, 5), Buffer.from('/workspace/a\0')]));
  });

  it('is never smaller than what was read of it', async () => {
    const { agent, files } = opened();
    reads(agent, ['01234'], 2);
    expect((await files.read('/workspace/grows', 3, undefined)).size).to.equal(8);
  });

  it('whole is refused where it is larger than a message', async () => {
    const { agent, files } = opened();
    agent.on('read', ({ channel, payload }) => {
      expect(payload.readBigUInt64LE(8)).to.equal(BigInt(MAX_FILE_BYTES + 1));
      agent.output(channel, 'content', Buffer.alloc(60_000));
      agent.done(channel, 0, u64(60_000));
    });
    expect(await kindOf(files.read('/workspace/a', 0, undefined))).to.equal('fine');
    agent.on('read', ({ channel }) => {
      for (let left = MAX_FILE_BYTES + 1; left > 0; left -= 64 * 1024) agent.output(channel, 'content', Buffer.alloc(Math.min(left, 64 * 1024)));
      agent.done(channel, 0, u64(MAX_FILE_BYTES + 1));
    });
    expect(await kindOf(files.read('/workspace/a', 0, undefined))).to.equal('FileTooLarge');
  });
});

describe('directories and paths', () => {
  it('are made, and the answer says whether there was one', async () => {
    const { agent, files } = opened();
    agent.answer('makeDirectory', 0, Buffer.from([1]));
    expect(await files.createDirectory('/workspace/a/b', true)).to.equal(true);
    agent.answer('makeDirectory', 0, Buffer.from([0]));
    expect(await files.createDirectory('/workspace/a/b', false)).to.equal(false);
    expect(agent.of('makeDirectory').map(({ payload }) => payload.toString())).to.deep.equal(['\x01/workspace/a/b\0', '\0/workspace/a/b\0']);
  });

  it('are copied, but not into themselves', async () => {
    const { agent, files } = opened();
    agent.answer('copy');
    await files.copy('/workspace/a', '/workspace/ab', { recursive: true, overwrite: false });
    expect(payloadOf(agent, 'copy').toString()).to.equal('\x01\0/workspace/a\0/workspace/ab\0');
    for (const target of ['/workspace/a', '/workspace/a/b']) {
      expect(await kindOf(files.copy('/workspace/a', target, { recursive: true, overwrite: true }))).to.equal('InvalidPath');
    }
    expect(agent.of('copy')).to.have.length(1);
  });

  it('that exist where something is to be copied to are told as that', async () => {
    const { agent, files } = opened();
    agent.answer('copy', 'EEXIST');
    expect(await kindOf(files.copy('/workspace/a', '/workspace/b', { recursive: true, overwrite: false }))).to.equal('FileExists');
  });

  it('are removed; what is not there is a fault only without force', async () => {
    const { agent, files } = opened();
    agent.answer('remove');
    expect(await files.delete('/workspace/a', { recursive: true, force: false })).to.equal(true);
    expect(payloadOf(agent, 'remove').toString()).to.equal('\x01/workspace/a\0');
    agent.answer('remove', 'ENOENT');
    expect(await files.delete('/workspace/a', { recursive: false, force: true })).to.equal(false);
    expect(await kindOf(files.delete('/workspace/a', { recursive: false, force: false }))).to.equal('FileNotFound');
    agent.answer('remove', 'ENOTEMPTY');
    expect(await kindOf(files.delete('/workspace/a', { recursive: false, force: true }))).to.equal('WrongFileType');
  });

  it('have a device and an inode of any size', async () => {
    const { agent, files } = opened();
    agent.answer('status', 0, Buffer.concat([Buffer.from('ffffffffffffffff0100000000000080', 'hex'), Buffer.alloc(4)]));
    expect(await files.status('/workspace')).to.deep.equal({ dev: 2n ** 64n - 1n, ino: 2n ** 63n + 1n });
  });
});

const ofType = { file: 0, directory: 1, symlink: 2, other: 3 } as const;
const name = fc
  .oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }), fc.constantFrom('a\tb', 'a\nb', '\n', ' ', '-printf', '%', '~', '日', 'caf\u{10fee9}', '\u{10fe80}\u{10feff}'))
  .map((text) => text.replaceAll(/[\0/]/g, '_'))
  .filter((text) => text !== '.' && text !== '..');
const entry: fc.Arbitrary<DirectoryEntry> = fc
  .record({ names: fc.array(name, { minLength: 1, maxLength: 4 }), type: fc.constantFrom(...(Object.keys(ofType) as DirectoryEntry['type'][])), size: fc.maxSafeNat(), mtimeMs: fc.nat(2 ** 42), mode: fc.nat(0o7777) })
  .map(({ names, ...rest }) => ({ name: names.at(-1) ?? '', path: `/workspace/${names.join('/')}`, ...rest }));
const bytesOfEntry = ({ type, mode, size, mtimeMs, path }: DirectoryEntry) =>
  new Writer().u8(ofType[type]).u32(mode).u64(size).u64(mtimeMs).text(bytesOf(path.slice('/workspace/'.length))).bytes;

describe('a listing', () => {
  const all = { recursive: true, limit: 1000, accept: () => true };
  const lists = (agent: ScriptedAgent, pieces: readonly (readonly DirectoryEntry[])[], incomplete = 0) =>
    agent.on('list', ({ channel }) => {
      for (const piece of pieces) agent.say('entries', channel, Buffer.concat(piece.map(bytesOfEntry)));
      agent.done(channel, 0, Buffer.from([incomplete]));
    });
  const file = (path: string): DirectoryEntry => ({ name: path, path: `/workspace/${path}`, type: 'file', size: 1, mtimeMs: 2, mode: 0o644 });

  it('is read as it was meant, with any names, and sorted', async () => {
    const property = fc.asyncProperty(fc.array(fc.array(entry, { maxLength: 5 }), { maxLength: 4 }), async (pieces) => {
      const { agent, files } = opened();
      lists(agent, pieces);
      const expected = pieces.flat().sort((a, b) => (a.path < b.path ? -1 : 1));
      const { entries, truncated } = await files.list('/workspace', all);
      expect(entries.map(({ path }) => path)).to.deep.equal(expected.map(({ path }) => path));
      expect(entries).to.have.deep.members(expected);
      expect(truncated).to.equal(false);
    });
    await fc.assert(property, { seed: 97, numRuns: 200 });
  });

  it('has what is wanted, and says where there is more than the limit, or something could not be read', async () => {
    const { agent, files } = opened();
    lists(agent, [[file('b'), file('c.txt')], [file('a.txt')]]);
    const names = ({ entries, truncated }: Awaited<ReturnType<AgentFiles['list']>>) => [entries.map((each) => each.name), truncated];
    expect(names(await files.list('/workspace', { ...all, accept: (path) => path.endsWith('.txt') }))).to.deep.equal([['a.txt', 'c.txt'], false]);
    expect(names(await files.list('/workspace', { ...all, limit: 2 }))).to.deep.equal([['a.txt', 'b'], true]);
    expect(names(await files.list('/workspace', { ...all, limit: 3 }))).to.deep.equal([['a.txt', 'b', 'c.txt'], false]);
    lists(agent, [[file('b')]], 1);
    expect(names(await files.list('/workspace', { ...all, recursive: false }))).to.deep.equal([['b'], true]);
    expect(agent.of('list').map(({ payload }) => payload[0])).to.deep.equal([1, 1, 1, 0]);
  });
});

describe('a file command that fails', () => {
  const kinds: Readonly<Partial<Record<keyof typeof constants.errno, ErrorKind>>> = {
    ENOENT: 'FileNotFound', EEXIST: 'FileExists', EISDIR: 'WrongFileType', ENOTDIR: 'WrongFileType', ENOTEMPTY: 'WrongFileType', ESPIPE: 'WrongFileType',
    ENOSPC: 'DiskFull', EDQUOT: 'DiskFull', EFBIG: 'DiskFull', ENAMETOOLONG: 'InvalidPath', ELOOP: 'InvalidPath', EROFS: 'InvalidPath', EACCES: 'InvalidPath', EPERM: 'InvalidPath',
    EIO: 'SandboxFailed', EAGAIN: 'SandboxFailed', EMFILE: 'SandboxFailed',
  };
  for (const [errno, kind] of Object.entries(kinds) as [keyof typeof constants.errno, ErrorKind][]) {
    it(`says why: ${errno} is ${kind}`, async () => {
      const { agent, files } = opened();
      takesFiles(agent, errno);
      for (const type of ['read', 'makeDirectory', 'copy', 'remove', 'list', 'status'] as const) agent.answer(type, errno, Buffer.alloc(20));
      const path = '/workspace/a';
      const commands = [
        files.write(path, Buffer.from('x'), overwrite), files.read(path, 0, 1), files.createDirectory(path, true), files.status(path),
        files.copy(path, '/workspace/b', { recursive: true, overwrite: true }), files.delete(path, { recursive: true, force: false }), files.list(path, { recursive: false, limit: 1, accept: () => true }),
      ];
      for (const command of commands) {
        const fault = await command.then(() => undefined, (reason: ProtocolError) => reason);
        expect(fault?.kind).to.equal(kind);
        expect(fault?.data.path).to.be.oneOf([path, '/workspace/b']);
        if (kind === 'SandboxFailed') expect(fault?.message).to.include(errno);
      }
    });
  }

  it('because no path can be so long is not even sent', async () => {
    const { agent, files } = opened();
    const long = `/workspace/${'x/'.repeat(2048)}`;
    expect(await kindOf(files.read(long, 0, 1))).to.equal('InvalidPath');
    expect(await kindOf(files.write(long, Buffer.alloc(0), overwrite))).to.equal('InvalidPath');
    expect(await kindOf(files.copy('/workspace/a', long, { recursive: false, overwrite: true }))).to.equal('InvalidPath');
    expect(agent.sent).to.deep.equal([]);
  });

  it('because the sandbox is gone says that, before and during the command', async () => {
    const { agent, files } = opened();
    const reading = kindOf(files.read('/workspace/a', 0, 1));
    const writing = kindOf(files.write('/workspace/a', Buffer.alloc(100_000), overwrite));
    await settled();
    agent.end();
    expect(await Promise.all([reading, writing, kindOf(files.status('/workspace'))])).to.deep.equal(['SandboxLost', 'SandboxLost', 'SandboxLost']);
  });
});

describe('an agent that answers a file command with nonsense', () => {
  const entries = { recursive: true, limit: 1000, accept: () => true };
  const header = Buffer.alloc(21);
  const listings: Record<string, Buffer> = {
    'an entry without an end': Buffer.concat([header, Buffer.from('name')]),
    'an entry that is only begun': Buffer.alloc(3),
    'an entry with a longer path than there is': Buffer.concat([header, Buffer.alloc(4096, 'x'), Buffer.alloc(1)]),
  };
  for (const [name, payload] of Object.entries(listings)) {
    it(`is not spoken with any more: ${name}`, async () => {
      const { agent, files } = opened();
      agent.on('list', ({ channel }) => agent.say('entries', channel, payload));
      expect([await kindOf(files.list('/workspace', entries)), agent.destroyed]).to.deep.equal(['SandboxLost', true]);
    });
  }

  it('is not spoken with any more: more of a file than was asked for', async () => {
    const { agent, files } = opened();
    agent.on('read', ({ channel }) => ['012', '34', '5'].forEach((piece) => agent.output(channel, 'content', piece)));
    expect([await kindOf(files.read('/workspace/a', 0, 5)), agent.destroyed]).to.deep.equal(['SandboxLost', true]);
  });
});
