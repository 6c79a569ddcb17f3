/** The layers of isolation that are told of a sandbox: what is in force, and what is not. */
import { expect } from 'chai';
import type { KnownLayer } from '../../../server/src/protocol/index.ts';
import { parseFacts } from '../../../server/src/runtime/agent/facts.ts';
import * as layers from '../../../server/src/runtime/agent/layers.ts';

const states = (facts: Record<string, string>, told: (text: string) => KnownLayer) =>
  Object.fromEntries(Object.entries(facts).map(([name, text]) => [name, told(text).state]));

describe('the layer of isolation', () => {
  it('of verdicts says what a program can do to the agent', () => {
    const told = (text: string) => {
      const { state, detail } = layers.verdicts(parseFacts(text));
      return `${state}: ${detail}`;
    };
    expect(told('first\nclosed\nprivate\nlandlock 3')).to.equal('enforced: no program can signal, trace or change the agent; no command can trace another');
    expect(told('first\nclosed\nlandlock 3')).to.equal("enforced: no program can signal, trace or change the agent; the agent's environment can be read; no command can trace another");
    expect(told('closed\nprivate')).to.equal('enforced: no program can trace or change the agent; one that ends it ends the session');
    expect(told('first\nclosed\nprivate\ngvisor')).to.equal('enforced: no program can trace or change the agent; one that ends it ends the session');
    expect(told('first\nprivate\nlandlock 3')).to.equal("degraded: a program can change the agent's memory");
    expect(told('')).to.equal("degraded: a program can change the agent's memory");
  });

  it('of verdicts promises nothing between commands where this Landlock keeps none apart', () => {
    expect(layers.verdicts(parseFacts('first\nclosed\nprivate\nlandlock 1')).detail).to.equal('no program can signal, trace or change the agent');
  });

  it('of the user is off for root, and where the user is not known', () => {
    const told = (text: string) => layers.user(parseFacts(text));
    expect(states({ root: 'Uid: 0 0 0 0', nobody: 'Uid: 0 65534 0 0', unknown: '' }, told)).to.deep.equal({ root: 'off', nobody: 'enforced', unknown: 'off' });
  });

  it('of the network is enforced where nothing leads out, and off where nothing is known', () => {
    const told = (text: string) => layers.network(parseFacts(text));
    expect(states({ loopback: 'net lo', tunnels: 'net lo\nnet tunl0\nnet sit0', outside: 'net lo\nnet eth0', unknown: '', tunnel: 'net tun0\nnet lo' }, told))
      .to.deep.equal({ loopback: 'enforced', tunnels: 'enforced', outside: 'off', unknown: 'off', tunnel: 'off' });
  });

  it('of the file system is enforced where its root is read-only', () => {
    const told = (text: string) => layers.filesystem(parseFacts(text), 'read-only');
    expect(states({ readOnly: 'mount / tmpfs ro,nosuid', writable: 'mount / tmpfs rw,ro-not', unknown: '' }, told)).to.deep.equal({ readOnly: 'enforced', writable: 'off', unknown: 'off' });
  });

  it('of processes, capabilities and system calls is what was found', () => {
    expect(layers.processes(parseFacts('pid 1'))).to.include({ state: 'enforced' });
    expect(layers.processes(parseFacts('pid 40000'))).to.include({ state: 'off' });
    expect(layers.processes(parseFacts(''))).to.include({ state: 'off' });
    expect(layers.capabilities(parseFacts('CapEff: 0\nCapBnd: 0'))).to.include({ state: 'enforced' });
    expect(layers.capabilities(parseFacts('CapEff: 0\nCapBnd: 1'))).to.include({ state: 'off' });
    expect(states({ filter: 'Seccomp: 2', strict: 'Seccomp: 1', none: 'Seccomp: 0' }, (text) => layers.seccomp(parseFacts(text)))).to.deep.equal({ filter: 'enforced', strict: 'off', none: 'off' });
  });

  it('of the disk is the total of every place that can be written', () => {
    const limits = { diskBytes: 65_536 } as Parameters<typeof layers.disk>[1]['limits'];
    const told = (text: string, access?: 'readOnly' | 'readWrite' | 'copy') => layers.disk(parseFacts(text), { limits, workspace: access && { path: '/folder', access } });
    const tmp = 'mount /tmp tmpfs rw,size=32k\nwritable /tmp\n';
    const both = `${tmp}mount /workspace tmpfs rw,size=32768\nwritable /workspace\n`;
    expect(told(both)).to.deep.equal({ name: 'disk', state: 'enforced', detail: '65536 bytes in /tmp, /workspace together, counted as memory' });
    expect([tmp, '', both.replace('32768', '128k'), both.replaceAll('tmpfs', 'ext4')].map((text) => told(text).state)).to.deep.equal(['off', 'off', 'degraded', 'off']);
    expect([told(tmp, 'readOnly'), told(both, 'copy'), told(both, 'readWrite')].map(({ state }) => state)).to.deep.equal(['enforced', 'enforced', 'off']);
  });

  it('of the disk names what else can be written without a limit: the volume of an image', () => {
    const limits = { diskBytes: 65_536 } as Parameters<typeof layers.disk>[1]['limits'];
    const text = 'mount /tmp tmpfs rw,size=32k\nwritable /tmp\nmount /workspace tmpfs rw,size=32k\nwritable /workspace\nmount /data ext4 rw\nwritable /data\n';
    expect(layers.disk(parseFacts(text), { limits, workspace: undefined })).to.include({ state: 'degraded' }).and.have.property('detail').that.contains('/data');
  });

  it('with a number is degraded where more is allowed than was asked, and off where nothing is', () => {
    const told = (found: number | undefined) => layers.limit('pids', found, 100, 'processes', 'nobody counts');
    expect([told(100), told(101), told(102), told(undefined)]).to.deep.equal([
      { name: 'pids', state: 'enforced', detail: '100 processes' },
      { name: 'pids', state: 'enforced', detail: '101 processes' },
      { name: 'pids', state: 'degraded', detail: '102 processes' },
      { name: 'pids', state: 'off', detail: 'nobody counts' },
    ]);
  });
});

describe('the score of an isolation', () => {
  it('is one less for each layer that is not enforced, and never less than 1', () => {
    const all = (['enforced', 'degraded', 'off'] as const).map((state): KnownLayer => ({ name: 'disk', state }));
    expect(layers.isolationOf(6, all)).to.deep.equal({ score: 4, layers: all });
    expect(layers.isolationOf(2, all).score).to.equal(1);
  });
});
