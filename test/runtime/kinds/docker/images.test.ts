/** Images of all kinds on the real engine: a sandbox needs nothing of them, and can be written whatever they have at its paths. */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import tar from 'tar-stream';
import type { EngineAddress } from '../../../../server/src/runtime/kinds/docker/address.ts';
import type { ContainerKind } from '../../../../server/src/runtime/kinds/docker/kinds.ts';
import { languageIds } from '../../../../server/src/protocol/index.ts';
import { agentFile } from '../../../../server/src/runtime/agent/binary.ts';
import type { Program, Sandbox } from '../../../../server/src/runtime/ports.ts';
import { dockerImage, need, ociRuntime } from '../../../require.ts';
import { names, read, rejects, start, textOf, write } from '../../contract/harness.ts';
import { address, busybox, docker, gvisor, plain, real, type Real } from './real.ts';

interface Entry {
  readonly name: string;
  readonly mode: number;
  /** By default a file. */
  readonly type?: 'directory' | 'symlink';
  readonly linkname?: string;
  readonly content?: Buffer;
}

/** Makes an image of these files alone. Resolves with its name. */
async function makeImage(entries: readonly Entry[], ...changes: string[]): Promise<string> {
  const pack = tar.pack();
  for (const { content = Buffer.alloc(0), ...header } of entries) pack.entry(header, content);
  pack.finalize();
  const pieces: Buffer[] = [];
  for await (const piece of pack) pieces.push(piece as Buffer);
  const image = `codebeaker-made-${randomUUID()}`;
  execFileSync('docker', ['import', ...changes.flatMap((change) => ['-c', change]), '-', image], { input: Buffer.concat(pieces), stdio: ['pipe', 'ignore', 'pipe'] });
  return image;
}

/** The program of busybox, which is static and does what its first argument says. It comes from the image of that name. */
async function busyboxProgram(): Promise<Buffer> {
  const container = docker('create', busybox);
  try {
    const extract = tar.extract();
    extract.end(execFileSync('docker', ['cp', `${container}:/bin/busybox`, '-'], { maxBuffer: 64 * 1024 * 1024 }));
    const pieces: Buffer[] = [];
    for await (const entry of extract) for await (const piece of entry) pieces.push(piece as Buffer);
    return Buffer.concat(pieces);
  } finally {
    docker('rm', container);
  }
}

const folder = (name: string, mode: number): Entry => ({ name, mode, type: 'directory' });
const program = (content: Buffer): Entry => ({ name: 'bin/busybox', mode: 0o755, content });
const sh: Entry = { name: 'bin/sh', type: 'symlink', linkname: 'busybox', mode: 0o777 };

describe('a container of an image', () => {
  before(need('docker', dockerImage(busybox)));
  let one: Buffer;
  before(async () => (one = await busyboxProgram()));
  const images: string[] = [];
  let held: Real | undefined;
  const folders: string[] = [];
  afterEach(async () => {
    await held?.close();
    held = undefined;
    for (const path of folders.splice(0)) rmSync(path, { recursive: true });
    for (const image of images.splice(0)) docker('rmi', '-f', image);
  });

  const sandboxOf = async (entries: readonly Entry[], { changes = [], where = address(), kind = plain, copied }: { changes?: string[]; where?: EngineAddress; kind?: ContainerKind; copied?: string } = {}): Promise<Sandbox> => {
    const image = await makeImage(entries, ...changes);
    images.push(image);
    held = real(image, where, kind);
    return held.create(copied === undefined ? {} : { workspace: { path: copied, access: 'copy' } });
  };

  /** Files and programs do all that they do elsewhere. */
  const worksWithoutAnything = async (sandbox: Sandbox) => {
    await write(sandbox, '/workspace/a/b/file', 'content');
    await sandbox.files.copy('/workspace/a', '/workspace/c', { recursive: true, overwrite: false });
    expect(await names(sandbox, '/workspace', true)).to.deep.equal(['a', 'a/b', 'a/b/file', 'c', 'c/b', 'c/b/file']);
    expect(await sandbox.files.read('/workspace/c/b/file', 3, 2)).to.deep.equal({ bytes: Buffer.from('te'), size: 7 });
    await sandbox.files.delete('/workspace/a', { recursive: true, force: false });
    expect(await textOf(sandbox, ['busybox', 'ls', '/workspace'])).to.equal('c\n');
    expect(await textOf(sandbox, ['/bin/busybox', 'cat'], { stdin: Buffer.from('through it') })).to.equal('through it');
    const program = await start(sandbox, ['busybox', 'stty', 'size'], { pty: { cols: 91, rows: 17 }, stdin: 'open' });
    expect(await program.exited).to.deep.include({ kind: 'exited', code: 0 });
    expect(program.output.of('pty').toString()).to.equal('17 91\r\n');
    const sleeper = await start(sandbox, ['busybox', 'sleep', '600']);
    await sleeper.kill();
    expect(await sleeper.exited).to.deep.include({ kind: 'signaled', signal: 'SIGKILL' });
  };
  const saysWhatIsMissing = async (sandbox: Sandbox) => {
    const fault = await rejects(start(sandbox, 'echo text'), 'LanguageUnsupported');
    expect(fault.message).to.match(/^this sandbox has no shell: there is no \/bin\/sh in it \(ENOENT\)/);
    expect((await rejects(start(sandbox, ['sh', '-c', 'echo list']), 'SandboxFailed')).message).to.equal("sh can't be executed: ENOENT, there is no such program, or the loader or interpreter that it names is not there");
    expect(await Promise.all(languageIds.map((id) => sandbox.toolchain(id)))).to.deep.equal(languageIds.map(() => undefined));
  };

  /** Programs and file commands write in both folders, and a folder can be copied into one of them. */
  const canBeWritten = async (mode: number, change: { where?: EngineAddress; kind?: ContainerKind }) => {
    const copied = mkdtempSync(join(tmpdir(), 'images-'));
    folders.push(copied);
    writeFileSync(join(copied, 'mine'), 'copied');
    const sandbox = await sandboxOf([program(one), sh, folder('workspace', mode), folder('tmp', mode)], { changes: ['WORKDIR /workspace'], copied, ...change });
    expect(await read(sandbox, '/workspace/mine')).to.equal('copied');
    for (const place of ['/workspace', '/tmp']) {
      await write(sandbox, `${place}/by-command`, 'x');
      expect(await textOf(sandbox, 'echo x > by-program; busybox mkdir folder; busybox rm by-command; busybox id -u; busybox stat -c %u .', { cwd: place })).to.equal('65534\n65534\n');
      expect(await names(sandbox, place)).to.include.members(['by-program', 'folder']).and.not.to.include('by-command');
    }
    expect(sandbox.isolation.layers.filter(({ state }) => state !== 'enforced')).to.deep.equal([]);
  };

  it('that has one program and neither sh nor find, stat and tar (E3) serves files and programs', async () => {
    const sandbox = await sandboxOf([program(one)]);
    await worksWithoutAnything(sandbox);
    await saysWhatIsMissing(sandbox);
  });

  it('that has one program works with an engine elsewhere', async () => {
    const sandbox = await sandboxOf([program(one)], { where: { ...address(), local: false } });
    await worksWithoutAnything(sandbox);
    await saysWhatIsMissing(sandbox);
  });

  describe('under gVisor', () => {
    before(need('gVisor', ociRuntime('runsc')));

    it('that has one program serves files and programs', async () => {
      const sandbox = await sandboxOf([program(one)], { kind: gvisor });
      await worksWithoutAnything(sandbox);
      await saysWhatIsMissing(sandbox);
    });

    it('that has a /workspace and a /tmp of root with the mode 755, and WORKDIR /workspace, can be written (E1)', () => canBeWritten(0o755, { kind: gvisor }));
  });

  describe('whose programs can not be started (E5)', () => {
    const another = process.arch === 'arm64' ? 'x86_64' : 'aarch64';
    const file = (name: string, content: Buffer | string): Entry => ({ name, mode: 0o755, content: Buffer.from(content) });
    const faultOf = async (sandbox: Sandbox, command: Program['command']) => (await rejects(start(sandbox, command), 'SandboxFailed')).message;

    it('because they are of another architecture, serves files and says what the kernel says', async () => {
      const foreign = readFileSync(agentFile(another));
      const sandbox = await sandboxOf(['bin/sh', 'bin/python3', 'bin/node'].map((name) => file(name, foreign)));
      await write(sandbox, '/workspace/file', 'content');
      expect(await read(sandbox, '/workspace/file')).to.equal('content');
      const words = "can't be executed: ENOEXEC, exec format error: it is made for machines of another kind (architecture) than this one, or it is no program";
      expect(await faultOf(sandbox, 'echo text')).to.equal(`/bin/sh ${words}`);
      const python = await sandbox.toolchain('python');
      expect(await faultOf(sandbox, python?.phases('/workspace/file', [], '/tmp')[0]?.command ?? [])).to.equal(`python3 ${words}`);
      // Its version has to be known first.
      expect((await rejects(sandbox.toolchain('typescript'), 'SandboxFailed')).message).to.equal(`node ${words}`);
    });

    it('because their interpreter is not there, says so', async () => {
      const sandbox = await sandboxOf([program(one), file('bin/tool', '#!/nowhere/interpreter\n')]);
      expect(await faultOf(sandbox, ['tool'])).to.equal("tool can't be executed: ENOENT, there is no such program, or the loader or interpreter that it names is not there");
    });

    it('because PATH does not lead to them, runs command lines and programs with a path', async () => {
      const sandbox = await sandboxOf([program(one), sh], { changes: ['ENV PATH=/nowhere'] });
      expect(await textOf(sandbox, 'echo text')).to.equal('text\n');
      expect(await textOf(sandbox, ['/bin/busybox', 'echo', 'text'])).to.equal('text\n');
      expect(await faultOf(sandbox, ['sh', '-c', 'echo text'])).to.match(/^sh can't be executed: ENOENT, there is no such program/);
      expect(await sandbox.toolchain('shellscript')).to.equal(undefined);
    });
  });

  it('that has nothing at all serves files, and gets a folder that is copied', async () => {
    const copied = mkdtempSync(join(tmpdir(), 'images-'));
    folders.push(copied);
    writeFileSync(join(copied, 'mine'), 'copied');
    const sandbox = await sandboxOf([], { copied });
    expect(await read(sandbox, '/workspace/mine')).to.equal('copied');
    expect(await names(sandbox, '/workspace')).to.deep.equal(['mine']);
    await saysWhatIsMissing(sandbox);
  });

  for (const [where, local] of [['on this machine', true], ['elsewhere', false]] as const) {
    for (const mode of [0o755, 0o700]) {
      it(`that has a /workspace and a /tmp of root with the mode ${mode.toString(8)}, and WORKDIR /workspace, can be written (E1), with an engine ${where}`, () =>
        canBeWritten(mode, { where: { ...address(), local } }));
    }

    it(`that has an agent and a socket of its own at our path gets ours all the same, with an engine ${where}`, async () => {
      const fake: Entry = { name: '.codebeaker/agent', mode: 0o777, content: Buffer.from('#!/bin/sh\nexec sleep 600\n') };
      const sandbox = await sandboxOf([program(one), sh, folder('.codebeaker', 0o777), fake, folder('.codebeaker/socket', 0o777)], { where: { ...address(), local } });
      expect(await textOf(sandbox, 'echo here')).to.equal('here\n');
      const tries = 'for t in "busybox touch x" "busybox rm agent" "busybox mv agent y" "busybox touch socket/x"; do (cd /.codebeaker; $t) 2>/dev/null && echo "$t: done"; done; echo tried';
      expect(await textOf(sandbox, tries)).to.equal('tried\n');
    });
  }

  it('whose /workspace nobody may write at all is refused, where the OCI runtime takes that over, with the reason', async () => {
    const made = await sandboxOf([folder('workspace', 0o555)]).then((sandbox) => write(sandbox, '/workspace/file', 'x'), (fault: Error) => fault.message);
    expect(made).to.be.oneOf([undefined, "the container did not become a sandbox: its programs can't write in /workspace"]);
    if (made !== undefined) expect(held?.containers()).to.deep.equal([]);
  });

  for (const [name, more] of [['there', [folder('elsewhere', 0o755)]], ['not there', []]] as const) {
    it(`whose /workspace and /tmp are links to directories that are ${name} (E7) can be written`, async () => {
      const link = (from: string, to: string): Entry => ({ name: from, type: 'symlink', linkname: to, mode: 0o777 });
      const sandbox = await sandboxOf([program(one), sh, ...more, folder('var', 0o755), link('workspace', '/elsewhere'), link('tmp', 'var/tmp')], { changes: ['WORKDIR /workspace'] });
      for (const place of ['/workspace', '/tmp']) {
        await write(sandbox, `${place}/by-command`, 'x');
        expect(await textOf(sandbox, 'echo x > by-program; busybox cat by-command', { cwd: place })).to.equal('x');
        expect(await names(sandbox, place)).to.deep.equal(['by-command', 'by-program']);
      }
      expect(sandbox.isolation.layers.filter(({ state }) => state !== 'enforced')).to.deep.equal([]);
    });
  }

  it('has files whose names are not UTF-8 (E7), which are listed, read, copied and removed by the names that are told', async () => {
    const sandbox = await sandboxOf([program(one), sh]);
    await textOf(sandbox, `mkdir() { busybox mkdir "$@"; }; n=$(printf 'na\\377me'); mkdir "$n"; echo text > "$n/$n"; echo text > "$(printf '\\303')"`);
    const [inner, outer] = ['na\u{10feff}me', '\u{10fec3}'];
    expect(await names(sandbox, '/workspace', true)).to.have.members([inner, `${inner}/${inner}`, outer]);
    expect(await read(sandbox, `/workspace/${inner}/${inner}`)).to.equal('text\n');
    await sandbox.files.copy(`/workspace/${inner}`, '/workspace/copy', { recursive: true, overwrite: false });
    expect(await names(sandbox, '/workspace/copy')).to.deep.equal([inner]);
    await sandbox.files.delete(`/workspace/${inner}`, { recursive: true, force: false });
    expect(await names(sandbox, '/workspace')).to.have.members(['copy', outer]);
  });

  it('with a VOLUME (K7) has a limit there, too', async () => {
    const sandbox = await sandboxOf([program(one), sh, folder('data', 0o777)], { changes: ['VOLUME /data'] });
    expect(sandbox.isolation.layers.filter(({ state }) => state !== 'enforced')).to.deep.equal([]);
    expect(await textOf(sandbox, 'echo x > /data/file; busybox head -c 67108864 /dev/zero 2>&1 > /data/more; busybox cat /data/file')).to.match(/(No space left|I\/O error)\nx\n$/);
  });

  it('with a directory that nobody may read, mode 0300 (E3), tells so instead of listing nothing', async () => {
    const sandbox = await sandboxOf([program(one), sh]);
    await textOf(sandbox, 'busybox mkdir -p outer/closed; echo text > outer/closed/file; busybox chmod 0300 outer/closed');
    expect((await rejects(names(sandbox, '/workspace/outer/closed'), 'InvalidPath')).message).to.equal('/workspace/outer/closed: permission denied');
    const { entries, truncated } = await sandbox.files.list('/workspace/outer', { recursive: true, limit: 100, accept: () => true });
    expect([entries.map(({ path }) => path), truncated]).to.deep.equal([['/workspace/outer/closed'], true]);
    // A file of it can be read by whoever knows its name.
    expect(await sandbox.files.read('/workspace/outer/closed/file', 0, undefined)).to.deep.equal({ bytes: Buffer.from('text\n'), size: 5 });
    await sandbox.files.delete('/workspace/outer', { recursive: true, force: false });
    expect(await names(sandbox, '/workspace')).to.deep.equal([]);
  });
});
