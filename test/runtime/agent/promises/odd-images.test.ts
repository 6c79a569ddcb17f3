/** Images that ask for volumes (K7), and images in which /workspace is a link (E7). */
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import type { Sandbox } from '../../../../server/src/runtime/ports.ts';
import { containerOptions } from '../../../../server/src/runtime/kinds/docker/container.ts';
import { Volumes } from '../../../../server/src/runtime/kinds/docker/volumes.ts';
import { dockerImage, need } from '../../../require.ts';
import { create, limits, names, read, run, type Subject, textOf, write } from '../../contract/harness.ts';
import { containerSubject } from '../../kinds/docker/contract-subject.ts';
import { busybox, docker, plain } from '../../kinds/docker/real.ts';

describe('the volumes of an image', () => {
  it('are learnt from what can be written without a limit, once', () => {
    const volumes = new Volumes();
    expect(volumes.learn('image', [])).to.equal(false);
    expect(volumes.learn('image', ['/data'])).to.equal(true);
    expect(volumes.learn('image', ['/data'])).to.equal(false);
    expect(volumes.learn('image', ['/more'])).to.equal(true);
    expect([volumes.of('image'), volumes.of('other')]).to.deep.equal([['/data', '/more'], []]);
  });

  it('share the part of the disk that is for /tmp', () => {
    const spec = { name: 'n', language: undefined, image: 'i', limits, workspace: undefined } as const;
    const identity = { name: 'n', daemonId: 'd', oci: { name: undefined, gvisor: false }, user: { uid: 1, gid: 1 }, workspace: undefined, entrance: { mounts: [], args: [], engineNames: false }, volumes: ['/data', '/more'] };
    const { Tmpfs, ShmSize } = containerOptions(spec, 'i', identity).HostConfig as { Tmpfs: Record<string, string>; ShmSize: number };
    const sizes = Object.fromEntries(Object.entries(Tmpfs).map(([place, text]) => [place, Number(/size=(\d+)/.exec(text)?.[1]) / limits.diskBytes]));
    expect({ ...sizes, '/dev/shm': ShmSize / limits.diskBytes }).to.deep.equal({ '/tmp': 1 / 8, '/data': 1 / 8, '/more': 1 / 8, '/workspace': 1 / 2, '/dev/shm': 1 / 8 });
  });
});

describe('an odd image', () => {
  before(need('docker', dockerImage(busybox)));
  const image = `codebeaker-odd-${process.pid}`;
  let subject: Subject | undefined;
  afterEach(async () => {
    await subject?.dispose();
    docker('rmi', '-f', image);
  });

  const sandboxOf = async (...lines: string[]): Promise<Sandbox> => {
    execFileSync('docker', ['build', '-q', '-t', image, '-'], { input: [`FROM ${busybox}`, ...lines].join('\n'), stdio: ['pipe', 'pipe', 'pipe'] });
    subject = await containerSubject(image, plain);
    return create(subject);
  };
  const diskOf = ({ isolation }: Sandbox) => isolation.layers.find(({ name }) => name === 'disk');

  it('that asks for a volume gets one that is bounded, and counts', async () => {
    const sandbox = await sandboxOf('RUN mkdir -p /data/open && chmod 777 /data/open', 'VOLUME /data');
    expect(diskOf(sandbox)).to.include({ state: 'enforced', detail: `${limits.diskBytes} bytes in /data, /dev/shm, /tmp, /workspace together, counted as memory` });
    expect((await run(sandbox, 'head -c 64000000 /dev/zero >/data/x')).stderr.toString()).to.match(/No space left|I\/O error/);
    await sandbox.close();
  });

  it('in which /workspace is a link has its files where the link leads', async () => {
    const sandbox = await sandboxOf('RUN rm -rf /workspace; mkdir /real && ln -s /real /workspace');
    expect(diskOf(sandbox)).to.include({ state: 'enforced' });
    await write(sandbox, '/workspace/folder/file', 'text');
    expect(await textOf(sandbox, 'cat /real/folder/file; pwd -P')).to.equal('text/real\n');
    expect([await names(sandbox, '/workspace', true), await read(sandbox, '/workspace/folder/file')]).to.deep.equal([['folder', 'folder/file'], 'text']);
    await sandbox.close();
  });
});
