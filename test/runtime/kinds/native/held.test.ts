/** The daemon holds no process group and no descriptor of native sandboxes that are gone. */
import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import type { Keeper } from '../../../../server/src/runtime/machine/keeper.ts';
import { createNativeRuntime } from '../../../../server/src/runtime/kinds/native/native.ts';
import { need } from '../../../require.ts';
import { create, start } from '../../contract/harness.ts';
import { bubblewrap, nativeSubject } from './subject.ts';

describe('what the daemon holds of native sandboxes', () => {
  before(need('bubblewrap', bubblewrap));

  it('ends with them: their process groups are released from the keeper', async () => {
    let keeper: Keeper | undefined;
    const subject = await nativeSubject((options, made) => {
      keeper = made;
      return createNativeRuntime(options);
    });
    try {
      const sandboxes = await Promise.all([1, 2, 3].map(() => create(subject)));
      expect(keeper?.held).to.be.at.least(3);
      await Promise.all(sandboxes.map((sandbox) => sandbox.close()));
      expect(keeper?.held).to.equal(0);
    } finally {
      await subject.dispose();
    }
  });

  it('ends with them: their descriptors are closed, also while something inside still dies (F-C7)', async () => {
    const subject = await nativeSubject(createNativeRuntime);
    const open = () => readdirSync('/proc/self/fd').length;
    try {
      const before = open();
      const sandboxes = await Promise.all([1, 2, 3].map(() => create(subject)));
      for (const sandbox of sandboxes) await start(sandbox, 'while :; do sleep 100 & done');
      await Promise.all(sandboxes.map((sandbox) => sandbox.close()));
      expect(open()).to.equal(before);
    } finally {
      await subject.dispose();
    }
  });
});
