/** Which OCI runtime of an engine each kind of containers uses. */
import { expect } from 'chai';
import type { Config } from '../../../../server/src/protocol/index.ts';
import { containerKinds, isGvisor } from '../../../../server/src/runtime/kinds/docker/kinds.ts';

const find = (id: string, runtimes: Record<string, string>, config: Config['docker'] = {}, defaultRuntime = 'runc') =>
  containerKinds(config).find((kind) => kind.id === id)?.find({ runtimes: new Map(Object.entries(runtimes)), defaultRuntime });

describe('the kinds of containers', () => {
  it("are the engine's own, gVisor, and those of the configuration, in this order", () => {
    const kinds = containerKinds({ runtimes: { kata: { isolation: 10 }, crun: { isolation: 7 } } });
    expect(kinds.map(({ id, score }) => [id, score])).to.deep.equal([['docker', 7], ['gvisor', 9], ['kata', 10], ['crun', 7]]);
    expect(containerKinds(undefined).map(({ id }) => id)).to.deep.equal(['docker', 'gvisor']);
  });

  const cases: [what: string, found: string | undefined, ...Parameters<typeof find>][] = [
    ['docker takes what the engine takes', 'runc', 'docker', { runc: 'runc' }],
    ['docker takes what the engine takes, whatever that is', 'runsc', 'docker', { runsc: '' }, {}, 'runsc'],
    ['docker takes what it is told', 'crun', 'docker', { runc: 'runc', crun: 'crun' }, { ociRuntime: 'crun' }],
    ['docker takes nothing else than it is told', undefined, 'docker', { runc: 'runc' }, { ociRuntime: 'crun' }],
    ['gvisor takes runsc', 'runsc', 'gvisor', { 'a-runsc': '/usr/bin/runsc', runsc: '/usr/bin/runsc' }],
    ['gvisor takes runsc by another name', 'secure', 'gvisor', { runc: 'runc', secure: '/opt/gvisor/runsc' }],
    ['gvisor takes a variant of it', 'runsc-kvm', 'gvisor', { 'runsc-kvm': '' }],
    ["gvisor takes containerd's", 'sandboxed', 'gvisor', { sandboxed: 'io.containerd.runsc.v1' }],
    ['gvisor takes nothing else', undefined, 'gvisor', { runc: 'runc', runscript: '/bin/runscript', x: '/opt/runsc/runc' }],
    ['another takes what has its name', 'kata', 'kata', { kata: '' }, { runtimes: { kata: { isolation: 9 } } }],
    ['another takes what it names', 'kata-fc', 'kata', { kata: '', 'kata-fc': '' }, { runtimes: { kata: { ociRuntime: 'kata-fc', isolation: 9 } } }],
    ['another takes nothing else', undefined, 'kata', { 'kata-fc': '' }, { runtimes: { kata: { isolation: 9 } } }],
  ];
  for (const [what, found, ...rest] of cases) it(`: ${what}`, () => expect(find(...rest)).to.equal(found));

  it('recognize gVisor by its name or its path', () => {
    expect([isGvisor('runsc'), isGvisor('x', '/bin/runsc'), isGvisor('x', 'io.containerd.runsc.v1')]).to.deep.equal([true, true, true]);
    expect([isGvisor('runc'), isGvisor('runc', 'runc'), isGvisor('x', ''), isGvisor('x', '/bin/runscript')]).to.deep.equal([false, false, false, false]);
  });
});
