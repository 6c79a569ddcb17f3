/** npm's own registry, or the one with which this machine is set up, in every runtime: a package, and one with an addon that was compiled ahead. */
import { expect } from 'chai';
import { systemClock } from '../../server/src/base/clock.ts';
import { systemWays } from '../../server/src/network/ways.ts';
import { defaultBounds } from '../../server/src/packages/registries/bounds.ts';
import { diallerFor } from '../../server/src/packages/registries/dialler.ts';
import { machineOf } from '../../server/src/packages/registries/machine.ts';
import { createRegistries } from '../../server/src/packages/registries/registries.ts';
import { need } from '../require.ts';
import { silent } from './indexes/install.ts';
import { npmAnswers } from './indexes/needs.ts';
import { namesOf, RealPackages, type RealSubject } from './real.ts';

export function describeFromNpm(make: () => Promise<RealSubject>): void {
  let packages: RealPackages;
  before(need('the npm registry', npmAnswers));
  before(async () => {
    const machine = machineOf({ env: process.env, home: process.env.HOME ?? '/', platform: process.platform });
    const registries = createRegistries({ machine, configured: {}, dialler: diallerFor(systemWays(process.env), systemClock), bounds: defaultBounds, log: silent });
    packages = await RealPackages.open(await make(), new Map(), { registries });
  });
  after(() => packages.close());

  it('installs them, and programs use them offline', async () => {
    const session = await packages.session('javascript');
    const installed = namesOf(await session.install({ packages: ['ms@2.1.3', '@node-rs/crc32@1.10.6'] }));
    expect(installed).to.include.members(['ms 2.1.3', '@node-rs/crc32 1.10.6']);
    expect(await session.code('console.log(require("ms")("2 days"), require("@node-rs/crc32").crc32("hello"))')).to.equal('172800000 907060870\n');
  });
}
