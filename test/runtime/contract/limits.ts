/** Limits that a runtime says it enforces, met by programs that try. */
import { expect } from 'chai';
import { limits, type Parts, rejects, run, start, textOf, useSandbox } from './harness.ts';

const MIB = 1024 * 1024;

export function describeLimits(parts: Parts): void {
  const { enforces, dialect } = parts.features;
  const { does, command } = dialect;
  if (enforces.length === 0) return;

  describe('limits', () => {
    const held = useSandbox(parts, { limits: { ...limits, memoryBytes: 96 * MIB, diskBytes: 24 * MIB, pids: 64 } });
    const stillWorks = async () => expect(await textOf(held.sandbox, await command(held.sandbox, does.print('works', '')))).to.equal('works');

    if (enforces.includes('memory')) {
      it('of memory end the program that takes more', async () => {
        const { exit } = await run(held.sandbox, await command(held.sandbox, does.hog));
        expect(exit).to.have.property('kind', 'memoryLimit');
        await stillWorks();
      }).timeout(60_000);
    }

    if (enforces.includes('pids')) {
      it('of processes hold a fork bomb, which can be killed', async () => {
        const bomb = await start(held.sandbox, 'bomb() { bomb | bomb & }; echo ready; while :; do bomb; done');
        await bomb.output.seen('ready');
        await bomb.kill();
        await bomb.exited;
        await stillWorks();
      }).timeout(60_000);
    }

    if (enforces.includes('disk')) {
      for (const place of ['/workspace', '/tmp']) {
        it(`of the disk are felt in ${place}`, async () => {
          const { stderr } = await run(held.sandbox, `head -c ${64 * MIB} /dev/zero > ${place}/fill`);
          expect(stderr.toString()).to.match(/No space left|I\/O error/);
          await rejects(held.sandbox.files.write(`${place}/more`, Buffer.alloc(MIB), { mode: 'overwrite', executable: undefined }), 'DiskFull');
          await held.sandbox.files.delete(`${place}/fill`, { recursive: false, force: false });
          await held.sandbox.files.delete(`${place}/more`, { recursive: false, force: true });
          await stillWorks();
        });
      }
    }

    it('are told, layer by layer', () => {
      const { score, layers } = held.sandbox.isolation;
      expect(score).to.be.within(0, 10);
      for (const name of enforces) expect(layers.find((layer) => layer.name === name)).to.have.property('state').that.is.not.equal('off');
    });
  });
}
