/** How the audit log is written: in batches, in segments, for a time, and on disks that fail. */
import { expect } from 'chai';
import { appendFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import type { Audit } from '../../server/src/audit/audit.ts';
import { type Disk, systemDisk } from '../../server/src/audit/disk.ts';
import type { AuditPolicy } from '../../server/src/policy/audit.ts';
import { temporaryFolder } from '../policy/folder.ts';
import { linesOf, LogBench, until } from './log-bench.ts';

const DAY_MS = 86_400_000;
const command = (path: string) => ({ kind: 'command', event: 'done', fields: { path } }) as const;

describe('the audit log', () => {
  const folder = temporaryFolder();

  it('touches no disk before there is something to record', async () => {
    const bench = new LogBench(folder());
    await bench.daemon().close();
    expect([bench.segments, bench.clock.pending]).to.deep.equal([[], 0]);
  });

  it('writes what was recorded after a moment, all of it at once', async () => {
    const bench = new LogBench(folder());
    const daemon = bench.daemon();
    daemon.record(command('a'));
    await bench.clock.advance(30);
    daemon.record(command('b'));
    expect(bench.segments).to.deep.equal([]);
    await bench.clock.advance(20);
    expect(bench.records.map(({ path }) => path)).to.deep.equal([undefined, 'a', 'b']);
    expect(bench.records.map(({ time }) => time)).to.deep.equal(['2030-01-01T00:00:00.050Z', '2030-01-01T00:00:00.000Z', '2030-01-01T00:00:00.030Z']);
    await daemon.close();
    expect([bench.records.at(-1)?.event, bench.clock.pending]).to.deep.equal(['ended', 0]);
  });

  it('is readable by nobody else', async () => {
    const bench = new LogBench(folder());
    await bench.write(1);
    for (const path of [...bench.segments, ...bench.headFiles]) expect(statSync(path).mode & 0o777).to.equal(0o600);
    for (const path of [bench.places.records, bench.places.heads]) expect(statSync(path).mode & 0o777).to.equal(0o700);
  });

  it('is not written into a folder in which others may write', async () => {
    const bench = new LogBench(folder());
    await bench.write(1);
    const { chmodSync } = await import('node:fs');
    chmodSync(bench.places.records, 0o777);
    await bench.write(1);
    expect([bench.segments.length, bench.lines.map(({ message }) => message)]).to.deep.equal([1, ["the audit log can't be written: the folder can't be written (EACCES)"]]);
  });

  it('holds nothing of any length', async () => {
    const bench = new LogBench(folder());
    const daemon = bench.daemon();
    daemon.record({ kind: 'file', event: 'done', fields: { path: 'x'.repeat(100_000), hosts: Array.from({ length: 1000 }, () => 'host') } });
    await daemon.close();
    const [, record] = bench.records;
    expect([(record?.path as string).length, (record?.hosts as string[]).length]).to.deep.equal([4097, 200]);
    const other = bench.daemon();
    other.record({ kind: 'file', event: 'done', fields: { sessionId: 's', call: 7, method: 'm'.repeat(1000), a: '\u0001'.repeat(4000), b: '\u0001'.repeat(4000), c: '\u0001'.repeat(4000) } });
    await other.close();
    expect(bench.records.at(-2)).to.deep.include({ sessionId: 's', call: 7, method: 'm'.repeat(300), tooLong: true }).and.not.to.have.any.keys('a');
    await bench.write(1);
    expect([bench.records.at(-3)?.others, await bench.faults()]).to.satisfy(([others, faults]: [unknown[], string[]]) => others.length === 2 && faults.length === 0);
  });

  it('goes on in another segment when one is large, and when the day is over', async () => {
    const bench = new LogBench(folder());
    await bench.write(8, { policy: { rotateBytes: 1000 } });
    const large = bench.segments.length;
    expect(large).to.be.greaterThan(1);
    const daemon = bench.daemon();
    daemon.record(command('today'));
    daemon.flush();
    await bench.clock.advance(DAY_MS);
    daemon.record(command('tomorrow'));
    await daemon.close();
    expect(bench.segments.slice(large).map((path) => path.split('/').at(-2))).to.deep.equal(['2030-01-01', '2030-01-02']);
    expect([await bench.faults(), await bench.notes()]).to.deep.equal([[], []]);
  });

  it('is kept for some days, and tells of what was removed', async () => {
    const bench = new LogBench(folder());
    await bench.write(2);
    await bench.clock.advance(3 * DAY_MS);
    await bench.write(2, { policy: { keepDays: 3 } });
    expect(bench.segments.length).to.equal(2);
    await bench.clock.advance(DAY_MS);
    const daemon = bench.daemon({ policy: { keepDays: 3 } });
    daemon.record(command('later'));
    daemon.flush();
    await until(() => bench.segments.length === 2);
    await until(() => bench.headFiles.length === 2);
    await daemon.close();
    const [removed] = bench.records.filter(({ event }) => event === 'removed');
    expect(removed).to.deep.include({ because: 'age' });
    expect((removed?.segments as { records: number }[]).map(({ records }) => records)).to.deep.equal([4]);
    expect([await bench.faults(), await bench.notes()]).to.deep.equal([[], []]);
  });

  it('takes no more room than it may, and keeps what a daemon may still write', async () => {
    const bench = new LogBench(folder());
    await bench.write(20, { policy: { rotateBytes: 1000 } });
    const before = bench.segments;
    const daemon = bench.daemon({ policy: { maxBytes: 1 } });
    daemon.record(command('a'));
    daemon.flush();
    await until(() => bench.segments.length === 2);
    await daemon.close();
    expect(bench.segments[0]).to.equal(before.at(-1));
    expect([await bench.faults(), await bench.notes()]).to.deep.equal([[], []]);
    expect(bench.records.filter(({ event }) => event === 'removed').map(({ because }) => because)).to.deep.equal(['size']);
  });

  it('a segment that somebody shortened does not become whole by its age', async () => {
    const anchor = `${folder()}/heads`;
    writeFileSync(anchor, '');
    const bench = new LogBench(folder(), anchor);
    await bench.write(5);
    await bench.write(1);
    const [first = ''] = bench.segments;
    writeFileSync(first, linesOf(first).slice(0, 3).map((line) => `${line}\n`).join(''));
    await bench.clock.advance(2 * DAY_MS);
    const daemon = bench.daemon({ policy: { maxBytes: 1 } });
    daemon.record(command('later'));
    daemon.flush();
    await until(() => bench.segments.length === 1);
    await daemon.close();
    expect((await bench.faults())[0]).to.contain('the segment was not whole any more when it was removed for its age or size');
  });

  it('needs no record of what was removed long ago, also where its heads can not be removed', async () => {
    const anchor = `${folder()}/heads`;
    writeFileSync(anchor, '');
    const bench = new LogBench(folder(), anchor);
    for (const [policy, days] of [[{ keepDays: 2 }, 2], [{ maxBytes: 1 }, 1]] as const) {
      for (let day = 0; day < 8; day += 1) {
        const daemon = bench.daemon({ policy });
        daemon.record(command('a'));
        daemon.flush();
        const oldest = new Date(bench.clock.now() - days * DAY_MS).toISOString().slice(0, 10);
        await until(() => bench.segments.every((path) => (path.split('/').at(-2) ?? '') >= oldest));
        await daemon.close();
        expect(await bench.faults(), `${day}`).to.deep.equal([]);
        await bench.clock.advance(DAY_MS);
      }
    }
    const [first = ''] = bench.segments;
    rmSync(first);
    expect((await bench.faults())[0]).to.contain('the whole segment is missing');
  });

  describe('of a daemon that was killed', () => {
    /** What is there when the daemon stops at once after its last batch. */
    const killed = (): LogBench => {
      const bench = new LogBench(folder());
      const daemon = bench.daemon();
      for (const path of ['a', 'b']) {
        daemon.record(command(path));
        daemon.flush();
      }
      return bench;
    };

    it('is as it was written', async () => {
      const bench = killed();
      expect([await bench.faults(), await bench.notes()]).to.deep.equal([[], []]);
    });

    it('may end in the middle of a line, which is told', async () => {
      const bench = killed();
      const [segment = ''] = bench.segments;
      appendFileSync(segment, '{"hash":"0123');
      expect([await bench.faults(), await bench.notes()]).to.deep.equal([[], ['the last line is torn: the daemon was stopped, or the disk was full, while it was written']]);
    });

    it('may not end in the middle of a line that has a head', async () => {
      const bench = killed();
      const [segment = ''] = bench.segments;
      truncateSync(segment, statSync(segment).size - 5);
      expect((await bench.faults())[0]).to.contain('the last 1 record is missing, as the head in');
    });

    it('may have records without a head, which is told', async () => {
      const bench = killed();
      const [heads = ''] = bench.headFiles;
      writeFileSync(heads, linesOf(heads).slice(0, -1).map((line) => `${line}\n`).join(''));
      expect([await bench.faults(), (await bench.notes())[0]]).to.deep.equal([[], "the last 1 record has no head yet, or the daemon was stopped before it wrote one: whether somebody changed it can't be told"]);
    });

    it('may have a head that is torn, which is told', async () => {
      const bench = killed();
      const [heads = ''] = bench.headFiles;
      truncateSync(heads, statSync(heads).size - 10);
      const notes = await bench.notes();
      expect([await bench.faults(), notes.length]).to.deep.equal([[], 2]);
      expect(notes[0]).to.contain('the line is torn');
    });
  });

  describe('on a disk that fails', () => {
    /** A disk that has room for so many bytes more, or says something else. */
    class FailingDisk implements Disk {
      room = Infinity;
      code: string | undefined;
      canCut = true;
      readonly #real = systemDisk(process.getuid?.() ?? -1);

      makeFolder = (path: string) => this.#tried(() => this.#real.makeFolder(path));
      isFile = (path: string) => this.#real.isFile(path);
      create = (path: string) => this.#limited(this.#tried(() => this.#real.create(path)));
      open = (path: string) => this.#limited(this.#tried(() => this.#real.open(path)));

      #tried<T>(work: () => T): T {
        if (this.code !== undefined) throw Object.assign(new Error('it fails'), { code: this.code });
        return work();
      }

      #limited(file: ReturnType<Disk['create']>): ReturnType<Disk['create']> {
        return {
          ...file,
          append: (bytes) => {
            const some = this.code === undefined ? Math.min(bytes.length, this.room) : 0;
            this.room -= some;
            const { written } = file.append(bytes.subarray(0, some));
            return some < bytes.length ? { written, fault: Object.assign(new Error('it fails'), { code: this.code ?? 'ENOSPC' }) } : { written };
          },
          cut: (size) => {
            if (!this.canCut) throw new Error('it cannot be cut');
            file.cut(size);
          },
        };
      }
    }

    const begin = (disk: FailingDisk, policy: Partial<AuditPolicy> = {}): { bench: LogBench; daemon: Audit; told: string[] } => {
      const bench = new LogBench(folder());
      const daemon = bench.daemon({ disk, policy });
      const told: string[] = [];
      daemon.onTrouble(({ code }) => told.push(code));
      return { bench, daemon, told };
    };

    it('is written later, when there is room again, and the trouble is told once', async () => {
      const disk = new FailingDisk();
      const { bench, daemon, told } = begin(disk);
      daemon.record(command('a'));
      daemon.flush();
      disk.room = 100;
      for (const path of ['b', 'c', 'd']) {
        daemon.record(command(path));
        await bench.clock.advance(2_000);
      }
      expect([told, bench.lines.length, await bench.faults()]).to.deep.equal([['ENOSPC'], 1, []]);
      disk.room = Infinity;
      await bench.clock.advance(1_000);
      expect(bench.records.map(({ path }) => path)).to.deep.equal([undefined, 'a', 'b', 'c', 'd']);
      expect([bench.lines.map(({ level, message }) => [level, message]), await bench.faults(), await bench.notes()]).to.deep.equal([
        [['warn', "the audit log can't be written: the disk is full (ENOSPC)"], ['warn', 'the audit log is written again']], [], [],
      ]);
      await daemon.close();
    });

    it('is as it was written wherever the disk becomes full', async () => {
      for (let room = 0; room < 2_500; room += 37) {
        for (const [canCut, rotateBytes] of [[true, 2 ** 20], [false, 2 ** 20], [true, 500], [false, 500]] as const) {
          rmSync(folder(), { recursive: true, force: true });
          const disk = new FailingDisk();
          Object.assign(disk, { room, canCut });
          const { bench, daemon } = begin(disk, { rotateBytes });
          for (const path of ['a', 'b', 'c', 'd', 'e']) {
            daemon.record(command(path));
            daemon.flush();
          }
          expect(await bench.faults(), `${room}`).to.deep.equal([]);
          disk.room = Infinity;
          await daemon.close();
          expect(await bench.faults(), `${room}`).to.deep.equal([]);
          expect(bench.records.flatMap(({ path }) => path ?? []), `${room}`).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
        }
      }
    });

    it('loses the oldest entries if that takes long, and says how many', async () => {
      const disk = new FailingDisk();
      const { bench, daemon } = begin(disk);
      disk.code = 'EROFS';
      for (let at = 0; at < 10_003; at += 1) daemon.record(command(String(at)));
      await bench.clock.advance(5_000);
      disk.code = undefined;
      await bench.clock.advance(1_000);
      await daemon.close();
      const [, lost, first] = bench.records;
      expect([lost?.event, lost?.entries, lost?.because, first?.path]).to.deep.equal(['lost', 3, 'EROFS', '3']);
      expect([await bench.faults(), await bench.notes()]).to.deep.equal([[], ['3 entries could not be recorded before this, because nothing could be written']]);
    });

    it('tells whoever comes later that there is trouble', async () => {
      const disk = new FailingDisk();
      const { daemon } = begin(disk);
      disk.code = 'EROFS';
      daemon.record(command('a'));
      expect(daemon.flush()).to.deep.equal({ code: 'EROFS', words: 'the disk can only be read' });
      const told: string[] = [];
      daemon.onTrouble(({ code }) => told.push(code));
      expect(told).to.deep.equal(['EROFS']);
      disk.code = undefined;
      await daemon.close();
    });
  });

  it('goes on in a new segment when somebody removed the one that is written, and that is found', async () => {
    const bench = new LogBench(folder());
    const daemon = bench.daemon();
    daemon.record(command('a'));
    daemon.flush();
    rmSync(bench.segments[0] ?? '');
    daemon.record(command('b'));
    await daemon.close();
    expect(bench.records.flatMap(({ path }) => path ?? [])).to.deep.equal(['b']);
    expect((await bench.faults())[0]).to.contain('the whole segment is missing, as the head in');
  });

  it('is written through to the disk with every batch, if the configuration says so', async () => {
    const real = systemDisk(process.getuid?.() ?? -1);
    let synced = 0;
    const counting = (file: ReturnType<Disk['create']>) => ({ ...file, sync: () => {
      synced += 1;
      file.sync();
    } });
    const disk: Disk = { ...real, create: (path) => counting(real.create(path)), open: (path) => counting(real.open(path)) };
    const bench = new LogBench(folder());
    await bench.write(3, { disk });
    expect(synced).to.equal(0);
    await bench.write(3, { disk, policy: { fsync: true } });
    // Three batches and the last record, each in the segment and in the heads.
    expect(synced).to.equal(8);
  });

  it('makes digests when it writes, and not when it is told of something', async () => {
    const bench = new LogBench(folder());
    const daemon = bench.daemon();
    let made = 0;
    daemon.record({ kind: 'file', event: 'done', fields: () => ({ made: ++made }) });
    expect(made).to.equal(0);
    await daemon.close();
    expect(made).to.equal(1);
  });

  it('is never read again by the daemon that writes it', async () => {
    const bench = new LogBench(folder());
    const daemon = bench.daemon();
    daemon.record(command('a'));
    daemon.flush();
    const [segment = ''] = bench.segments;
    const before = readFileSync(segment);
    writeFileSync(segment, before.toString('latin1').replace('"a"', '"z"'));
    daemon.record(command('b'));
    await daemon.close();
    expect(await bench.faults()).to.deep.equal(['this record was changed, or the one before it']);
  });
});
