/** The file commands: their results, their order, and what cancelling them does. */
import { expect } from 'chai';
import { deferred } from '../../server/src/base/promises.ts';
import * as files from '../../server/src/command/files.ts';
import type { ParamsOf, ProtocolError } from '../../server/src/protocol/index.ts';
import type * as protocol from '../../server/src/protocol/index.ts';
import { faultOf } from '../session/bench.ts';
import { CommandBench } from './bench.ts';

const never = new AbortController().signal;
const create = async () => {
  const bench = await CommandBench.create();
  const { session } = bench;
  const sessionId = session.id;
  return {
    bench,
    write: (params: Partial<ParamsOf<typeof protocol.WriteFile>>, signal = never) => files.writeFile(session, { sessionId, path: 'a', content: '', ...params }, signal),
    read: (params: Partial<ParamsOf<typeof protocol.ReadFile>>) => files.readFile(session, { sessionId, path: 'a', ...params }, never),
    make: (params: Partial<ParamsOf<typeof protocol.CreateDirectory>>) => files.createDirectory(session, { sessionId, path: 'd', ...params }, never),
    copy: (params: Partial<ParamsOf<typeof protocol.CopyFile>>) => files.copyFile(session, { sessionId, source: 'a', destination: 'b', ...params }, never),
    remove: (params: Partial<ParamsOf<typeof protocol.DeleteFile>>) => files.deleteFile(session, { sessionId, path: 'a', ...params }, never),
    list: (params: Partial<ParamsOf<typeof protocol.ListDirectory>> = {}) => files.listDirectory(session, { sessionId, ...params }, never),
  };
};

describe('a file command', () => {
  it('returns the resolved path', async () => {
    const { write, read, make, copy, remove, list } = await create();
    expect(await write({ path: './a//b', content: 'é' })).to.deep.equal({ path: '/workspace/a/b', bytes: 2 });
    expect(await read({ path: 'a/b' })).to.deep.equal({ path: '/workspace/a/b', content: 'é', encoding: 'utf-8', size: 2, eof: true });
    expect(await make({ path: '/tmp/x/' })).to.deep.equal({ path: '/tmp/x', created: true });
    expect(await make({ path: '/tmp/x' })).to.deep.equal({ path: '/tmp/x', created: false });
    expect(await copy({ source: 'a/b', destination: '../tmp/x/c' })).to.deep.equal({ source: '/workspace/a/b', destination: '/tmp/x/c' });
    expect(await remove({ path: 'a/b' })).to.deep.equal({ path: '/workspace/a/b', deleted: true });
    expect(await remove({ path: 'a/b', force: true })).to.deep.equal({ path: '/workspace/a/b', deleted: false });
    const { path, entries, truncated } = await list({ path: '/tmp', recursive: true });
    expect([path, entries.map((entry) => entry.path), truncated]).to.deep.equal(['/tmp', ['/tmp/x', '/tmp/x/c'], false]);
  });

  it('reads in pieces, and says which piece is the last', async () => {
    const { write, read } = await create();
    await write({ content: 'aé€' });
    const pieces = [[0, 1], [1, 2], [3, 3], [3, 100], [6, 1], [100, 1], [0, 0]].map(async ([offset, length]) => {
      const { content, encoding, eof } = await read({ offset, length });
      return [content, encoding, eof];
    });
    expect(await Promise.all(pieces)).to.deep.equal([
      ['a', 'utf-8', false], ['é', 'utf-8', false], ['€', 'utf-8', true], ['€', 'utf-8', true], ['', 'utf-8', true], ['', 'utf-8', true], ['', 'utf-8', false],
    ]);
    expect(await read({ offset: 2, length: 1 })).to.include({ content: 'qQ==', encoding: 'base64' });
  });

  it('writes text and base64, in every mode', async () => {
    const { write, read } = await create();
    await write({ content: '/w==', encoding: 'base64' });
    await write({ content: 'b', mode: 'append' });
    expect(await read({})).to.include({ content: '/2I=', encoding: 'base64', size: 2 });
    expect((await faultOf(write({ mode: 'create' }))).kind).to.equal('FileExists');
  });

  it('refuses invalid params before it waits for its turn', async () => {
    const { bench, write, read, copy, remove } = await create();
    bench.sandbox.files.doing = () => new Promise(() => undefined);
    void write({}).catch(() => undefined);
    const faults = [write({ content: '!', encoding: 'base64' }), write({ path: '..' }), read({ path: '/' }), copy({ destination: '/etc/x' }), remove({ path: '/workspace' })];
    expect((await Promise.all(faults.map(faultOf))).map(({ kind }) => kind)).to.deep.equal(['InvalidParams', 'InvalidPath', 'InvalidPath', 'InvalidPath', 'InvalidPath']);
  });

  const listings: [params: object, names: string[]][] = [
    [{}, ['.hidden', 'a.py', 'b.txt', 'sub']],
    [{ recursive: true }, ['.hidden', 'a.py', 'b.txt', 'sub', 'sub/a.py', 'sub/deep', 'sub/deep/c.py']],
    [{ recursive: true, pattern: '*.py' }, ['a.py', 'sub/a.py', 'sub/deep/c.py']],
    [{ recursive: true, pattern: 'sub/*.py' }, ['sub/a.py']],
    [{ recursive: true, pattern: '**/*.py' }, ['a.py', 'sub/a.py', 'sub/deep/c.py']],
    [{ recursive: true, pattern: '*.{py,txt}', limit: 2 }, ['a.py', 'b.txt']],
    [{ pattern: '.*' }, ['.hidden']],
    [{ pattern: '' }, ['.hidden', 'a.py', 'b.txt', 'sub']],
    [{ pattern: '[' }, []],
    [{ pattern: '!(' }, []],
  ];
  for (const [params, names] of listings) {
    it(`lists ${JSON.stringify(params)}`, async () => {
      const { write, list } = await create();
      for (const path of ['a.py', 'b.txt', '.hidden', 'sub/a.py', 'sub/deep/c.py']) await write({ path });
      const { entries } = await list(params);
      expect(entries.map(({ path }) => path.replace('/workspace/', ''))).to.deep.equal(names);
    });
  }
});

describe('a file command that is cancelled', () => {
  it('is answered at once, and goes on if it has begun', async () => {
    const { bench, write, read } = await create();
    const gate = deferred();
    bench.sandbox.files.doing = () => gate.promise;
    const controller = new AbortController();
    const writing = write({ content: 'x' }, controller.signal);
    const reading = read({});
    await bench.settle();
    controller.abort(new Error('cancelled'));
    const fault: unknown = await writing.catch((thrown: unknown) => thrown);
    expect((fault as Error).message).to.equal('cancelled');
    gate.resolve();
    expect((await reading).content).to.equal('x');
  });

  it('never begins if it has not begun', async () => {
    const { bench, write, remove } = await create();
    const gate = deferred();
    const done: string[] = [];
    bench.sandbox.files.doing = (operation, path) => {
      done.push(`${operation} ${path}`);
      return gate.promise;
    };
    const first = write({ path: 'first' });
    const controller = new AbortController();
    const second = write({ path: 'second' }, controller.signal);
    const third = remove({ path: 'third', force: true });
    await bench.settle();
    controller.abort(new Error('cancelled'));
    await second.catch(() => undefined);
    gate.resolve();
    await Promise.all([first, third]);
    expect(done).to.deep.equal(['write /workspace/first', 'delete /workspace/third']);
  });
});

describe('secrets', () => {
  const CANARY = 'hunter2-canary';

  it('are in no error (F-D10, F-E7)', async () => {
    const bench = await CommandBench.create({ env: { TOKEN: CANARY }, starting: () => { throw new Error('no'); } });
    const { write } = await create();
    const secret = { env: { KEY: CANARY } };
    const faults: unknown[] = await Promise.all([
      bench.shell(CANARY, secret),
      bench.shell([CANARY], { ...secret, cwd: '/etc' }),
      bench.shell('x', { ...secret, cwd: 'none' }),
      bench.shell('x', { ...secret, stdin: CANARY, interactive: true }),
      bench.code({ ...secret, code: CANARY, language: 'go' }),
      bench.code({ ...secret, code: CANARY, path: 'a' }),
      bench.code({ ...secret, code: CANARY, stdin: CANARY, args: [CANARY] }),
      write({ content: CANARY, encoding: 'base64' }),
      write({ content: CANARY, path: '/etc/x' }),
    ].map((work) => work.then(() => expect.fail('it succeeded'), (fault: unknown) => fault)));
    await bench.session.close('client');
    faults.push(await bench.shell(CANARY, secret).catch((fault: unknown) => fault));
    for (const fault of faults) {
      const { message, data } = fault as ProtocolError;
      expect(JSON.stringify([message, data])).not.to.contain(CANARY);
    }
    expect(JSON.stringify(bench.sessions.lines)).not.to.contain(CANARY);
  });
});
