/** The file commands answer the same in every kind of sandbox: how much is read, which path is blamed, which entries are the first (C2). */
import { expect } from 'chai';
import * as files from '../../server/src/command/files.ts';
import { MAX_FILE_BYTES } from '../../server/src/runtime/ports.ts';
import type { Session } from '../../server/src/session/session.ts';
import { need, npmPackage, type Probe } from '../require.ts';
import type { Subject } from '../runtime/contract/contract.ts';
import { useSandbox } from '../runtime/contract/harness.ts';
import { denoSubject } from '../runtime/kinds/deno/subject.ts';
import { bubblewrap, nativeSubject } from '../runtime/kinds/native/subject.ts';
import { createNativeRuntime } from '../../server/src/runtime/kinds/native/native.ts';
import { faultOf } from '../session/bench.ts';
import { RealSession } from '../warm/real-session.ts';

const places: Record<string, { make(): Promise<Subject>; part: string; probe: Probe }> = {
  'with an agent': { make: () => nativeSubject(createNativeRuntime), part: 'bubblewrap', probe: bubblewrap },
  'of Deno alone': { make: denoSubject, part: 'deno', probe: npmPackage('deno') },
};

const sessionId = 'real';
const { signal } = new AbortController();
const MIB = 1024 * 1024;

for (const [place, { make, part, probe }] of Object.entries(places)) {
  describe(`the file commands in a sandbox ${place}`, () => {
    before(need(part, probe));
    const held = useSandbox({ make });
    let session: Session;

    const write = (path: string, content: string, mode: 'overwrite' | 'append' = 'overwrite') =>
      files.writeFile(session, { sessionId, path, content, mode }, signal);

    before(async () => {
      ({ session } = new RealSession(held.sandbox, 'javascript'));
      await write('small', 'small');
      for (const name of ['tree/a.txt', 'tree/a/1.txt', 'tree/a/2.txt', 'tree/a-b', 'tree/b']) await write(name, '');
    });

    it('read what is there, however much is asked for, and no more than a message can carry', async () => {
      const half = 'x'.repeat(MAX_FILE_BYTES / 2);
      for (const piece of [half, half, 'x'.repeat(MIB)]) await write('large', piece, 'append');
      const read = (path: string, length: number | undefined, offset = 0) => files.readFile(session, { sessionId, path, offset, length }, signal);
      for (const length of [undefined, MAX_FILE_BYTES, MAX_FILE_BYTES + 1, MAX_FILE_BYTES + 2, Number.MAX_SAFE_INTEGER]) {
        expect(await read('small', length), `${length}`).to.include({ content: 'small', size: 5, eof: true });
        expect((await read('large', length, MIB)).content.length, `${length}`).to.equal(MAX_FILE_BYTES);
      }
      expect((await read('large', MAX_FILE_BYTES)).content.length).to.equal(MAX_FILE_BYTES);
      for (const length of [undefined, MAX_FILE_BYTES + 1, MAX_FILE_BYTES + 2]) {
        expect(await faultOf(read('large', length)), `${length}`).to.include({ kind: 'FileTooLarge' });
      }
      await files.deleteFile(session, { sessionId, path: 'large' }, signal);
    });

    const copies: Record<string, [params: object, kind: string, path: string]> = {
      'a file onto one that exists': [{ source: 'small', destination: 'tree/b', overwrite: false }, 'FileExists', '/workspace/tree/b'],
      'a directory onto one that exists': [{ source: 'tree', destination: 'tree2', overwrite: false, recursive: true }, 'FileExists', '/workspace/tree2'],
      'a file onto a directory': [{ source: 'small', destination: 'tree' }, 'WrongFileType', '/workspace/tree'],
      'a directory onto a file': [{ source: 'tree', destination: 'small', recursive: true }, 'WrongFileType', '/workspace/small'],
      'a directory without recursive': [{ source: 'tree', destination: 'new' }, 'WrongFileType', '/workspace/tree'],
      'what does not exist': [{ source: 'none', destination: 'small' }, 'FileNotFound', '/workspace/none'],
      'into a file': [{ source: 'tree/b', destination: 'small/b' }, 'WrongFileType', '/workspace/small/b'],
    };
    for (const [what, [params, kind, path]] of Object.entries(copies)) {
      it(`blame the right path when they copy ${what}`, async () => {
        await files.createDirectory(session, { sessionId, path: 'tree2' }, signal);
        const fault = await faultOf(files.copyFile(session, { sessionId, source: '', destination: '', ...params }, signal));
        expect([fault.kind, fault.data['path']]).to.deep.equal([kind, path]);
        expect(fault.message).to.include(path);
      });
    }

    it('list the first entries in the order of their paths', async () => {
      const list = async (limit: number) => {
        const { entries, truncated } = await files.listDirectory(session, { sessionId, path: 'tree', recursive: true, limit }, signal);
        return [...entries.map(({ path }) => path.slice('/workspace/tree/'.length)), truncated];
      };
      const all = ['a', 'a-b', 'a.txt', 'a/1.txt', 'a/2.txt', 'b'];
      for (let limit = 1; limit <= all.length; limit++) expect(await list(limit)).to.deep.equal([...all.slice(0, limit), limit < all.length]);
    });
  });
}
