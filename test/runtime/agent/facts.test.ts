/** What an agent says of its sandbox, under cgroup v1 and v2, with limits and without. */
import { expect } from 'chai';
import fc from 'fast-check';
import { parseFacts } from '../../../server/src/runtime/agent/facts.ts';

const common = `pid 1
Uid: 65534	65534	65534	65534
CapEff: 0000000000000000
CapBnd: 0000000000000000
NoNewPrivs: 1
Seccomp: 2
mount / overlay ro,relatime,lowerdir=/a:/b,upperdir=/c
mount /tmp tmpfs rw,nosuid,nodev,relatime,size=262144k,nr_inodes=262144
writable /tmp
mount /workspace tmpfs rw,nosuid,nodev,relatime,size=262144k,nr_inodes=262144
writable /workspace
net lo
kernel 6.1.0-test
memory MemTotal:       16384 kB
`;
const v1 = `cgroup memory/memory.limit_in_bytes 67108864
cgroup memory/memory.usage_in_bytes 1048576
cgroup pids/pids.max 32
cgroup cpu/cpu.cfs_quota_us 50000
cgroup cpu/cpu.cfs_period_us 100000
`;
const v2 = `cgroup memory.max 67108864
cgroup memory.current 1048576
cgroup pids.max 32
cgroup cpu.max 50000 100000
`;
const limits = { memoryBytes: 67_108_864, usedBytes: 1_048_576, pids: 32, cpus: 0.5 };
const none = { memoryBytes: undefined, usedBytes: undefined, pids: undefined, cpus: undefined };

const cgroups: Record<string, [text: string, found: object]> = {
  'v1 with limits': [v1, limits],
  'v2 with limits': [v2, limits],
  'v1 without': ['cgroup memory/memory.limit_in_bytes 9223372036854771712\ncgroup memory/memory.usage_in_bytes 1\ncgroup pids/pids.max max\ncgroup cpu/cpu.cfs_quota_us -1\ncgroup cpu/cpu.cfs_period_us 100000\n', none],
  'v2 without': ['cgroup memory.max max\ncgroup memory.current 1\ncgroup pids.max max\ncgroup cpu.max max 100000\n', none],
  'no cgroup at all': ['', none],
  'empty files': ['cgroup memory.max \ncgroup pids.max\ncgroup cpu.max \n', none],
  'a period of its own': ['cgroup cpu.max 300000 200000\n', { ...none, cpus: 1.5 }],
};

describe('the facts of a sandbox', () => {
  it('are its identity, its mounts, its network and its kernel', () => {
    const facts = parseFacts(common);
    expect(facts).to.include({ pid: 1, uid: 65_534, noNewPrivs: true, seccomp: 2, noCapabilities: true, kernel: '6.1.0-test', gvisor: false, totalMemoryBytes: 16 * 1024 * 1024 });
    expect(facts.mounts.get('/')?.options).to.include('ro');
    expect(facts.mounts.get('/tmp')).to.deep.equal({ type: 'tmpfs', options: ['rw', 'nosuid', 'nodev', 'relatime', 'size=262144k', 'nr_inodes=262144'] });
    expect([...facts.writable]).to.deep.equal(['/tmp', '/workspace']);
    expect(facts.interfaces).to.deep.equal(['lo']);
  });

  for (const [name, [text, found]] of Object.entries(cgroups)) {
    it(`are its limits: cgroup ${name}`, () => expect(parseFacts(common + text)).to.include(found));
  }

  it('are the groups that it is a member of, and the limits of each process', () => {
    const facts = parseFacts('member memory\nmember .\nlimit data 900000\nlimit processes 32\n');
    expect([...facts.member]).to.deep.equal(['memory', '.']);
    expect(facts.perProcess).to.deep.equal({ dataBytes: 900_000, processes: 32 });
  });

  it('are what keeps programs from the agent', () => {
    expect(parseFacts('first\nclosed\nprivate\nlandlock 4\n').agent).to.deep.equal({ first: true, closed: true, private: true, landlock: 4 });
    expect(parseFacts(common).agent).to.deep.equal({ first: false, closed: false, private: false, landlock: 0 });
  });

  it('are the effective user, not the real one', () => {
    expect(parseFacts('Uid:	0	1000	1000	1000').uid).to.equal(1000);
    expect(parseFacts('Uid:	1000	0	0	0').uid).to.equal(0);
  });

  it('name every interface', () => {
    expect(parseFacts('net lo\nnet eth0:1234\nnet wlan0:').interfaces).to.deep.equal(['lo', 'eth0', 'wlan0']);
  });

  it('know the kernel of gVisor', () => {
    expect(parseFacts('gvisor\n').gvisor).to.equal(true);
  });

  it('claim nothing where nothing was said', () => {
    expect(parseFacts('')).to.deep.include({
      uid: NaN, noNewPrivs: undefined, kernel: undefined, gvisor: false, totalMemoryBytes: undefined, seccomp: 0, noCapabilities: false, interfaces: [], ...none,
      agent: { first: false, closed: false, private: false, landlock: 0 }, perProcess: { dataBytes: undefined, processes: undefined },
    });
  });

  it('see one capability that is left', () => {
    expect(parseFacts('CapEff: 0000000000000000\nCapBnd: 0000000000000400').noCapabilities).to.equal(false);
    expect(parseFacts('CapEff: 0000000000000001\nCapBnd: 0000000000000000').noCapabilities).to.equal(false);
  });

  it('are read without a throw, whatever stands there', () => {
    const line = fc.tuple(fc.constantFrom('cgroup', 'mount', 'writable', 'net', 'member', 'limit', 'memory', 'landlock', 'Uid:', 'CapEff:', ''), fc.string()).map((parts) => parts.join(' '));
    fc.assert(fc.property(fc.array(line), (lines) => void parseFacts(lines.join('\n'))), { seed: 89, numRuns: 500 });
  });
});
