/** The layers of sandboxes that the daemon asks for: options of containers and of bubblewrap, control groups, permissions of Deno, and that what is missing is told. */
import type { Layer } from './layer.ts';

const container = 'server/src/runtime/kinds/docker/container.ts';
const containerTest = 'test/runtime/kinds/docker/runtime.test.ts';
const engineTest = 'test/runtime/kinds/docker/engine.test.ts';
const bubblewrap = 'server/src/runtime/kinds/native/bubblewrap.ts';
const contract = 'test/runtime/kinds/native/contract.test.ts';
const native = 'test/runtime/kinds/native/layers.test.ts';
const groups = 'server/src/runtime/kinds/native/cgroup.ts';
const prepare = 'server/src/runtime/kinds/native/sandboxes.ts';
const layers = 'server/src/runtime/agent/layers.ts';
const layersTest = 'test/runtime/agent/layers.test.ts';
const deno = 'server/src/runtime/kinds/deno/command.ts';
const running = 'server/src/command/running-command.ts';

/** An option of a container: what is asked for, and what the engine really does with it. */
const option = (name: string, from: string, to: string, ...tests: readonly (readonly [test: string, title?: string])[]): Layer[] =>
  tests.map(([test, title]) => ({ name: `containers: ${name}`, file: container, from, to, test, ...(title === undefined ? {} : { title }) }));

const asked = [containerTest, 'asks for exactly this container'] as const;
const real = (title: string) => [engineTest, title] as const;
const hardened = real('every option of the hardening list');

export const sandboxes: readonly Layer[] = [
  ...option('another user', 'User: `${user.uid}:${user.gid}`,', '', asked, hardened),
  ...option('no capabilities', "CapDrop: ['ALL'],", '', asked, hardened),
  ...option('no new privileges', "SecurityOpt: ['no-new-privileges'],", '', asked, hardened),
  ...option('a read-only root', 'ReadonlyRootfs: true,', '', asked, hardened),
  ...option('no network', "NetworkMode: 'none',", "NetworkMode: 'bridge',", asked, hardened),
  ...option('memory of their own', "IpcMode: 'private',", '', asked),
  ...option('no log of the engine', "LogConfig: { Type: 'none', Config: {} },", '', asked, hardened),
  ...option('the number of open files', "{ Name: 'nofile', Soft: MAX_OPEN_FILES, Hard: MAX_OPEN_FILES },", '', asked, real('every limit in the kernel')),
  ...option('no core files', "{ Name: 'core', Soft: 0, Hard: 0 },", '', asked),
  ...option('the size of what can be written', 'size=${bytes},', '', asked, real('every limit in the kernel')),
  ...option('the number of inodes', ',nr_inodes=${MAX_INODES}', '', asked),
  ...option('the size of /dev/shm', 'ShmSize: shares.shm,', '', asked, real('every limit in the kernel')),
  ...option('the limits of the engine', '...engineLimits(onMachine({ ...limits, pids: gvisor ? hostThreads(limits) : limits.pids }, identity.processors)),', '', asked, real('every limit in the kernel')),
  ...option('labels', 'Labels: { [DAEMON_LABEL]: identity.daemonId, [SESSION_LABEL]: spec.name },', '', asked),
  ...option('the lease: stdin that is there once', 'StdinOnce: true,', '', asked),
  ...option('removal with their end', 'AutoRemove: true,', '', asked, hardened),
  ...option('no health check of an image', "Healthcheck: { Test: ['NONE'] },", '', asked),
  ...option('the working directory of an image', "WorkingDir: '/workspace',", '', asked),
  ...option('the processes of a user under gVisor', '...(gvisor ? [processUlimit(limits)] : []),', '', [containerTest, 'limits processes under gVisor inside']),
  { name: 'containers: a folder that may be read only', file: container, from: "ReadOnly: readOnly, ...", to: 'ReadOnly: false, ...', test: 'test/runtime/kinds/docker/create-faults.test.ts', title: 'is made with readOnly' },
  { name: 'containers: read-only mounts of ours', file: 'server/src/runtime/kinds/docker/entrance.ts', from: "Target: target, ReadOnly: true,", to: 'Target: target, ReadOnly: false,', test: containerTest, title: 'asks for exactly this container' },
  { name: 'gVisor: seals', file: 'server/src/runtime/kinds/docker/runtime.ts', from: 'const carrier = oci.gvisor ? sealedCarrier(chosen) : chosen;', to: 'const carrier = chosen; void sealedCarrier;', test: 'test/runtime/kinds/docker/gvisor.test.ts', title: 'is not believed what a program forges' },
  { name: 'gVisor: the check of a seal', file: 'server/src/runtime/agent/seal.ts', from: 'if (!timingSafeEqual(right, rest.subarray(end, this.#needed)))', to: 'if (!timingSafeEqual(right, right))', test: 'test/runtime/agent/seal.test.ts' },
  { name: 'gVisor: the numbers of seals', file: 'server/src/runtime/agent/seal.ts', from: 'head.writeBigUInt64LE(number, 1);', to: 'head.writeBigUInt64LE(number * 0n, 1);', test: 'test/runtime/agent/seal.test.ts' },
  { name: 'gVisor: the direction of seals', file: 'server/src/runtime/agent/seal.ts', from: 'head[0] = side;', to: 'head[0] = 0 * side;', test: 'test/runtime/agent/seal.test.ts' },
  { name: 'native: memory of its own', file: bubblewrap, from: "'--unshare-ipc', ", to: '', test: native },
  { name: 'native: no network', file: bubblewrap, from: "'--unshare-net', ", to: '', test: native },
  { name: 'native: a read-only root', file: bubblewrap, from: "    '--remount-ro', '/',\n", to: '', test: native },
  { name: 'native: read-only programs', file: bubblewrap, from: "...binds.flatMap(([host, inside]) => ['--ro-bind', host, inside]),", to: "...binds.flatMap(([host, inside]) => ['--bind', host, inside]),", test: native },
  { name: 'native: a folder that may be read only', file: bubblewrap, from: "[workspace.access === 'readOnly' ? '--ro-bind' : '--bind', workspace.path, '/workspace']", to: "['--bind', workspace.path, '/workspace']", test: native },
  { name: 'native: the size of what can be written', file: bubblewrap, from: "['--size', String(bytes), '--perms', '1777', '--tmpfs', place]", to: "['--perms', String(bytes && 1777), '--tmpfs', place]", test: contract, title: 'of the disk hold in /tmp' },
  { name: 'native: another user', file: bubblewrap, from: "return root ? ['--user', `${uid}:${gid}`] : [];", to: 'return root && uid < 0 ? [String(gid)] : [];', test: native },
  { name: 'native: no core files', file: prepare, from: '    `ulimit -c 0`,\n', to: '', test: native },
  { name: 'native: the number of open files', file: prepare, from: '    `ulimit -n ${MAX_OPEN_FILES}`,\n', to: '', test: native },
  { name: 'native: the limit of memory', file: groups, from: "      { file: 'memory.limit_in_bytes', value: String(memoryBytes) },\n", to: '', test: contract, title: 'can be changed, and are told and felt' },
  { name: 'native: the limit of processors', file: groups, from: "      { file: 'cpu.cfs_quota_us', value: String(quota(cpus)) },\n", to: '', test: contract, title: 'of the processor slow down' },
  { name: 'native: the limit of processes', file: groups, from: "pids: ({ pids }) => [{ file: 'pids.max', value: String(pids) }],\n  },\n  2:", to: 'pids: () => [],\n  },\n  2:', test: contract, title: 'of processes leave no command without' },
  { name: 'native: nothing without a bubblewrap that works', file: 'server/src/runtime/kinds/native/sandboxes.ts', from: "      findings.program, '--args', String(OPTIONS_FD), '--', AGENT,", to: "      findings.agent,", test: 'test/runtime/kinds/native/fail-closed.test.ts' },
  ...([
    ['user', "layer('user', uid > 0,", "layer('user', uid !== -1,"],
    ['capabilities', "layer('capabilities', noCapabilities,", "layer('capabilities', noCapabilities || true,"],
    ['seccomp', "layer('seccomp', facts.seccomp === 2,", "layer('seccomp', facts.seccomp !== 9,"],
    ['verdicts', "if (!agent.closed) return", 'if (!agent) return'],
    ['processes', "layer('processes', pid < FEW_PROCESSES,", "layer('processes', pid >= 0,"],
    ['file system', "mounts.get('/')?.options.includes('ro') ?? false, detail", "mounts.has('/') || true, detail"],
    ['network', "layer('network', alone,", "layer('network', alone || true,"],
    ['disk', "state: total <= limits.diskBytes + sizes.size * PAGE_BYTES ? 'enforced' : 'degraded', detail };", "state: total >= 0 ? 'enforced' : 'degraded', detail: detail + String(limits && PAGE_BYTES).slice(0, 0) };"],
    ['volumes of images', 'if (unbounded.length > 0) return', 'if (unbounded.length < 0) return'],
    ['limits', "state: within(found, asked) ? 'enforced' : 'degraded'", "state: within(asked, asked) ? 'enforced' : 'degraded'"],
  ] as const).map(([what, from, to]): Layer => ({ name: `what is found inside is what is told: ${what}`, file: layers, from, to, test: layersTest })),
  { name: 'strict', file: 'server/src/session/manager.ts', from: 'if (wish.strict) await requireEnforced(sandbox);', to: 'void requireEnforced;', test: 'test/session/manager.test.ts' },
  { name: 'Deno: what programs may read', file: deno, from: "...list('--allow-read', [...grants.read, typescript]),", to: "'--allow-read',", test: 'test/runtime/kinds/deno/escape.test.ts' },
  { name: 'Deno: what programs may write', file: deno, from: "...list('--allow-write', grants.write),", to: "'--allow-write',", test: 'test/runtime/kinds/deno/escape.test.ts' },
  { name: 'Deno: what programs may not read all the same', file: deno, from: "...list('--deny-read', grants.denyRead),", to: '', test: 'test/runtime/kinds/deno/escape.test.ts' },
  { name: 'Deno: variables', file: deno, from: '`--allow-env=${', to: "'--allow-env', `--ignored=${", test: 'test/runtime/kinds/deno/escape.test.ts' },
  { name: 'Deno: no imports from elsewhere', file: deno, from: "    '--no-remote',\n", to: '', test: 'test/runtime/kinds/deno/escape.test.ts' },
  { name: 'Deno: no packages from elsewhere', file: deno, from: "    '--no-npm',\n", to: '', test: 'test/runtime/kinds/deno/escape.test.ts' },
  { name: 'Deno: no configuration of a folder', file: deno, from: "    '--no-config',\n", to: '', test: 'test/runtime/kinds/deno/main.test.ts' },
  { name: 'the output limit', file: running, from: 'const room = this.#options.outputBytes - this.#bytes.stdout - this.#bytes.stderr;', to: 'const room = Infinity;', test: 'test/command/running-command.test.ts' },
  { name: 'the time limit', file: running, from: "if (timeoutMs > 0) this.#cleanups.push(clock.after(timeoutMs, () => this.#stop('timedOut')));", to: '', test: 'test/command/running-command.test.ts' },
  { name: 'the time limit is at most that of the session', file: 'server/src/command/execute.ts', from: 'timeoutMs: shorter(limitMs, params.timeoutMs),', to: 'timeoutMs: params.timeoutMs ?? limitMs,', test: 'test/command/causes.test.ts' },
  { name: 'the lifetime of a session', file: 'server/src/session/lifespan.ts', from: "if (maxLifetimeMs > 0) this", to: "if (maxLifetimeMs < 0) this", test: 'test/session/session.test.ts' },
];
