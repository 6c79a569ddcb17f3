/** The contract on the life of a sandbox, from its creation to its end. */
import { expect } from 'chai';
import { create, lackFor, names, needGroups, type Parts, rejects, specFor, start, type Subject, write } from './harness.ts';

export function describeLife({ make, features }: Parts): void {
  const { does, command } = features.dialect;

  describe('life', () => {
    let subject: Subject;
    beforeEach(async () => {
      subject = await make();
    });
    afterEach(() => subject.dispose());

    it('begins with a runtime that describes itself', async () => {
      const info = await subject.runtime.refresh(new AbortController().signal);
      expect(info).to.include({ id: subject.runtime.id, available: true });
      expect(subject.runtime.info()).to.deep.equal(info);
      const claimed = info.languages.map(({ id }) => id);
      for (const language of features.languages) if ((await lackFor(features, language)) === undefined) expect(claimed).to.include(language);
    });

    it('of a sandbox leaves nothing on the host', async () => {
      const sandbox = await create(subject);
      await write(sandbox, '/workspace/a/b/c', 'x');
      const running = await start(sandbox, await command(sandbox, does.forever));
      await running.output.seen('ready');
      expect(await subject.leftovers()).not.to.deep.equal([]);
      await Promise.all([sandbox.close(), sandbox.close()]);
      expect((await running.exited).kind).to.be.oneOf(['signaled', 'lost']);
      expect(await subject.leftovers()).to.deep.equal([]);
    });

    it('of several sandboxes ends when the runtime is closed', async () => {
      const sandboxes = await Promise.all([create(subject), create(subject), create(subject)]);
      const running = await Promise.all(
        sandboxes.map(async (sandbox) => start(sandbox, await command(sandbox, does.forever))),
      );
      await Promise.all(running.map(({ output }) => output.seen('ready')));
      await subject.runtime.close();
      for (const { exited } of running) expect((await exited).kind).to.be.oneOf(['signaled', 'lost']);
      expect(await subject.leftovers()).to.deep.equal([]);
    });

    it('begins with empty folders', async () => {
      const sandbox = await create(subject);
      expect(await names(sandbox, '/workspace')).to.deep.equal([]);
      await sandbox.close();
    });

    it('does not begin if it is cancelled', async () => {
      const abort = new AbortController();
      abort.abort(new Error('cancelled by the test'));
      const fault = await subject.runtime.create(specFor(subject), { signal: abort.signal, report: () => undefined }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(fault).to.be.an('error');
      expect(await subject.leftovers()).to.deep.equal([]);
    });

    it('can end while programs run and files are written', async () => {
      const sandbox = await create(subject);
      const argv = await command(sandbox, does.forever);
      const starting = Promise.allSettled([start(sandbox, argv), start(sandbox, argv)]);
      const writing = Promise.allSettled(['/workspace/x/y', '/tmp/z'].map((path) => write(sandbox, path, 'x')));
      await sandbox.close();
      for (const result of await starting) {
        if (result.status === 'fulfilled') expect((await result.value.exited).kind).to.be.oneOf(['signaled', 'lost']);
      }
      await writing;
      expect(await subject.leftovers()).to.deep.equal([]);
    });

    it('is over after close: everything is refused', async () => {
      const sandbox = await create(subject);
      const argv = await command(sandbox, does.exit(0));
      await sandbox.close();
      await rejects(start(sandbox, argv), 'SandboxLost');
      await rejects(names(sandbox, '/workspace'), 'SandboxLost');
      await rejects(write(sandbox, '/workspace/x', ''), 'SandboxLost');
      await rejects(sandbox.files.delete('/workspace/x', { recursive: true, force: true }), 'SandboxLost');
      await rejects(sandbox.files.createDirectory('/workspace', true), 'SandboxLost');
      expect(await Promise.race([sandbox.lost, Promise.resolve('not lost')])).to.equal('not lost');
    });

    it('is reported as lost if somebody else ends it', async function () {
      // The subjects find the processes of a sandbox by its control group.
      await needGroups(features).call(this);
      if (!subject.destroy) throw new Error('the subject must be able to destroy a sandbox');
      const sandbox = await create(subject);
      const argv = await command(sandbox, does.forever);
      const running = await start(sandbox, argv);
      await running.output.seen('ready');
      await subject.destroy(sandbox);
      expect(await sandbox.lost).to.be.a('string').and.not.to.equal('');
      expect(await running.exited).to.have.property('kind', 'lost');
      await rejects(start(sandbox, argv), 'SandboxLost');
      await rejects(names(sandbox, '/workspace'), 'SandboxLost');
      await sandbox.close();
      expect(await subject.leftovers()).to.deep.equal([]);
    });
  });
}
