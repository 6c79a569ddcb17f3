/** Deno inside bubblewrap: the same contract as Deno by itself, with the system around it. */
import { createDenoRuntime } from '../../server/src/runtime/deno/runtime.ts';
import { layeredDeno } from '../../server/src/runtime/deno/layered.ts';
import { NativeRuntime } from '../../server/src/runtime/native/runtime.ts';
import { PreferredRuntime } from '../../server/src/runtime/prefer.ts';
import { need, npmPackage } from '../require.ts';
import { contract } from './contract.ts';
import { deno } from './contract/dialects.ts';
import { bubblewrap, nativeSubject } from './native/subject.ts';

describe('deno in bubblewrap', () => {
  before(need('bubblewrap', bubblewrap));
  before(need('deno', npmPackage('deno')));

  contract('deno in bubblewrap', {
    make: () =>
      nativeSubject((options, keeper) => {
        const alone = createDenoRuntime({ keeper, clock: options.clock, log: options.log, env: process.env });
        return new PreferredRuntime(new NativeRuntime(layeredDeno(() => alone.found()), options), alone);
      }),
    features: { shell: false, pty: true, languages: ['javascript', 'typescript'], enforces: ['memory', 'cpu', 'disk'], links: 'followed', dialect: deno },
  });
});
