/** The isolation of a container claims only the layers that were found in force inside. */
import { expect } from 'chai';
import type { SandboxSpec } from '../../../../server/src/runtime/ports.ts';
import { containerIsolation } from '../../../../server/src/runtime/kinds/docker/isolation.ts';
import { parseFacts } from '../../../../server/src/runtime/agent/facts.ts';

const MiB = 1024 * 1024;
const good = `pid 1
Uid: 65534	65534	65534	65534
CapEff: 0000000000000000
CapBnd: 0000000000000000
NoNewPrivs: 1
Seccomp: 2
mount / overlay ro,relatime 0 0
mount /tmp tmpfs rw,nosuid,nodev,size=24576k 0 0
writable /tmp
mount /workspace tmpfs rw,nosuid,nodev,size=32768k 0 0
writable /workspace
mount /dev/shm tmpfs rw,nosuid,nodev,noexec,size=8192k 0 0
writable /dev/shm
net lo:
cgroup memory.max 67108864
cgroup pids.max 32
cgroup cpu.max 50000 100000
landlock 7
first
closed
private
`;

const spec: SandboxSpec = {
  name: 's',
  language: undefined,
  image: 'x',
  limits: { memoryBytes: 64 * MiB, cpus: 0.5, pids: 32, diskBytes: 64 * MiB, outputBytes: MiB, timeoutMs: 0, packageBytes: 1 << 20 },
  workspace: undefined,
};

const plain = { score: 7, hostKernel: '6.1.0-host' };
const isolation = (text: string, more: Partial<SandboxSpec> = {}, expected = plain) => containerIsolation(parseFacts(text), { ...spec, ...more }, expected);
const states = (text: string, more: Partial<SandboxSpec> = {}, expected = plain) =>
  Object.fromEntries(isolation(text, more, expected).layers.map(({ name, state }) => [name, state]));
const allEnforced = Object.fromEntries(
  ['user', 'capabilities', 'noNewPrivileges', 'seccomp', 'verdicts', 'filesystem', 'network', 'memory', 'cpu', 'pids', 'disk'].map((name) => [name, 'enforced']),
);

const weaknesses: Record<string, [change: readonly [RegExp | string, string], weak: Record<string, string>]> = {
  root: [['Uid: 65534	65534', 'Uid: 0	0'], { user: 'off' }],
  'a capability': [['CapBnd: 0000000000000000', 'CapBnd: 0000000000000001'], { capabilities: 'off' }],
  'new privileges': [['NoNewPrivs: 1', 'NoNewPrivs: 0'], { noNewPrivileges: 'off' }],
  'no filter': [['Seccomp: 2', 'Seccomp: 0'], { seccomp: 'off' }],
  'a writable root': [['overlay ro,', 'overlay rw,'], { filesystem: 'off' }],
  'an interface': [['net lo:', 'net lo:\nnet eth0:'], { network: 'off' }],
  'more memory than asked': [['memory.max 67108864', 'memory.max 134217728'], { memory: 'degraded' }],
  'no memory limit': [['memory.max 67108864', 'memory.max max'], { memory: 'off' }],
  'more processes than asked': [['pids.max 32', 'pids.max 64'], { pids: 'degraded' }],
  'no limit of processes': [['pids.max 32', 'pids.max max'], { pids: 'off' }],
  'more processor than asked': [['50000 100000', '100000 100000'], { cpu: 'degraded' }],
  'all of the processor': [['50000 100000', 'max 100000'], { cpu: 'off' }],
  'a larger disk': [['/tmp tmpfs rw,nosuid,nodev,size=24576k', '/tmp tmpfs rw,nosuid,nodev,size=65536k'], { disk: 'degraded' }],
  'a /workspace that is no tmpfs': [['/workspace tmpfs', '/workspace ext4'], { disk: 'off' }],
  'a volume that the image asks for (K7)': [['writable /dev/shm\n', 'writable /dev/shm\nmount /data ext4 rw,relatime 0 0\n'], { disk: 'degraded' }],
  'nothing known of the user': [[/^Uid.*$/m, ''], { user: 'off' }],
  'an agent whose memory programs can change': [[/^closed\n/m, ''], { verdicts: 'degraded' }],
  'nothing known of the network': [[/^net lo:$/m, ''], { network: 'off' }],
};

/** What is found inside under gVisor: nothing about new privileges, and gVisor's own cgroups, which limit nothing. */
const sentry = good
  .replace(/^NoNewPrivs.*\n/m, '')
  .replace('overlay ro,relatime', '9p ro,trans=fd')
  .replace('nosuid,nodev,size=24576k', 'mode=1777,size=25165824')
  .replace('nosuid,nodev,size=32768k', 'mode=1777,size=33554432')
  .replace(/^cgroup .*\n/gm, '')
  .concat('cgroup memory/memory.limit_in_bytes 9223372036854775807\ncgroup pids/pids.max max\ncgroup cpu/cpu.cfs_quota_us -1\n')
  .concat('limit processes 32\nmemory 65536\nkernel 4.4.0\ngvisor\n');
const strong = { score: 9, hostKernel: '6.1.0-host' };
const enforcedByGvisor: Record<string, string> = { kernel: 'enforced', ...allEnforced };
const gvisorWeaknesses: Record<string, [change: readonly [RegExp | string, string], weak: Record<string, string>]> = {
  'all of the memory of the host, because cgroups are ignored': [['memory 65536', 'memory 24000000'], { memory: 'off', cpu: 'off' }],
  'nothing known of its memory': [[/^memory .*$/m, ''], { memory: 'off', cpu: 'off' }],
  'more processes than asked': [['limit processes 32', 'limit processes 1024'], { pids: 'degraded' }],
  'processes without limit': [['limit processes 32', 'limit processes unlimited'], { pids: 'off' }],
  'new privileges, which it reports': [['Seccomp: 2', 'Seccomp: 2\nNoNewPrivs: 0'], { noNewPrivileges: 'off' }],
  root: [['Uid: 65534	65534', 'Uid: 0	0'], { user: 'off' }],
};

describe('the isolation of a container', () => {
  it('is complete if everything was found in force inside', () => {
    expect(states(good)).to.deep.equal(allEnforced);
    expect(isolation(good).score).to.equal(7);
  });

  for (const [name, [change, weak]] of Object.entries(weaknesses)) {
    it(`is less with ${name} (F-B8)`, () => {
      const text = good.replace(...change);
      expect(text).not.to.equal(good);
      expect(states(text)).to.deep.equal({ ...allEnforced, ...weak });
      expect(isolation(text).score).to.equal(6);
    });
  }

  for (const [name, change, words] of [
    ['that nobody inside reaches', ['x', 'x'], 'no program can signal, trace or change the agent; no command can trace another'],
    ['that can be ended', [/^first\n/m, ''], 'no program can trace or change the agent; one that ends it ends the session; no command can trace another'],
    ['whose environment can be read', [/^private\n/m, ''], "no program can signal, trace or change the agent; the agent's environment can be read; no command can trace another"],
    ['on a kernel without Landlock', ['landlock 7', 'landlock 0'], 'no program can signal, trace or change the agent'],
  ] as const) {
    it(`says what verdicts rest on with an agent ${name}`, () => {
      expect(isolation(good.replace(...(change as [RegExp | string, string]))).layers.find((layer) => layer.name === 'verdicts')).to.deep.equal({ name: 'verdicts', state: 'enforced', detail: words });
    });
  }

  it('claims no layer if nothing is known', () => {
    expect(Object.values(states(''))).to.not.include('enforced');
    expect(isolation('').score).to.equal(1);
  });

  it('is complete despite the ends of tunnels that the kernel puts into every network namespace', () => {
    expect(states(good.replace('net lo:', 'net lo:\nnet tunl0:\nnet ip6tnl0:'))).to.deep.equal(allEnforced);
    expect(states(good.replace('net lo:', 'net lo:\nnet tunl01:')).network).to.equal('off');
  });

  it('has no disk limit if the shared folder can be written', () => {
    const workspace = { path: '/x', access: 'readWrite' } as const;
    expect(states(good, { workspace }).disk).to.equal('off');
    expect(states(good.replace('/workspace tmpfs rw', '/workspace ext4 ro').replace('writable /workspace\n', ''), { workspace: { ...workspace, access: 'readOnly' } }).disk).to.equal('enforced');
  });

  describe('under gVisor', () => {
    it('is complete, and has a kernel of its own', () => {
      expect(states(sentry, {}, strong)).to.deep.equal(enforcedByGvisor);
      expect(isolation(sentry, {}, strong).score).to.equal(9);
    });

    for (const [name, [change, weak]] of Object.entries(gvisorWeaknesses)) {
      it(`is less with ${name}`, () => {
        const text = sentry.replace(...change);
        expect(text).not.to.equal(sentry);
        expect(states(text, {}, strong)).to.deep.equal({ ...enforcedByGvisor, ...weak });
        expect(isolation(text, {}, strong).score).to.equal(9 - Object.keys(weak).length);
      });
    }
  });

  it('under gVisor needs no system call filter, except for the limit of processes', () => {
    const { seccomp: _seccomp, ...others } = enforcedByGvisor;
    expect(states(sentry.replace('Seccomp: 2', 'Seccomp: 0'), {}, strong)).to.deep.equal({ ...others, pids: 'degraded' });
  });

  it('with a kernel of its own needs no filter, and has the limits of that kernel', () => {
    const machine = `${good.replace('Seccomp: 2', 'Seccomp: 0')}kernel 6.6.0-guest\nmemory 2000000\n`;
    expect(isolation(machine, {}, { ...strong, score: 10 }).score).to.equal(10);
    expect(isolation(machine, {}, { ...strong, score: 10 }).layers[0]).to.deep.equal({ name: 'kernel', state: 'enforced', detail: 'its own, 6.6.0-guest' });
  });

  for (const [name, text, hostKernel] of [
    ["is the host's", `${good}kernel 6.1.0-host\n`, '6.1.0-host'],
    ["may be the host's, because the engine does not say", `${good}kernel 6.6.0-guest\n`, ''],
    ['is unknown', good, '6.1.0-host'],
  ] as const) {
    it(`has the score of a plain container, whatever its kind promises, if the kernel ${name}`, () => {
      const { score, layers } = isolation(text, {}, { score: 10, hostKernel });
      expect(layers[0]).to.deep.include({ name: 'kernel', state: 'off' });
      expect(score).to.equal(6);
    });
  }
});
