/** What the isolation of a native sandbox claims, with control groups and without. */
import { expect } from 'chai';
import type { Layer } from '../../../../server/src/protocol/index.ts';
import type { SandboxSpec } from '../../../../server/src/runtime/ports.ts';
import { nativeIsolation } from '../../../../server/src/runtime/kinds/native/isolation.ts';
import { parseFacts } from '../../../../server/src/runtime/agent/facts.ts';

const inGroups = `pid 1
Uid: 65534	65534	65534	65534
CapEff: 0000000000000000
CapBnd: 0000000000000000
NoNewPrivs: 1
Seccomp: 2
mount / tmpfs ro,relatime
mount /tmp tmpfs rw,nosuid,nodev,size=24k
writable /tmp
mount /workspace tmpfs rw,nosuid,nodev,size=32k
writable /workspace
mount /dev/shm tmpfs rw,nosuid,nodev,size=8k
writable /dev/shm
net lo
net tunl0
member memory
member cpu
member pids
cgroup memory/memory.limit_in_bytes 1000000
cgroup pids/pids.max 32
cgroup cpu/cpu.cfs_quota_us 50000
cgroup cpu/cpu.cfs_period_us 100000
limit data 900000
limit processes 32
landlock 3
first
closed
private
`;
const outside = inGroups.replace(/^(?:member|cgroup) .*\n/gm, '');

const spec: SandboxSpec = {
  name: 's',
  language: undefined,
  image: undefined,
  limits: { memoryBytes: 1_000_000, cpus: 0.5, pids: 32, diskBytes: 65_536, outputBytes: 1, timeoutMs: 0, packageBytes: 1 << 20 },
  workspace: undefined,
};

const enforced: readonly Layer[] = [
  { name: 'user', state: 'enforced', detail: 'uid 65534' },
  { name: 'capabilities', state: 'enforced', detail: 'all dropped' },
  { name: 'noNewPrivileges', state: 'enforced', detail: 'set-user-ID programs gain nothing' },
  { name: 'seccomp', state: 'enforced', detail: 'a filter of dangerous system calls' },
  { name: 'verdicts', state: 'enforced', detail: 'no program can signal, trace or change the agent; no command can trace another' },
  { name: 'processes', state: 'enforced', detail: 'a process namespace of its own' },
  { name: 'filesystem', state: 'enforced', detail: "read-only, and of the host's nothing but its programs" },
  { name: 'network', state: 'enforced', detail: 'no interface but loopback' },
  { name: 'memory', state: 'enforced', detail: '1000000 bytes' },
  { name: 'cpu', state: 'enforced', detail: '0.5 cores' },
  { name: 'pids', state: 'enforced', detail: '32 processes' },
  { name: 'disk', state: 'enforced', detail: '65536 bytes in /dev/shm, /tmp, /workspace together, counted as memory' },
];
const none = 'the daemon may not use control groups on this host';

const cases: Record<string, [text: string, score: number, other: readonly Layer[], workspace?: SandboxSpec['workspace']]> = {
  'everything, in its control groups': [inGroups, 6, []],
  'less for each process by itself, where there are no control groups': [outside, 3, [
    { name: 'memory', state: 'degraded', detail: '900000 bytes for each process, but no limit for all of them together' },
    { name: 'cpu', state: 'off', detail: none },
    { name: 'pids', state: 'degraded', detail: '32 processes in a user namespace of its own' },
  ]],
  'nothing where a process may have more than was asked': [outside.replace('limit data 900000', 'limit data 1000001').replace('limit processes 32', 'limit processes 33'), 3, [
    { name: 'memory', state: 'off', detail: none },
    { name: 'cpu', state: 'off', detail: none },
    { name: 'pids', state: 'off', detail: none },
  ]],
  'less where its groups give more than was asked': [inGroups.replace('bytes 1000000', 'bytes 2000000'), 5, [
    { name: 'memory', state: 'degraded', detail: '2000000 bytes' },
  ]],
  'no limit for a folder that it may write': [inGroups, 5, [{ name: 'disk', state: 'off', detail: 'the shared folder has no limit' }], { path: '/folder', access: 'readWrite' }],
  'a disk of /tmp alone beside a folder that it may read': [inGroups.replace('tmpfs rw,nosuid,nodev,size=32k\nwritable /workspace', 'ext4 ro'), 6, [{ name: 'disk', state: 'enforced', detail: '32768 bytes in /dev/shm, /tmp together, counted as memory' }], { path: '/folder', access: 'readOnly' }],
  'less of its verdicts where a program can get into its agent': [inGroups.replace('closed\n', ''), 5, [{ name: 'verdicts', state: 'degraded', detail: "a program can change the agent's memory" }]],
  'no namespace of processes where there are many before it': [inGroups.replace('pid 1', 'pid 500'), 5, [{ name: 'processes', state: 'off' }]],
};

describe('a native sandbox claims', () => {
  for (const [name, [text, score, other, workspace]] of Object.entries(cases)) {
    it(name, () => {
      const layers = enforced.map((layer) => other.find((each) => each.name === layer.name) ?? layer);
      expect(nativeIsolation(parseFacts(text), { ...spec, workspace })).to.deep.equal({ score, layers });
    });
  }

  it('what it may reserve beyond its limit, where that is known (L14)', () => {
    const found = parseFacts(outside.replace('limit data 900000', 'limit data 1900000'));
    const memory = (reserved?: number) => nativeIsolation(found, spec, reserved).layers.find(({ name }) => name === 'memory')?.state;
    expect([memory(), memory(800_000), memory(900_000)]).to.deep.equal(['off', 'off', 'degraded']);
  });

  it('never less than 1 of 10', () => {
    expect(nativeIsolation(parseFacts(''), spec).score).to.equal(1);
  });
});
