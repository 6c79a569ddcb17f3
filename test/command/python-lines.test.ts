/** What Python prints comes by lines, and the file that brings that about leaves no trace (T15). */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Sandbox } from '../../server/src/runtime/ports.ts';
import { createNativeRuntime } from '../../server/src/runtime/kinds/native/native.ts';
import { dockerImage, need } from '../require.ts';
import { useSandbox, write } from '../runtime/contract/harness.ts';
import { debian, docker, real } from '../runtime/kinds/docker/real.ts';
import { bubblewrap, nativeSubject } from '../runtime/kinds/native/subject.ts';
import { RealSession } from '../warm/real-session.ts';

/** A socket of this kind keeps single writes apart. */
const writes = (to: 'stdout' | 'stderr') => `
import os, socket, sys
mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
kept = os.dup(1)
os.dup2(theirs.fileno(), sys.${to}.fileno())
print("hi", "there", 1, file=sys.${to})
print("two", file=sys.${to})
print("asked", end="", file=sys.${to}, flush=True)
for _ in range(3): os.write(kept, mine.recv(100) + b"|")
`;

const traces = `
import sys, os
streams = [(type(s), s.name, s.mode, s.encoding, s.errors, s.newlines, type(s.buffer).__name__) for s in (sys.__stdout__, sys.__stderr__)]
same = sys.stdout is sys.__stdout__ and sys.stderr is sys.__stderr__
print(sys.path, sorted(sys.modules), sorted(os.environ.items()), sorted(sys.path_importer_cache), sys.argv, sys.flags, same, [s[:6] for s in streams])
`;

async function tracesIn(sandbox: Sandbox): Promise<void> {
  const session = new RealSession(sandbox, 'python');
  await write(sandbox, '/workspace/traces.py', traces);
  const plain = (await session.shell(['python3', '-u', '/workspace/traces.py'])).stdout;
  expect(plain).to.include('/workspace');
  expect((await session.code({ path: 'traces.py' })).stdout).to.equal(plain);
}

describe('Python in a native sandbox', function () {
  this.timeout(60_000);
  before(need('bubblewrap', bubblewrap));
  const held = useSandbox({ make: () => nativeSubject(createNativeRuntime) });

  for (const to of ['stdout', 'stderr'] as const) {
    for (const waits of [false, true]) {
      it(`prints a line a write to ${to}, ${waits ? 'in an interpreter that has waited' : 'started anew'} (T15)`, async () => {
        const session = new RealSession(held.sandbox, 'python');
        if (waits) await session.wait('python');
        expect((await session.code({ code: writes(to) })).stdout).to.equal('hi there 1\n|two\n|asked|');
        expect(session.used).to.equal(waits);
      });
    }
  }

  it('finds nothing of how that is done (T15)', () => tracesIn(held.sandbox));

  it('keeps a PYTHONPATH that the client gives (T15)', async () => {
    const session = new RealSession(held.sandbox, 'python');
    await write(held.sandbox, '/workspace/lib/mine.py', 'value = 5');
    const code = 'import mine, os; print(mine.value, os.environ["PYTHONPATH"])';
    expect((await session.code({ code, env: { PYTHONPATH: '/workspace/lib' } })).stdout).to.equal('5 /workspace/lib\n');
    expect((await session.code({ code: writes('stdout'), env: { PYTHONPATH: '/workspace/lib' } })).stdout).to.match(/^hi there 1\n\|/);
  });

  it('keeps a sitecustomize that the client gives (T15)', async () => {
    const session = new RealSession(held.sandbox, 'python');
    await write(held.sandbox, '/workspace/site/sitecustomize.py', 'value = 6');
    expect((await session.code({ code: 'import sitecustomize; print(sitecustomize.value)', env: { PYTHONPATH: '/workspace/site' } })).stdout).to.equal('6\n');
  });

  it('shows all that was printed when it fails, exits or is asked for its input (T15)', async () => {
    const session = new RealSession(held.sandbox, 'python');
    const told = async (code: string, stdin?: string) => (await session.code({ code, ...(stdin === undefined ? {} : { stdin }) })).stdout;
    expect(await told('print("end", end=""); raise SystemExit(3)')).to.equal('end');
    expect(await told('print("end", end=""); 1 / 0')).to.equal('end');
    expect(await told('print(input("name? "))', 'Ada\n')).to.equal('name? Ada\n');
    expect(await told('import sys; sys.stdout.buffer.write(b"\\xff\\n"); sys.stdout.write("x" * 100000)')).to.have.length(100_002);
  });
});

describe('Python in a container', function () {
  this.timeout(60_000);
  before(need('docker', dockerImage(debian)));
  const image = `codebeaker-made-${randomUUID()}`;
  before(() => {
    const container = docker('create', debian, 'true');
    docker('commit', '--change', 'ENV PYTHONPATH=/workspace/lib', container, image);
    docker('rm', container);
  });
  after(() => void docker('rmi', image));

  for (const each of [debian, image]) {
    it(`prints a line a write, and finds nothing of how that is done, ${each === debian ? 'in an image without' : 'in an image with'} a PYTHONPATH (T15)`, async () => {
      const held = real(each);
      try {
        const sandbox = await held.create({ language: 'python' });
        await write(sandbox, '/workspace/lib/mine.py', 'value = 5');
        const session = new RealSession(sandbox, 'python');
        expect((await session.code({ code: writes('stdout') })).stdout).to.equal('hi there 1\n|two\n|asked|');
        await tracesIn(sandbox);
        if (each === image) expect((await session.code({ code: 'import mine; print(mine.value)' })).stdout).to.equal('5\n');
        await sandbox.close();
      } finally {
        await held.close();
      }
    });
  }
});
