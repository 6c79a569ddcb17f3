/** Layers are claimed for what was seen inside, and for nothing else. */
import { expect } from 'chai';
import type { SandboxSpec } from '../../../server/src/runtime/ports.ts';
import { containerIsolation } from '../../../server/src/runtime/docker/isolation.ts';
import { parseFacts } from '../../../server/src/runtime/shell/facts.ts';

const MiB = 1024 * 1024;
const good = `pid 7
Uid: 65534	65534	65534	65534
CapEff: 0000000000000000
CapBnd: 0000000000000000
NoNewPrivs: 1
Seccomp: 2
mount / overlay ro,relatime 0 0
mount /tmp tmpfs rw,nosuid,nodev,size=65536k 0 0
mount /workspace tmpfs rw,nosuid,nodev,size=65536k 0 0
net lo:
cgroup memory.max 67108864
cgroup pids.max 32
cgroup cpu.max 50000 100000
`;

const spec: SandboxSpec = {
  sessionId: 's',
  language: undefined,
  image: 'x',
  limits: { memoryBytes: 64 * MiB, cpus: 0.5, pids: 32, diskBytes: 64 * MiB, outputBytes: MiB, timeoutMs: 0 },
  network: { mode: 'none' },
  workspace: undefined,
};

const states = (text: string, more: Partial<SandboxSpec> = {}) =>
  Object.fromEntries(containerIsolation(parseFacts(text), { ...spec, ...more }).layers.map(({ name, state }) => [name, state]));
const allEnforced = Object.fromEntries(
  ['user', 'capabilities', 'noNewPrivileges', 'seccomp', 'filesystem', 'network', 'memory', 'cpu', 'pids', 'disk'].map((name) => [name, 'enforced']),
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
  'a larger disk': [['/tmp tmpfs rw,nosuid,nodev,size=65536k', '/tmp tmpfs rw,nosuid,nodev,size=131072k'], { disk: 'off' }],
  'a disk that is none': [['/workspace tmpfs', '/workspace ext4'], { disk: 'off' }],
  'nothing said of the user': [[/^Uid.*$/m, ''], { user: 'off' }],
  'nothing said of the network': [[/^net lo:$/m, ''], { network: 'off' }],
};

describe('the isolation of a container', () => {
  it('is whole where everything was found inside', () => {
    expect(states(good)).to.deep.equal(allEnforced);
    expect(containerIsolation(parseFacts(good), spec).score).to.equal(7);
  });

  for (const [name, [change, weak]] of Object.entries(weaknesses)) {
    it(`is less with ${name}`, () => {
      const text = good.replace(...change);
      expect(text).not.to.equal(good);
      expect(states(text)).to.deep.equal({ ...allEnforced, ...weak });
      expect(containerIsolation(parseFacts(text), spec).score).to.equal(6);
    });
  }

  it('is nothing where nothing was said', () => {
    expect(Object.values(states(''))).to.not.include('enforced');
    expect(containerIsolation(parseFacts(''), spec).score).to.equal(1);
  });

  it('is whole beside the ends of tunnels that lead nowhere', () => {
    expect(states(good.replace('net lo:', 'net lo:\nnet tunl0:\nnet ip6tnl0:'))).to.deep.equal(allEnforced);
    expect(states(good.replace('net lo:', 'net lo:\nnet tunl01:')).network).to.equal('off');
  });

  it('has no limit on a shared folder that is written to', () => {
    const workspace = { path: '/x', access: 'readWrite' } as const;
    expect(states(good, { workspace }).disk).to.equal('off');
    expect(states(good.replace('/workspace tmpfs', '/workspace ext4'), { workspace: { ...workspace, access: 'readOnly' } }).disk).to.equal('enforced');
  });
});
