/** What can be written in a sandbox, all together, has no more room than the limit of the disk (K6, K7). */
import { expect } from 'chai';
import fc from 'fast-check';
import { diskShares } from '../../../server/src/runtime/agent/disk.ts';
import { parseFacts } from '../../../server/src/runtime/agent/facts.ts';
import { disk } from '../../../server/src/runtime/agent/layers.ts';
import { limits } from '../contract/harness.ts';

const KIB = 1024;

describe('the shares of the disk', () => {
  it('are together no more than the limit, and not much less', () => {
    fc.assert(fc.property(fc.integer({ min: 128 * KIB, max: 2 ** 40 }), fc.boolean(), (diskBytes, own) => {
      const { workspace, tmp, shm } = diskShares(diskBytes, own);
      expect(workspace > 0).to.equal(own);
      expect(workspace + tmp + shm).to.be.within(diskBytes - 3 * 4096, diskBytes);
    }));
  });

  it('have at least a page', () => {
    expect(diskShares(1, true)).to.deep.equal({ workspace: 4096, tmp: 4096, shm: 4096 });
  });
});

const own = [
  'mount / overlay ro', 'mount /workspace tmpfs rw,size=32768k', 'writable /workspace', 'mount /tmp tmpfs rw,size=24576k', 'writable /tmp',
  'mount /dev/shm tmpfs rw,size=8388608', 'writable /dev/shm', 'mount /dev tmpfs rw,size=65536k', 'mount /.codebeaker ext4 rw',
];
const layer = (more: readonly string[], workspace?: 'readOnly' | 'readWrite', facts = own) =>
  disk(parseFacts([...facts, ...more].join('\n')), { limits: { ...limits, diskBytes: 64 * 1024 * KIB }, workspace: workspace && { path: '/folder', access: workspace } });

describe('the layer of the disk', () => {
  it('holds where all that can be written is bounded', () => {
    expect(layer([])).to.deep.equal({ name: 'disk', state: 'enforced', detail: '67108864 bytes in /dev/shm, /tmp, /workspace together, counted as memory' });
    expect(layer(['mount /workspace ext4 ro'], 'readOnly')).to.include({ state: 'enforced', detail: '33554432 bytes in /dev/shm, /tmp together, counted as memory' });
  });

  const faults: Record<string, [facts: string[], state: string, detail: RegExp]> = {
    'an image has a volume': [['mount /data ext4 rw', 'writable /data'], 'degraded', /^\/data can be written without a limit/],
    'an image has a volume whose first folder can not be written': [['mount /data ext4 rw'], 'degraded', /^\/data can/],
    'another place has room of its own': [['mount /more tmpfs rw,size=4096k', 'writable /more'], 'degraded', /^71303168 bytes in .*\/more/],
    'the folder of the agent can be written': [['writable /.codebeaker'], 'degraded', /^\/.codebeaker can/],
  };
  for (const [name, [facts, state, detail]] of Object.entries(faults)) {
    it(`is told to be degraded where ${name}`, () => {
      const found = layer(facts);
      expect(found.state).to.equal(state);
      expect(found.detail).to.match(detail);
    });
  }

  it('is off where a folder of the host is written, or a place has no size', () => {
    expect(layer([], 'readWrite').state).to.equal('off');
    expect(layer(['mount /tmp ext4 rw']).state).to.equal('off');
  });
});
