/** Containers on the real engine: what was asked for is in force inside (F-B7, F-B8, F-B10), and nothing outside can be reached from there. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { expect } from 'chai';
import fc from 'fast-check';
import { systemClock } from '../../../../server/src/base/clock.ts';
import type { Limits } from '../../../../server/src/protocol/index.ts';
import { diskShares } from '../../../../server/src/runtime/agent/index.ts';
import type { Sandbox } from '../../../../server/src/runtime/ports.ts';
import { sweepContainers } from './sweep.ts';
import { dockerImage, need } from '../../../require.ts';
import { rejects, run, textOf } from '../../contract/harness.ts';
import { busybox, debian, docker, mountsOf, real, type Real } from './real.ts';
import { spec } from './subject.ts';

const MiB = 1024 * 1024;

/** Prints a line for each limit of the kernel, for both versions of cgroups. */
const KERNEL = `
c=/sys/fs/cgroup
cat $c/memory.max $c/memory/memory.limit_in_bytes 2>/dev/null
cat $c/memory.swap.max 2>/dev/null || echo $(($(cat $c/memory/memory.memsw.limit_in_bytes) - $(cat $c/memory/memory.limit_in_bytes)))
cat $c/pids.max $c/pids/pids.max 2>/dev/null
set -- $(cat $c/cpu.max 2>/dev/null || echo $(cat $c/cpu/cpu.cfs_quota_us) $(cat $c/cpu/cpu.cfs_period_us)); echo $(($1 * 1000 / $2))
for d in /tmp /workspace /dev/shm; do set -- $(df -k $d | tail -n 1); echo $(($2 * 1024)); done
ulimit -n; ulimit -c`;

describe('a container on the real engine', () => {
  before(need('docker', dockerImage(debian)));
  let held: Real;
  let sandbox: Sandbox | undefined;
  beforeEach(() => (held = real(debian)));
  afterEach(async () => {
    await sandbox?.close();
    sandbox = undefined;
    await held.close();
    expect(held.containers()).to.deep.equal([]);
  });

  it('has every option of the hardening list (F-B7, F-B9, F-D2)', async () => {
    sandbox = await held.create();
    const { Config, HostConfig, Mounts, State } = held.inspect();
    expect(State.Running).to.equal(true);
    expect(Config.User).to.equal('65534:65534');
    expect(HostConfig).to.deep.include({
      Privileged: false, CapAdd: null, CapDrop: ['ALL'], ReadonlyRootfs: true, AutoRemove: true, Init: false, NetworkMode: 'none', IpcMode: 'private',
      PidMode: '', UTSMode: '', Binds: null, VolumesFrom: null, PublishAllPorts: false,
      Memory: 64 * MiB, MemorySwap: 64 * MiB, PidsLimit: 64, NanoCpus: 1e9, LogConfig: { Type: 'none', Config: {} },
    });
    expect(HostConfig.SecurityOpt).to.deep.equal(['no-new-privileges']);
    expect(HostConfig.Devices ?? []).to.deep.equal([]);
    expect(HostConfig.DeviceRequests ?? []).to.deep.equal([]);
    // The agent and the folder with its socket, to which nobody inside can add anything, the loader for TypeScript, and the names of this machine.
    expect(mountsOf(Mounts)).to.deep.equal(['/.codebeaker/agent', '/.codebeaker/socket', '/.codebeaker/typescript', '/etc/hosts'].map((path) => ({ Type: 'bind', Destination: path, RW: false, Propagation: 'rprivate' })));
  });

  it('reports every layer as enforced', async () => {
    sandbox = await held.create();
    const { score, layers } = sandbox.isolation;
    expect(Object.fromEntries(layers.map(({ name, state }) => [name, state]))).to.deep.equal({
      user: 'enforced', capabilities: 'enforced', noNewPrivileges: 'enforced', seccomp: 'enforced', verdicts: 'enforced', filesystem: 'enforced',
      network: 'enforced', memory: 'enforced', cpu: 'enforced', pids: 'enforced', disk: 'enforced',
    });
    expect(score).to.equal(7);
  });

  it('has every limit in the kernel, as it was asked for (F-B8, F-B10)', async () => {
    const limits = fc.record({
      memoryBytes: fc.integer({ min: 24, max: 512 }).map((mib) => mib * MiB),
      cpus: fc.integer({ min: 1, max: 10 }).map((tenths) => tenths / 10),
      pids: fc.integer({ min: 24, max: 512 }),
      diskBytes: fc.integer({ min: 1, max: 128 }).map((mib) => mib * MiB),
    });
    const property = fc.asyncProperty(limits, async (asked) => {
      const all: Limits = { ...spec.limits, ...asked };
      const one = await held.create({ limits: all });
      try {
        const found = (await textOf(one, KERNEL)).trim().split('\n').map(Number);
        const { tmp, workspace, shm } = diskShares(asked.diskBytes, true);
        expect(found).to.deep.equal([asked.memoryBytes, 0, asked.pids, asked.cpus * 1000, tmp, workspace, shm, 4096, 0]);
        const { HostConfig } = held.inspect();
        expect([HostConfig.Memory, HostConfig.PidsLimit, HostConfig.NanoCpus]).to.deep.equal([asked.memoryBytes, asked.pids, asked.cpus * 1e9]);
        expect(one.isolation.layers.filter(({ state }) => state !== 'enforced')).to.deep.equal([]);
      } finally {
        await one.close();
      }
    });
    await fc.assert(property, { seed: 107, numRuns: 6 });
  });

  it('has as many processors as the host, if it asks for more (L19)', async () => {
    sandbox = await held.create({ limits: { ...spec.limits, cpus: 10_000 } });
    expect(held.inspect().HostConfig.NanoCpus).to.equal(cpus().length * 1e9);
  });

  it('is refused with a clear message where it asks for too little memory to run', async () => {
    expect((await rejects(held.create({ limits: { ...spec.limits, memoryBytes: 1 } }), 'SandboxFailed')).message).to.match(/memory/i);
  });

  it('is removed at once even if it has little processor time and many busy processes (F-B9)', async () => {
    sandbox = await held.create({ limits: { ...spec.limits, cpus: 0.1 } });
    await sandbox.start({ command: 'while :; do :; done', cwd: '/workspace', env: {}, stdin: 'none', pty: undefined }, () => undefined);
    await sandbox.close();
    expect(held.containers()).to.deep.equal([]);
  });

  it('sees nothing of the host: no socket, no network, no credentials, no device (F-B3, F-B4, F-B5)', async () => {
    sandbox = await held.create();
    expect(await textOf(sandbox, 'find / -xdev \\( -type s -o -type b \\) 2>/dev/null; find /tmp /run /var/run /dev/shm /workspace -type s 2>/dev/null; true')).to.equal('');
    expect(await textOf(sandbox, 'ls /var/run/docker.sock /run/docker.sock /run/containerd /run/dbus /run/user /ro*t/.docker 2>/dev/null; true')).to.equal('');
    expect(await textOf(sandbox, 'ls /sys/class/net')).to.equal('lo\n');
    const environment = await textOf(sandbox, 'env; cat /proc/[0-9]*/environ | tr "\\0" "\\n"');
    expect(environment).not.to.match(/DOCKER|SSH_|DBUS|TOKEN|SECRET|KEY|PROXY/i);
    const connect = (family: string, where: string) => `s = socket.socket(socket.${family}); s.settimeout(3)\ntry: s.connect(${where}); print("connected")\nexcept OSError as e: print("refused")`;
    const places = ['("172.17.0.1", 22)', '("192.168.65.7", 2375)', '("169.254.169.254", 80)', '("1.1.1.1", 53)'].map((where) => connect('AF_INET', where));
    const local = ['"/var/run/docker.sock"', '"\\0/org/freedesktop/systemd1"'].map((where) => connect('AF_UNIX', where));
    expect(await textOf(sandbox, ['python3', '-c', ['import socket', ...places, ...local].join('\n')])).to.equal('refused\n'.repeat(6));
  });

  it('does not show the engine what its programs get: command lines, variables, input and files (F-E7)', async () => {
    sandbox = await held.create();
    const canary = `canary-${randomUUID()}`;
    await sandbox.files.write('/workspace/file', Buffer.from(canary), { mode: 'overwrite', executable: undefined });
    const program = { command: ['sh', '-c', 'cat; echo "$CANARY"; cat file', canary], cwd: '/workspace', env: { CANARY: canary }, stdin: Buffer.from(canary), pty: undefined };
    const output: string[] = [];
    const { exited } = await sandbox.start(program, (_stream, chunk) => void output.push(chunk.toString()));
    await exited;
    expect(output.join('')).to.equal(`${canary}${canary}\n${canary}`);
    const [id = ''] = held.containers();
    expect(JSON.stringify(held.inspect()) + docker('diff', id)).not.to.contain(canary);
    expect(() => docker('logs', id)).to.throw();
  });

  it('can not gain any privilege', async () => {
    sandbox = await held.create();
    const attempts = ['mount -t tmpfs x /tmp', 'unshare -U true', 'unshare -m true', 'touch /etc/x', 'chown 0 /tmp', 'mknod /tmp/x b 8 0', 'su -c id', 'echo 1 > /proc/sys/kernel/panic'];
    for (const attempt of attempts) expect((await run(sandbox, attempt)).exit, attempt).not.to.deep.include({ code: 0 });
    expect(await textOf(sandbox, 'grep -E "CapEff|CapBnd|CapPrm|NoNewPrivs|Seccomp:" /proc/self/status | tr -s "\\t\\n" "  "')).to.equal(
      'CapPrm: 0000000000000000 CapEff: 0000000000000000 CapBnd: 0000000000000000 NoNewPrivs: 1 Seccomp: 2 ',
    );
  });

  it('sees nothing of an earlier or a parallel one (F-C11)', async () => {
    const canary = `canary-${randomUUID()}`;
    const leave = async (into: Sandbox) => {
      await textOf(into, `cd /tmp; mkdir -p a; echo ${canary} > a/file; echo ${canary} > /workspace/file; echo ${canary} > ".${canary}"; umask 0; export CANARY=${canary}`);
      await into.start({ command: ['sh', '-c', 'sleep 600', canary], cwd: '/tmp', env: { CANARY: canary }, stdin: 'none', pty: undefined }, () => undefined);
    };
    const search = (where: Sandbox) =>
      textOf(where, `pattern=$(echo ${canary} | tr a-z b-za | tr b-za a-z); { find / -xdev -name "*$pattern*"; find /tmp /workspace /dev/shm; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline; ps -e 2>/dev/null; } 2>/dev/null | tr '\\0' '\\n' | grep -c sleep; ls -A /tmp /workspace /dev/shm`);
    const earlier = await held.create();
    await leave(earlier);
    const beside = await held.create();
    await earlier.close();
    const after = await held.create();
    await leave(beside);
    // The shell that runs this line has the word sleep in its own command line.
    for (const clean of [after, await held.create()]) {
      expect((await search(clean)).split('\n').slice(1).join('\n')).to.equal('/dev/shm:\n\n/tmp:\n\n/workspace:\n');
      expect(await textOf(clean, `ls -d /proc/[0-9]* | wc -l; cat /proc/[0-9]*/environ | tr '\\0' '\\n' | grep -c ^CANARY; true`)).to.match(/^[1-9]\n0\n$/);
    }
  });
});

describe('a container that somebody else ends', () => {
  before(need('docker', dockerImage(busybox)));
  let held: Real;
  beforeEach(() => (held = real(busybox)));
  afterEach(() => held.close());

  const deaths: Record<string, (id: string) => void> = {
    'is killed': (id) => void docker('kill', id),
    'is removed': (id) => void docker('rm', '-f', id),
    'is stopped': (id) => void docker('stop', '-t', '0', id),
  };
  for (const [name, kill] of Object.entries(deaths)) {
    it(`is reported as lost to everybody who uses it, if it ${name} (F-C8, F-C12)`, async () => {
      const sandbox = await held.create();
      const running = await sandbox.start({ command: 'sleep 600', cwd: '/workspace', env: {}, stdin: 'none', pty: undefined }, () => undefined);
      kill(held.containers()[0] ?? '');
      expect(await sandbox.lost).to.equal('the sandbox ended');
      expect((await running.exited).kind).to.equal('lost');
      await rejects(textOf(sandbox, 'true'), 'SandboxLost');
      await rejects(textOf(sandbox, 'cat', { stdin: 'open' }), 'SandboxLost');
      await rejects(sandbox.files.write('/workspace/x', Buffer.alloc(0), { mode: 'overwrite', executable: undefined }), 'SandboxLost');
      await sandbox.close();
      expect(held.containers()).to.deep.equal([]);
    });
  }

  it('is reported as lost even while a process that a program has left behind floods its output', async () => {
    const sandbox = await held.create();
    await textOf(sandbox, 'yes & echo started');
    await systemDelay(500);
    // The engine does not end before its last output has been read.
    const removal = once(spawn('docker', ['rm', '-f', ...held.containers()]), 'exit');
    const { exit } = await run(sandbox, 'sleep 5').catch((fault: unknown) => ({ exit: fault }));
    expect(exit).to.satisfy((end: object) => 'kind' in end && ['lost', 'SandboxLost'].includes(end.kind as string));
    await sandbox.lost;
    await removal;
    await sandbox.close();
  });

  it('keeps nobody else waiting while it is paused, whatever waits for it (F-C7)', async () => {
    const stuck = await held.create();
    const [id = ''] = held.containers();
    const other = await held.create();
    const descriptors = () => readdirSync('/proc/self/fd').length;
    const before = descriptors();
    docker('pause', id);
    const waiting = Array.from({ length: 20 }, (_, at) => textOf(stuck, `echo ${at}`));
    for (let at = 0; at < 20; at++) expect(await textOf(other, `echo ${at}`)).to.equal(`${at}\n`);
    expect(descriptors() - before).to.be.below(5);
    docker('unpause', id);
    expect(await Promise.all(waiting)).to.deep.equal(Array.from({ length: 20 }, (_, at) => `${at}\n`));
    await Promise.all([stuck.close(), other.close()]);
  });

  it('goes on after it was only paused', async () => {
    const sandbox = await held.create();
    const [id = ''] = held.containers();
    const slow = textOf(sandbox, 'sleep 0.2; echo one');
    docker('pause', id);
    const waiting = textOf(sandbox, 'echo two');
    docker('unpause', id);
    expect([await slow, await waiting]).to.deep.equal(['one\n', 'two\n']);
    expect(await textOf(sandbox, 'echo three')).to.equal('three\n');
    await sandbox.close();
  });
});

const systemDelay = (ms: number) => new Promise<void>((resolve) => void systemClock.after(ms, resolve));

describe('what dead daemons leave on the engine', () => {
  before(need('docker', dockerImage(busybox)));

  it('is removed, whether it runs or not, and nothing else is (F-C5)', async () => {
    const held = real(busybox);
    const sandbox = await held.create();
    const dead = `dead.${randomUUID()}`;
    const label = (daemon: string) => ['--label', `codebeaker.daemon=${daemon}`, busybox, 'sleep', '600'];
    docker('create', ...label(dead));
    docker('run', '-d', ...label(dead));
    const stranger = docker('run', '-d', '--rm', busybox, 'sleep', '600');
    const neighbour = docker('run', '-d', '--rm', ...label(`alive.${randomUUID()}`));
    try {
      expect(await sweepContainers(held.engine, systemClock, (id) => id === dead)).to.equal(2);
      expect(docker('ps', '-aq', '--filter', `label=codebeaker.daemon=${dead}`)).to.equal('');
      expect(docker('ps', '-q', '--no-trunc').split('\n')).to.include.members([stranger, neighbour]);
      expect(await textOf(sandbox, 'echo here')).to.equal('here\n');
    } finally {
      docker('rm', '-f', stranger, neighbour);
      await sandbox.close();
      await held.close();
    }
  });
});
