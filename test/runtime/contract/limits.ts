/** The contract on limits: programs try to exceed every limit that a runtime claims to enforce. */
import { expect } from 'chai';
import { create, eventually, limits, names, needGroups, type Parts, read, rejects, run, start, textOf, useSandbox, write } from './harness.ts';

const MIB = 1024 * 1024;

export function describeLimits(parts: Parts): void {
  const { enforces, dialect } = parts.features;
  const { does, command } = dialect;
  if (enforces.length === 0) return;

  describe('limits', () => {
    const tight = { ...limits, memoryBytes: 96 * MIB, diskBytes: 24 * MIB, pids: 64 };
    const held = useSandbox(parts, { limits: tight });
    const stillWorks = async () => expect(await textOf(held.sandbox, await command(held.sandbox, does.print('works', '')))).to.equal('works');

    if (enforces.includes('memory') && parts.features.memoryEnds === 'sandbox') {
      it('of memory end a sandbox that uses more, and the exit says so (F-B9, F-F9)', async function () {
        await needGroups(parts.features).call(this);
        const sandbox = await create(held.subject, { limits: tight });
        const beside = await start(sandbox, await command(sandbox, does.forever));
        await beside.output.seen('ready');
        const { exit } = await run(sandbox, await command(sandbox, does.hog));
        expect(exit).to.have.property('kind', 'memoryLimit');
        expect(await beside.exited).to.have.property('kind', 'memoryLimit');
        expect(await sandbox.lost).to.match(/memory/);
        await rejects(start(sandbox, await command(sandbox, does.exit(0))), 'SandboxLost');
        await stillWorks();
      });
    } else if (enforces.includes('memory')) {
      it('of memory end a program that uses more (F-B9, F-F9)', async function () {
        await needGroups(parts.features).call(this);
        const { exit } = await run(held.sandbox, await command(held.sandbox, does.hog));
        expect(exit).to.have.property('kind', 'memoryLimit');
        await stillWorks();
      });
    }

    if (enforces.includes('cpu')) {
      it('of the processor slow down a program that wants more (F-F9)', async function () {
        await needGroups(parts.features).call(this);
        const sandbox = await create(held.subject, { limits: { ...limits, cpus: 0.25 } });
        const begin = performance.now();
        const { exit } = await run(sandbox, await command(sandbox, does.spin(1500)));
        const elapsed = performance.now() - begin;
        const used = exit.kind === 'lost' ? undefined : exit.usage?.cpuMs;
        // The kernel enforces the limit for periods of a tenth of a second: a program may be a little ahead of its share.
        expect(used).to.be.within(50, 0.25 * elapsed + 500);
        await sandbox.close();
      });
    }

    if (enforces.includes('pids')) {
      it('of processes stop a fork bomb, which can be killed (F-B9, F-F9)', async () => {
        const bomb = await start(held.sandbox, 'bomb() { bomb | bomb & }; echo ready; while :; do bomb; done');
        await bomb.output.seen('ready');
        await bomb.kill();
        await bomb.exited;
        await stillWorks();
      });
    }

    if (enforces.includes('pids') && parts.features.shell) {
      it('of processes leave no command without an answer when no process can be started, and the file commands go on (F-F9)', async () => {
        const full = await start(held.sandbox, 'i=0; while [ $i -lt 200 ]; do sleep 100 & i=$((i + 1)); echo $i; done 2>/dev/null');
        await full.exited;
        expect(Number(full.output.of('stdout').toString().trim().split('\n').at(-1))).to.be.within(20, 64);
        const refused = await rejects(run(held.sandbox, 'echo ran'), 'SandboxFailed');
        expect(refused.message).to.contain('EAGAIN').and.contain('limits.pids');
        // The file commands need no process.
        await write(held.sandbox, '/workspace/full/file', 'written');
        expect(await read(held.sandbox, '/workspace/full/file')).to.equal('written');
        expect(await names(held.sandbox, '/workspace/full')).to.deep.equal(['file']);
        await held.sandbox.files.delete('/workspace/full', { recursive: true, force: false });
        await full.kill();
        // A killed process counts until its parent has waited for it.
        await eventually(stillWorks);
      });
    }

    if (enforces.includes('disk')) {
      for (const place of ['/workspace', '/tmp']) {
        it(`of the disk hold in ${place} (F-F9)`, async () => {
          const { stderr } = await run(held.sandbox, await command(held.sandbox, does.fill(`${place}/fill`, 64 * MIB)));
          expect(stderr.toString()).to.match(/No space left|I\/O error/);
          await rejects(held.sandbox.files.write(`${place}/more`, Buffer.alloc(MIB), { mode: 'overwrite', executable: undefined }), 'DiskFull');
          await held.sandbox.files.delete(`${place}/fill`, { recursive: false, force: false });
          await held.sandbox.files.delete(`${place}/more`, { recursive: false, force: true });
          await stillWorks();
        });
      }
    }

    if (parts.features.adjusts) it('can be changed, and are told and felt as they are then', async function () {
      await needGroups(parts.features).call(this);
      const sandbox = await create(held.subject, { limits: tight });
      const before = sandbox.isolation;
      for (const memoryBytes of [160 * MIB, 48 * MIB]) {
        await sandbox.adjust({ ...tight, memoryBytes, cpus: 0.5, pids: 40 });
        const details = Object.fromEntries(sandbox.isolation.layers.map(({ name, detail }) => [name, detail]));
        expect([details.memory, details.cpu, details.pids]).to.deep.equal([`${memoryBytes} bytes`, '0.5 cores', '40 processes']);
        expect({ score: sandbox.isolation.score, names: Object.keys(details) }).to.deep.equal({ score: before.score, names: before.layers.map(({ name }) => name) });
      }
      const many = await start(sandbox, 'i=0; while [ $i -lt 200 ]; do sleep 100 & i=$((i + 1)); echo $i; done 2>/dev/null');
      await many.exited;
      expect(Number(many.output.of('stdout').toString().trim().split('\n').at(-1))).to.be.within(10, 40);
      await many.kill();
      expect((await run(sandbox, await command(sandbox, does.hog))).exit).to.have.property('kind', 'memoryLimit');
      await sandbox.close();
    });

    it('are reported in the isolation, layer by layer', async function () {
      await needGroups(parts.features).call(this);
      const { score, layers } = held.sandbox.isolation;
      expect(score).to.be.within(0, 10);
      for (const name of enforces) expect(layers.find((layer) => layer.name === name)).to.have.property('state').that.is.not.equal('off');
    });
  });
}
