/** The contract on `can`: what a runtime and its sandboxes declare there is true, whether they declare that they can or that they can't. */
import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAX_FILE_BYTES, type Sandbox } from '../../../server/src/runtime/ports.ts';
import { create, limits, needGroups, Output, type Parts, program, read, rejects, run, start, type Subject, useSandbox, write } from './harness.ts';

export function describeCan(parts: Parts): void {
  const { does, command } = parts.features.dialect;

  describe('what it can do', () => {
    const held = useSandbox(parts);
    /** Runs a test that changes its sandbox, in another one. */
    const inNew = async (subject: Subject, work: (sandbox: Sandbox) => Promise<unknown>) => {
      const sandbox = await create(subject);
      await work(sandbox).finally(() => sandbox.close());
    };

    it('is declared: terminals', async () => {
      const { terminals } = held.subject.runtime.can;
      expect(terminals).to.equal(parts.features.pty);
      const starting = start(held.sandbox, await command(held.sandbox, does.exit(0)), { pty: { cols: 80, rows: 24 }, stdin: 'open' });
      if (!terminals) return void (await rejects(starting, 'LanguageUnsupported'));
      expect(await (await starting).exited).to.deep.include({ kind: 'exited', code: 0 });
    });

    it('is declared: the network modes, of which every one but none needs connections', () => {
      const { networks } = held.subject.runtime.can;
      expect(networks).to.deep.equal(held.sandbox.can.connections ? ['none', 'allowlist', 'full'] : ['none']);
    });

    it('is declared: changing the limits of a sandbox', async function () {
      await needGroups(parts.features).call(this);
      expect(held.sandbox.can.adjust).to.equal(parts.features.adjusts ?? false);
      await inNew(held.subject, async (sandbox) => {
        const adjusting = sandbox.adjust({ ...limits, cpus: 0.5 });
        await (sandbox.can.adjust ? adjusting : rejects(adjusting, 'SandboxFailed'));
      });
    });

    it('is declared: copying a folder into a sandbox', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'copied-'));
      try {
        writeFileSync(join(folder, 'file'), 'copied');
        await inNew(held.subject, async (sandbox) => {
          const copying = sandbox.copyIn(folder, MAX_FILE_BYTES, new AbortController().signal);
          if (!sandbox.can.copyIn) return rejects(copying, 'SandboxFailed');
          await copying;
          expect(await read(sandbox, '/workspace/file')).to.equal('copied');
        });
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    it('is declared: holding a program', async () => {
      const { sink } = new Output();
      const toolchain = await held.sandbox.toolchain(parts.features.languages[0] ?? 'shellscript');
      const path = `/workspace/held${toolchain?.extension ?? ''}`;
      const [run] = toolchain?.phases(path, [], '/tmp') ?? [];
      const holding = held.sandbox.hold(program(run?.command ?? ['true'], { env: run?.env ?? {} }), path, sink);
      if (!held.sandbox.can.hold) return void (await rejects(holding, 'SandboxFailed'));
      const waiting = await holding;
      await write(held.sandbox, path, '');
      expect(await waiting.release()).to.equal(true);
      expect(await waiting.exited).to.deep.include({ kind: 'exited', code: 0 });
      await held.sandbox.files.delete(path, { recursive: false, force: true });
    });

    it('is declared: whether a sandbox can tell its processor time', async () => {
      if (!held.sandbox.can.cpuTime) return void (await rejects(held.sandbox.cpuMs(), 'SandboxFailed'));
      const before = await held.sandbox.cpuMs();
      const begin = performance.now();
      let used = 0;
      let told = 0;
      for (let runs = 0; runs < 20 && used < 200; runs++) {
        const { exit } = await run(held.sandbox, await command(held.sandbox, does.spin(200)));
        expect(exit).to.deep.include({ kind: 'exited', code: 0 });
        used = (await held.sandbox.cpuMs()) - before;
        told += exit.kind === 'lost' ? 0 : (exit.usage?.cpuMs ?? 0);
      }
      expect(used).to.be.within(200, (performance.now() - begin) * availableParallelism());
      // The kernel adds up the time of processes in ticks of a few milliseconds.
      if (!parts.features.countsWaiting) expect(used).to.be.at.least(told / 2);
    });

    it('is declared: whether a sandbox can tell that it is pristine', async () => {
      await inNew(held.subject, async (sandbox) => {
        if (!sandbox.can.tellPristine) return rejects(sandbox.isPristine(), 'SandboxFailed');
        expect(await sandbox.isPristine()).to.equal(true);
        await write(sandbox, '/tmp/left', '');
        expect(await sandbox.isPristine()).to.equal(false);
      });
    });
  });
}
