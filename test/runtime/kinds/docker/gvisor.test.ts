/** Containers under gVisor on the real engine: they have a kernel and limits of their own, and nothing outside can be reached. */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { systemClock } from '../../../../server/src/base/clock.ts';
import { containerOptions, DAEMON_LABEL } from '../../../../server/src/runtime/kinds/docker/container.ts';
import { Engine } from '../../../../server/src/runtime/kinds/docker/engine.ts';
import { volumeDoor } from '../../../../server/src/runtime/kinds/docker/entrance.ts';
import { containerKinds } from '../../../../server/src/runtime/kinds/docker/kinds.ts';
import type { Sandbox } from '../../../../server/src/runtime/ports.ts';
import { dockerImage, need, ociRuntime } from '../../../require.ts';
import { run, start, textOf } from '../../contract/harness.ts';
import { address, busybox, debian, docker, gvisor, mountsOf, real, type Real } from './real.ts';
import { spec, until } from './subject.ts';

const MiB = 1024 * 1024;
/** runsc with --host-uds=open. */
const WITH_SOCKETS = 'runsc-with-sockets';

/** Python that makes up that programs have ended well, on channels that may be its own, and then exits with 7. */
const forge = (how: string) => ['import os, struct, time', 'frame = lambda channel: struct.pack("<IIB", 22, channel, 68) + bytes(22)', how, 'time.sleep(0.5)', 'os._exit(7)'].join('\n');
const forgeries: Record<string, [how: string, outcomes: readonly string[]]> = {
  'frames, into the stdout of the agent': ['f = os.open("/proc/1/fd/1", os.O_WRONLY)\nfor channel in range(1, 20): os.write(f, frame(channel))', ['lost', 'exited 7']],
  'frames, and takes those of the agent away': ['os.open("/proc/1/fd/1", os.O_RDONLY | os.O_NONBLOCK)\nf = os.open("/proc/1/fd/1", os.O_WRONLY)\nfor channel in range(1, 20): os.write(f, frame(channel))', ['lost', 'exited 7']],
  'requests, into the stdin of the agent': ['f = os.open("/proc/1/fd/0", os.O_WRONLY)\nfor channel in range(1, 20):\n  try: os.write(f, struct.pack("<IIB", 0, channel, 6))\n  except OSError: pass', ['lost', 'exited 7']],
  'requests with seals that it made up': ['f = os.open("/proc/1/fd/0", os.O_WRONLY)\nfor channel in range(1, 20):\n  try: os.write(f, struct.pack("<IIB", 0, channel, 6) + bytes(16))\n  except OSError: pass', ['lost', 'exited 7']],
  'reports, into whatever the agent and its supervisors have open': [[
    'for process in filter(str.isdigit, os.listdir("/proc")):',
    '  if int(process) == os.getpid(): continue',
    '  for number in range(3, 40):',
    '    try: f = os.open(f"/proc/{process}/fd/{number}", os.O_WRONLY | os.O_NONBLOCK)',
    '    except OSError: continue',
    '    if number in (5, 6) or os.readlink(f"/proc/{process}/fd/{number}").startswith("host:"): continue',
    '    for channel in range(1, 20): os.write(f, struct.pack("<iIiiiiQ", 2, channel, 5, 0, 0, 0, 0))',
  ].join('\n'), ['exited 7']],
};

describe('a container under gVisor on the real engine', () => {
  before(need('gVisor', ociRuntime('runsc')));
  before(need('docker', dockerImage(debian)));
  let held: Real;
  let sandbox: Sandbox;
  beforeEach(async () => {
    held = real(debian, undefined, gvisor);
    sandbox = await held.create();
  });
  afterEach(async () => {
    await sandbox.close();
    await held.close();
    expect(held.containers()).to.deep.equal([]);
  });

  it('has every option of the hardening list, and runsc as its OCI runtime (F-B7)', () => {
    const { Config, HostConfig, Mounts, State } = held.inspect();
    expect(State.Running).to.equal(true);
    expect(Config.User).to.equal('65534:65534');
    expect(HostConfig).to.deep.include({
      Runtime: 'runsc', Privileged: false, CapAdd: null, CapDrop: ['ALL'], ReadonlyRootfs: true, AutoRemove: true, Init: false, NetworkMode: 'none', IpcMode: 'private',
      PidMode: '', UTSMode: '', Binds: null, Memory: 64 * MiB, MemorySwap: 64 * MiB, NanoCpus: 1e9, LogConfig: { Type: 'none', Config: {} },
    });
    expect(HostConfig.SecurityOpt).to.deep.equal(['no-new-privileges']);
    expect(HostConfig.Ulimits).to.deep.include({ Name: 'nproc', Soft: 64, Hard: 64 });
    expect(mountsOf(Mounts)).to.deep.equal(['/.codebeaker/agent', '/.codebeaker/socket', '/.codebeaker/typescript', '/etc/hosts'].map((path) => ({ Type: 'bind', Destination: path, RW: false, Propagation: 'rprivate' })));
  });

  it('reports every layer as enforced', () => {
    const { score, layers } = sandbox.isolation;
    expect(Object.fromEntries(layers.map(({ name, state }) => [name, state]))).to.deep.equal({
      kernel: 'enforced', user: 'enforced', capabilities: 'enforced', noNewPrivileges: 'enforced', seccomp: 'enforced', verdicts: 'enforced', filesystem: 'enforced',
      network: 'enforced', memory: 'enforced', cpu: 'enforced', pids: 'enforced', disk: 'enforced',
    });
    expect(score).to.equal(9);
  });

  it("is not served by the host's kernel", async () => {
    expect(await textOf(sandbox, 'cat /proc/version')).not.to.equal(readFileSync('/proc/version', 'utf8'));
    expect(await textOf(sandbox, 'uname -r')).not.to.equal(docker('info', '--format', '{{.KernelVersion}}'));
    expect(await textOf(sandbox, 'cat /proc/cmdline')).to.match(/-gvisor/);
    // The host sees no process of the sandbox, only those of gVisor, of which the sentry has a system call filter of its own.
    const mark = `87${String(process.pid).padStart(6, '0')}`;
    await start(sandbox, `echo ready; sleep ${mark}`).then(({ output }) => output.seen('ready'));
    expect(hostProcesses((cmdline) => cmdline.includes('sleep') && cmdline.includes(mark))).to.deep.equal([]);
    const [sentry] = hostProcesses((cmdline) => cmdline.startsWith('runsc-sandbox') && cmdline.includes(held.containers()[0] ?? '-'));
    expect(sentry, 'the sentry').to.match(/^Seccomp:\s*2$/m);
  });

  it('can not gain any privilege, nor see more than its own', async () => {
    const attempts = [
      'mount -t tmpfs x /tmp', 'unshare -m true', 'unshare -U true', 'unshare -r true', 'nsenter -t 1 -m true', 'touch /etc/x', 'chown 0 /tmp', 'mknod /tmp/x b 8 0 && dd if=/tmp/x count=1', 'mknod /tmp/y c 1 1 && dd if=/tmp/y count=1', 'su -c id',
      'echo 1 > /proc/sys/kernel/panic', 'cat /etc/shadow', 'ls /ro*t', 'cat /proc/kcore', 'cat /dev/mem', 'dd if=/dev/fuse count=1', 'ls /var/run/docker.sock', 'cat /proc/1/ro*t/etc/shadow',
    ];
    for (const attempt of attempts) expect((await run(sandbox, attempt)).exit, attempt).not.to.deep.include({ code: 0 });
    expect(await textOf(sandbox, 'grep -E "CapEff|CapBnd|CapPrm" /proc/self/status | tr -s "\\t\\n" "  "')).to.equal('CapPrm: 0000000000000000 CapEff: 0000000000000000 CapBnd: 0000000000000000 ');
    expect(await textOf(sandbox, 'echo here')).to.equal('here\n');
  });

  believesNoForgery(() => sandbox);

  it('reaches nothing on the network', async () => {
    const tries = ['("172.17.0.1", 22)', '("169.254.169.254", 80)', '("1.1.1.1", 53)'].map((where) => ['AF_INET', where]);
    const all = [...tries, ['AF_UNIX', '"/var/run/docker.sock"'], ['AF_UNIX', '"\\0/org/freedesktop/systemd1"']];
    const connect = ([family, where]: string[]) => `s = socket.socket(socket.${family}); s.settimeout(3)\ntry: s.connect(${where}); print("connected")\nexcept OSError: print("refused")`;
    expect(await textOf(sandbox, ['python3', '-c', ['import socket', ...all.map(connect)].join('\n')])).to.equal('refused\n'.repeat(5));
    expect(await textOf(sandbox, 'cat /proc/[0-9]*/environ | tr "\\0" "\\n"')).not.to.match(/DOCKER|SSH_|DBUS|TOKEN|SECRET|KEY|PROXY/i);
  });

  it('gives set-user-ID programs nothing', async () => {
    const image = `codebeaker-setuid-${randomUUID()}`;
    const maker = docker('create', debian, 'chmod', '4755', '/usr/bin/id');
    docker('start', '-a', maker);
    docker('commit', maker, image);
    docker('rm', maker);
    const other = real(image, undefined, gvisor);
    try {
      const one = await other.create();
      expect(await textOf(one, 'stat -c %A,%u /usr/bin/id; id -u')).to.equal('-rwsr-xr-x,0\n65534\n');
    } finally {
      await other.close();
      docker('rmi', '-f', image);
    }
  });

  it('has the limits that were asked for', async () => {
    const one = await held.create({ limits: { ...spec.limits, memoryBytes: 96 * MiB, pids: 40, diskBytes: 8 * MiB, cpus: 0.5 } });
    expect(await textOf(one, 'read -r a b c </proc/meminfo; echo $b; ulimit -p; ulimit -n; ulimit -c')).to.equal(`${96 * 1024}\n40\n4096\n0\n`);
    expect(await textOf(one, 'for d in /tmp /workspace /dev/shm; do set -- $(df -k $d | tail -n 1); echo $2; done')).to.equal('3072\n4096\n1024\n');
    const forks = 'i=0; while [ $i -lt 100 ]; do sleep 30 & i=$((i + 1)); done; echo all';
    for (const [refusal, command] of [[/[Ff]ork/, ['sh', '-c', forks]], [/not permitted/, ['unshare', '-r', 'sh', '-c', forks]]] as const) {
      const program = await start(one, command);
      await program.exited;
      await program.kill();
      expect(program.output.of('stdout').toString()).to.equal('');
      expect(program.output.of('stderr').toString()).to.match(refusal);
    }
    await one.close();
  });

  it('has threads, and processes made in every way', async () => {
    const program = [
      'import ctypes, os, threading',
      'thread = threading.Thread(target=lambda: print("thread", flush=True)); thread.start(); thread.join()',
      'os.waitpid(os.posix_spawn("/bin/echo", ["echo", "spawned"], {}), 0)',
      'call = ctypes.CDLL(None, use_errno=True).syscall',
      'for name, number, flags in [("clone", 56, 0x10000011), ("unshare", 272, 0x10000000)]: print(name, call(number, flags, 0, 0, 0, 0), ctypes.get_errno())',
    ];
    expect(await textOf(sandbox, ['python3', '-c', program.join('\n')])).to.equal('thread\nspawned\nclone -1 1\nunshare -1 1\n');
  });

  it('gets no more of the processor than asked', async () => {
    const before = held.containers();
    const one = await held.create({ limits: { ...spec.limits, cpus: 0.5 } });
    // Inside, the time for which a program has to wait counts as processor time. The engine measures it correctly.
    for (let spinning = 0; spinning < 2; spinning++) await start(one, 'while :; do :; done');
    const id = held.containers().find((each) => !before.includes(each)) ?? '';
    const percent = Number.parseFloat(docker('stats', '--no-stream', '--format', '{{.CPUPerc}}', id));
    expect(percent).to.be.above(5).and.below(65);
    await one.close();
  });

  it('ends when the connection that is its lease ends', async () => {
    const engine = new Engine(address(), systemClock);
    const daemonId = `test.${process.pid}.${randomUUID().slice(0, 8)}`;
    const door = volumeDoor('x86_64');
    const identity = { name: `codebeaker-${daemonId}`, daemonId, oci: { name: 'runsc', gvisor: true }, entrance: door, workspace: undefined, user: { uid: 65_534, gid: 65_534 } };
    const id = await engine.create(containerOptions(spec, debian, identity));
    await door.fill(engine, id, new AbortController().signal);
    const lease = await engine.attach(id, new AbortController().signal);
    await engine.start(id, new AbortController().signal);
    await new Promise((resolve) => lease.once('data', resolve));
    const there = () => docker('ps', '-aq', '--filter', `label=${DAEMON_LABEL}=${daemonId}`);
    expect(there()).not.to.equal('');
    lease.destroy();
    await until('the container is gone', () => there() === '');
  });
});

describe('a container under gVisor that may connect to sockets of the host', () => {
  before(need('gVisor', ociRuntime(WITH_SOCKETS)));
  before(need('docker', dockerImage(debian)));
  let held: Real;
  let sandbox: Sandbox;
  beforeEach(async () => {
    held = real(debian, undefined, containerKinds({ runtimes: { [WITH_SOCKETS]: { isolation: 9 } } }).at(-1));
    sandbox = await held.create();
  });
  afterEach(async () => {
    await sandbox.close();
    await held.close();
    expect(held.containers()).to.deep.equal([]);
  });

  it('has its frames over a socket, which takes no second connection, and all layers', async () => {
    expect(await textOf(sandbox, 'readlink /proc/1/fd/*')).to.match(/^socket:/m);
    const program = 'import socket\ns = socket.socket(socket.AF_UNIX)\ntry: s.connect("/.codebeaker/socket/s"); print("connected")\nexcept OSError: print("refused")';
    expect(await textOf(sandbox, ['python3', '-c', program])).to.equal('refused\n');
    expect(sandbox.isolation).to.deep.include({ score: 9 }).and.to.have.property('layers').that.satisfies((all: { state: string }[]) => all.every(({ state }) => state === 'enforced'));
  });

  believesNoForgery(() => sandbox);
});

/** What programs send in the place of the agent, or take away from it, makes no result. */
function believesNoForgery(sandbox: () => Sandbox): void {
  for (const [name, [how, outcomes]] of Object.entries(forgeries)) {
    it(`is not believed what a program forges (K1, K2, F-D9): ${name}`, async () => {
      const running = await start(sandbox(), ['python3', '-c', forge(how)]);
      const exit = await running.exited;
      expect(exit.kind === 'exited' ? `exited ${exit.code}` : exit.kind, running.output.of('stderr').toString()).to.be.oneOf(outcomes);
    });
  }

  it('does not take it for done if a program takes away what the daemon asks for', async () => {
    const thief = 'import os, time\nf = os.open("/proc/1/fd/0", os.O_RDONLY | os.O_NONBLOCK)\nprint("ready", flush=True)\nend = time.time() + 2\nwhile time.time() < end:\n  try: os.read(f, 65536)\n  except OSError: time.sleep(0)';
    const running = await start(sandbox(), ['python3', '-c', thief]);
    await running.output.seen('ready');
    const ask = () => run(sandbox(), 'exit 7').then(({ exit }) => (exit.kind === 'exited' ? exit.code : exit.kind), (fault: { kind: string }) => fault.kind);
    const asked = Array.from({ length: 20 }, ask);
    await running.exited;
    // What comes after something that was taken away tells that it is missing.
    const outcomes = await Promise.all([...asked, ask()]);
    expect(new Set(outcomes)).to.satisfy((all: Set<unknown>) => [...all].every((outcome) => [7, 'lost', 'SandboxLost'].includes(outcome as string)));
  });
}

/** The text of /proc/PID/status of the host's processes with such a command line. */
function hostProcesses(like: (cmdline: string) => boolean): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      return like(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')) ? [readFileSync(`/proc/${pid}/status`, 'utf8')] : [];
    } catch {
      // It has ended.
      return [];
    }
  });
}

describe('a container with another OCI runtime of the engine', () => {
  before(need('gVisor', ociRuntime('runc-again')));
  before(need('docker', dockerImage(busybox)));

  for (const [name, docker, id, isolation] of [
    ['named in the configuration', { runtimes: { again: { ociRuntime: 'runc-again', isolation: 6 } } }, 'again', 6],
    ['that is worth more than it can be', { runtimes: { 'runc-again': { isolation: 9 } } }, 'runc-again', 6],
    ['in place of the engine\'s own', { ociRuntime: 'runc-again' }, 'docker', 7],
  ] as const) {
    it(`${name} runs programs, and has the score of what was found inside`, async () => {
      const kind = containerKinds(docker).find((each) => each.id === id);
      const held = real(busybox, undefined, kind);
      expect(await held.runtime.refresh(new AbortController().signal)).to.include({ id, available: true });
      const sandbox = await held.create();
      expect(held.inspect().HostConfig).to.include({ Runtime: 'runc-again', PidsLimit: 64 });
      expect(await textOf(sandbox, 'echo here')).to.equal('here\n');
      expect(sandbox.isolation.score).to.equal(isolation);
      await sandbox.close();
      expect(held.containers()).to.deep.equal([]);
      await held.close();
    });
  }
});
