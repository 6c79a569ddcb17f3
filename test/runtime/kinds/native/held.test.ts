/** The keeper holds no process group of native sandboxes that are gone. */
import { expect } from 'chai';
import type { Keeper } from '../../../../server/src/runtime/machine/keeper.ts';
import { createNativeRuntime } from '../../../../server/src/runtime/kinds/native/native.ts';
import { need } from '../../../require.ts';
import { create } from '../../contract/harness.ts';
import { bubblewrap, nativeSubject } from './subject.ts';

describe('the process groups of native sandboxes', () => {
  before(need('bubblewrap', bubblewrap));

  it('are released from the keeper when they have ended', async () => {
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
});
