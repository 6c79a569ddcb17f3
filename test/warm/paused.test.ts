/** A container that was paused while it waited in the pool is given to nobody. */
import { expect } from 'chai';
import { systemClock } from '../../server/src/base/clock.ts';
import { createLog } from '../../server/src/base/log.ts';
import { deferred } from '../../server/src/base/promises.ts';
import type { Sandbox } from '../../server/src/runtime/ports.ts';
import { SandboxPool } from '../../server/src/warm/pool.ts';
import { until } from '../e2e/environment.ts';
import { dockerImage, need } from '../require.ts';
import { busybox, docker, real } from '../runtime/kinds/docker/real.ts';
import { spec } from '../runtime/kinds/docker/subject.ts';

describe('the pool', () => {
  before(need('docker', dockerImage(busybox)));

  it('gives away no container that somebody has paused, and removes it', async () => {
    const held = real(busybox);
    await held.runtime.refresh(new AbortController().signal);
    const waits = deferred<Sandbox>();
    const { name: _name, workspace: _workspace, ...wanted } = { ...spec, image: busybox };
    const log = createLog('error', (line) => {
      throw new Error(`logged: ${line}`);
    });
    const pool = new SandboxPool<undefined>({ clock: systemClock, log, size: () => 1, adjustable: () => true, prepare: async (sandbox) => void waits.resolve(sandbox) });
    try {
      pool.expect(held.runtime, wanted);
      const sandbox = await waits.promise;
      // The pool takes it in when `prepare` has resolved.
      await new Promise(setImmediate);
      const [paused] = held.containers() as [string];
      docker('pause', paused);
      // The pool may have prepared another one meanwhile.
      const given = await pool.take(held.runtime, wanted);
      expect(given?.sandbox).not.to.equal(sandbox);
      await given?.sandbox.close();
      await until('the paused container is removed', () => !held.containers().includes(paused));
    } finally {
      await pool.close();
      await held.close();
    }
    expect(held.containers()).to.deep.equal([]);
  });
});
