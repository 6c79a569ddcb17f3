/** Where debugpy is looked for, and how that of this machine gets into a sandbox that has none. */
import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import tar from 'tar-stream';
import type { DebugHost, DebugPlace } from '../../server/src/debug/adapter.ts';
import { python } from '../../server/src/debug/adapters/python.ts';
import { DebugHosts } from '../../server/src/debug/host.ts';
import type { RuntimeInfo } from '../../server/src/protocol/index.ts';

/** A sandbox whose Python answers so, one after the other, when it looks for debugpy. */
function place(answers: readonly string[], host: Partial<DebugHost> = {}) {
  const commands: string[][] = [];
  const written: string[] = [];
  const left = [...answers];
  const made: DebugPlace = {
    host: { folder: undefined, exists: async () => false, file: async () => undefined, own: async () => undefined, pack: async () => Buffer.from('archive'), ...host },
    files: { write: async (path) => void written.push(path) },
    isolation: { score: 0, layers: [] },
    interpreter: 'python3',
    program: '/workspace/main.py',
    args: [],
    version: async () => '3.12.0',
    scratch: '/tmp/s',
    options: [],
    terminal: false,
    env: {},
    run: async (command) => {
      commands.push([...command]);
      const stdout = command.includes('-c') ? '' : (left.shift() ?? '');
      return { code: command.includes('-c') || stdout !== '' ? 0 : 1, stdout };
    },
  };
  return { made, commands, written };
}

describe('debugpy', () => {
  it('is that of the sandbox where there is one', async () => {
    const { made, commands } = place(['debugpy 1.8.14\n']);
    expect(await python.find(made)).to.deep.include({ name: 'debugpy', version: '1.8.14', command: ['python3', '/tmp/s/debugpy_launcher.py', 'debugpy.adapter', 'python3'], wake: '\n' });
    expect(commands).to.deep.equal([['python3', '/tmp/s/prepare.py', '/tmp/s/site', '/tmp/s/copy', '/usr/lib/python3/dist-packages']]);
  });

  it('is copied from the folder of the configuration where the sandbox has none', async () => {
    const packed: string[] = [];
    const { made, written } = place(['', 'debugpy 1.8.14\n'], { folder: '/home/me/debugpy', exists: async (path) => path.startsWith('/home/me/debugpy/'), pack: async (folder, wanted) => {
      packed.push(folder, ...['debugpy/adapter/__main__.py', 'pydevd.py', '_pydev_bundle', 'bytecode', 'numpy', 'debugpy/__pycache__', 'debugpy/x.so', 'x/debugpy'].filter(wanted));
      return Buffer.from('archive');
    } });
    expect(await python.find(made)).to.include({ version: '1.8.14' });
    expect(packed).to.deep.equal(['/home/me/debugpy', 'debugpy/adapter/__main__.py', 'pydevd.py', '_pydev_bundle', 'bytecode']);
    expect(written).to.include('/tmp/s/copy.tar');
  });

  it('is missing where nobody has it, or what Python says is no version', async () => {
    expect(await python.find(place([]).made)).to.have.property('missing').that.contains('no debugpy');
    expect(await python.find(place(['debugpy 1 \u001b[31m\n']).made)).to.have.property('missing');
    expect(await python.offered(place([]).made.host)).to.equal(false);
  });

  it('keeps the PYTHONPATH of the run behind its own folder', async () => {
    const found = await python.find(place(['debugpy 1.8.14\n']).made);
    if (found.missing !== undefined) return expect.fail(found.missing);
    expect([found.env({}).PYTHONPATH, found.env({ PYTHONPATH: '/a:/b' }).PYTHONPATH]).to.deep.equal(['/tmp/s/site', '/tmp/s/site:/a:/b']);
  });

  it('comes in an archive with the files that links lead to', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'codebeaker-test-'));
    try {
      for (const [path, text] of [['debugpy/adapter/__main__.py', 'main'], ['debugpy/left.so', 'x'], ['other/x.py', 'y']] as const) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
      symlinkSync('../other/x.py', join(folder, 'debugpy/link.py'));
      symlinkSync('none', join(folder, 'debugpy/broken.py'));
      const hosts = new DebugHosts({ adapters: { python: folder } });
      expect((await hosts.report([{ id: 'native', available: true, languages: [{ id: 'python' }] } as unknown as RuntimeInfo])).find(({ language }) => language === 'python')?.runtimes).to.deep.equal(['native']);
      const host = hosts.host('python');
      expect(host.folder).to.equal(folder);
      const archive = await host.pack(folder, (path) => path.startsWith('debugpy') && !path.endsWith('.so'));
      const found: Record<string, string> = {};
      for await (const entry of Readable.from([archive]).pipe(tar.extract())) {
        const chunks: Buffer[] = [];
        for await (const chunk of entry) chunks.push(chunk as Buffer);
        found[entry.header.name] = Buffer.concat(chunks).toString();
      }
      expect(found).to.deep.equal({ 'debugpy/adapter/__main__.py': 'main', 'debugpy/link.py': 'y' });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
