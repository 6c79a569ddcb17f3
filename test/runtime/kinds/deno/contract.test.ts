/** The contract suite for Deno alone, and what it tells of the use of programs. That its permissions hold is tested in the other files of this folder. */
import { expect } from 'chai';
import { need, npmPackage } from '../../../require.ts';
import { contract } from '../../contract/contract.ts';
import { deno } from '../../contract/dialects.ts';
import { run, start, useSandbox } from '../../contract/harness.ts';
import { denoSubject } from './subject.ts';

describe('deno', () => {
  before(need('deno', npmPackage('deno')));

  contract('deno', {
    make: denoSubject,
    features: { shell: false, pty: false, languages: ['javascript', 'typescript'], enforces: ['memory'], links: 'refused', dialect: deno },
  });

  describe('what programs use', () => {
    const held = useSandbox({ make: denoSubject });
    const { does, command } = deno;

    it('is told while they run, and exactly when they have ended, however short they are', async () => {
      const before = await held.sandbox.cpuMs();
      const long = await start(held.sandbox, await command(held.sandbox, `${does.spin(150)}${does.forever}`));
      await long.output.seen('ready');
      const running = (await held.sandbox.cpuMs()) - before;
      expect(running).to.be.at.least(50);
      await long.kill();
      const ended = await long.exited;
      const short = await run(held.sandbox, await command(held.sandbox, does.exit(0)));
      const [first = 0, second = 0] = [ended, short.exit].map((exit) => (exit.kind === 'lost' ? 0 : exit.usage?.cpuMs));
      expect(first).to.be.at.least(running);
      // The start of Deno alone takes some.
      expect(second).to.be.within(10, 10_000);
      expect(Math.round((await held.sandbox.cpuMs()) - before)).to.equal(Math.round(first + second));
    });
  });
});
