/** The audit log: whatever somebody changes in it is found. */
import { expect } from 'chai';
import fc from 'fast-check';
import { basename, dirname, join } from 'node:path';
import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { emptyHead, lineOf } from '../../server/src/audit/chain.ts';
import { temporaryFolder } from '../policy/folder.ts';
import { linesOf, LogBench, restore, take, type Tree } from './log-bench.ts';

describe('verifying the audit log', () => {
  const folder = temporaryFolder();

  /** Three daemons, of which the second one has several segments. */
  async function whole(): Promise<LogBench> {
    const bench = new LogBench(folder());
    await bench.write(3);
    await bench.write(12, { policy: { rotateBytes: 900 } });
    await bench.write(2);
    return bench;
  }

  it('finds nothing in a log that nobody has changed', async () => {
    const bench = await whole();
    expect([bench.segments.length > 4, await bench.faults(), await bench.notes()]).to.deep.equal([true, [], []]);
  });

  it('finds nothing where there is no log', async () => {
    const bench = new LogBench(folder());
    expect([await bench.faults(), await bench.notes()]).to.deep.equal([[], []]);
  });

  /** What is changed in the lines of a segment. `undefined`: nothing can be, in this one. */
  type Change = (lines: readonly string[], other: readonly string[], random: (below: number) => number) => readonly string[] | undefined;
  const changes: Record<string, Change> = {
    'a byte that is changed': (lines, _, random) => {
      const at = random(lines.length);
      const line = lines[at] ?? '';
      const place = random(line.length);
      const byte = String.fromCharCode((line.charCodeAt(place) + 1 + random(255)) % 256);
      return byte === '\n' ? undefined : lines.with(at, line.slice(0, place) + byte + line.slice(place + 1));
    },
    'a byte that is removed': (lines, _, random) => {
      const at = random(lines.length);
      const line = lines[at] ?? '';
      const place = random(line.length);
      return lines.with(at, line.slice(0, place) + line.slice(place + 1));
    },
    'a byte that is put in': (lines, _, random) => {
      const at = random(lines.length);
      const line = lines[at] ?? '';
      const place = random(line.length + 1);
      return lines.with(at, line.slice(0, place) + String.fromCharCode(random(256)) + line.slice(place));
    },
    'a record that is removed': (lines, _, random) => lines.toSpliced(random(lines.length), 1),
    'a record that is put in twice': (lines, _, random) => lines.toSpliced(random(lines.length + 1), 0, lines[random(lines.length)] ?? ''),
    'a record of another segment that is put in': (lines, other, random) => lines.toSpliced(random(lines.length + 1), 0, other[random(other.length)] ?? ''),
    'an empty line that is put in': (lines, _, random) => lines.toSpliced(random(lines.length + 1), 0, ''),
    'two records that change places': (lines, _, random) => {
      const [one, two] = [random(lines.length), random(lines.length)];
      return one === two ? undefined : lines.with(one, lines[two] ?? '').with(two, lines[one] ?? '');
    },
    'records that are cut off at the end': (lines, _, random) => lines.slice(0, random(lines.length)),
    'records that are cut off at the beginning': (lines, _, random) => lines.slice(1 + random(lines.length)),
    'the records of another segment in place of its own': (_, other) => other,
  };

  for (const [name, change] of Object.entries(changes)) {
    it(`finds ${name}`, async () => {
      const bench = await whole();
      const tree = take(folder());
      await fc.assert(fc.asyncProperty(fc.nat(), fc.nat(), fc.infiniteStream(fc.nat()), async (which, second, numbers) => {
        const path = bench.segments[which % bench.segments.length] ?? '';
        const otherPath = bench.segments.filter((each) => each !== path)[second % (bench.segments.length - 1)] ?? '';
        const changed = change(linesOf(path), linesOf(otherPath), (below) => (numbers.next().value as number) % below);
        fc.pre(changed !== undefined);
        const text = changed.map((line) => `${line}\n`).join('');
        fc.pre(text !== readFileSync(path, 'latin1'));
        await found(bench, tree, () => writeFileSync(path, text, 'latin1'));
      }), { numRuns: 40 });
    });
  }

  it('finds a segment that is cut off at any byte', async () => {
    const bench = await whole();
    const tree = take(folder());
    await fc.assert(fc.asyncProperty(fc.nat(), fc.nat(), async (which, length) => {
      const path = bench.segments[which % bench.segments.length] ?? '';
      const bytes = readFileSync(path);
      await found(bench, tree, () => writeFileSync(path, bytes.subarray(0, length % bytes.length)));
    }), { numRuns: 100 });
  });

  it('finds each segment that is removed, also with its heads, where another one names it', async () => {
    const bench = await whole();
    const tree = take(folder());
    for (const path of bench.segments) await found(bench, tree, () => rmSync(path));
    for (const path of bench.headFiles.slice(0, -1)) {
      const gone = bench.segments.filter((segment) => segment.includes(path.slice(-25, -6)));
      expect(gone).not.to.be.empty;
      await found(bench, tree, () => [path, ...gone].forEach((each) => rmSync(each)));
    }
  });

  it('finds a segment under the name of another one, and one that was put there', async () => {
    const bench = await whole();
    const tree = take(folder());
    const [first = '', second = ''] = bench.segments;
    await found(bench, tree, () => renameSync(first, second));
    await found(bench, tree, () => writeFileSync(first.replace(/0001\.jsonl$/, '0002.jsonl'), readFileSync(first)));
    await found(bench, tree, () => writeFileSync(`${first}.old`, ''));
    const forged = new LogBench(folder() + '/forged');
    await forged.write(2);
    await found(bench, tree, () => writeFileSync(first.replace(/-\d{12}-/, '-aaaaaaaaaaaa-'), readFileSync(forged.segments[0] ?? '')));
    // It is whole under its own name, and no daemon has written it.
    const later = new LogBench(folder() + '/later');
    await later.clock.advance(1000);
    await later.write(2);
    const [strange = ''] = later.segments;
    const bytes = readFileSync(strange);
    restore(folder(), tree);
    writeFileSync(join(dirname(first), basename(strange)), bytes);
    expect(await bench.faults()).to.deep.equal(['this segment was put here: it has no head']);
    restore(folder(), tree);
  });

  it('finds records that are cut off together with their heads, where the next segment names the last one', async () => {
    const bench = new LogBench(folder());
    await bench.write(12, { policy: { rotateBytes: 900 } });
    const [first = ''] = bench.segments;
    const [heads = ''] = bench.headFiles;
    const kept = linesOf(first).slice(0, 3);
    const name = (JSON.parse(linesOf(heads)[0] ?? '') as { segment: string }).segment;
    writeFileSync(first, kept.map((line) => `${line}\n`).join(''), 'latin1');
    writeFileSync(heads, linesOf(heads).filter((line) => {
      const { segment, records } = JSON.parse(line) as { segment: string; records: number };
      return segment !== name || records <= kept.length;
    }).map((line) => `${line}\n`).join(''), 'latin1');
    expect((await bench.faults())[0]).to.match(/^the last \d+ records are missing, as the segment .*-0002 says$/);
  });

  it('finds heads that were changed', async () => {
    const bench = await whole();
    const tree = take(folder());
    await fc.assert(fc.asyncProperty(fc.nat(), fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), async (which, at, place, by) => {
      const path = bench.headFiles[which % bench.headFiles.length] ?? '';
      const lines = linesOf(path);
      const line = lines[at % lines.length] ?? '';
      // Behind the name of the segment: a changed name is that of a segment which is missing.
      const from = line.indexOf('"hash":"') + 8 + (place % 64);
      const byte = (line.charCodeAt(from) + by) % 256;
      fc.pre(byte !== 10 && byte !== 13);
      await found(bench, tree, () => writeFileSync(path, lines.with(at % lines.length, line.slice(0, from) + String.fromCharCode(byte) + line.slice(from + 1)).map((each) => `${each}\n`).join(''), 'latin1'));
    }), { numRuns: 40 });
  });

  it('finds each byte of a head that is replaced', async () => {
    const bench = new LogBench(folder());
    await bench.write(2);
    const tree = take(folder());
    const [path = ''] = bench.headFiles;
    const lines = linesOf(path);
    for (const [at, line] of lines.entries()) {
      for (let place = 0; place < line.length; place += 1) {
        for (const byte of ['.', ']', '9'].filter((each) => each !== line[place])) {
          await found(bench, tree, () => writeFileSync(path, lines.with(at, line.slice(0, place) + byte + line.slice(place + 1)).map((each) => `${each}\n`).join(''), 'latin1'));
        }
      }
    }
  });

  it('finds heads of records that can not be: a part of one, or less than none', async () => {
    const bench = await whole();
    const tree = take(folder());
    const [path = ''] = bench.headFiles;
    const lines = linesOf(path);
    for (const records of ['0.5', '-1', '1e99', '"1"']) await found(bench, tree, () => writeFileSync(path, lines.map((line) => `${line.replace(/"records":\d+/, `"records":${records}`)}\n`).join('')));
  });

  it('finds records that are chained and that no daemon writes', async () => {
    const bench = await whole();
    const tree = take(folder());
    const path = bench.segments.at(-1) ?? '';
    const name = `${basename(dirname(path))}/${basename(path, '.jsonl')}`;
    for (const rest of ['"time":"2026","kind":"log",', '"time":"2026","kind":"log","event":"removed","segments":5}', '"time":"2026","kind":"log","event":"opened","others":5}']) {
      await found(bench, tree, () => writeFileSync(path, lineOf(emptyHead(name), rest).text));
    }
  });

  it('says where the fault is', async () => {
    const bench = await whole();
    const [first = ''] = bench.segments;
    const lines = linesOf(first);
    const said = async (changed: readonly string[]) => {
      writeFileSync(first, changed.map((line) => `${line}\n`).join(''), 'latin1');
      return bench.faults();
    };
    expect(await said(lines.with(2, (lines[2] ?? '').replace('file 1', 'file 7')))).to.deep.equal(['this record was changed, or the one before it']);
    expect(await said(lines.toSpliced(1, 2))).to.deep.equal(['2 records before this one are missing']);
    expect((await said(lines.slice(0, 3)))[0]).to.match(/^the last 2 records are missing, as the head in .*\.jsonl, line 5 says$/);
    expect(await said(lines.with(1, lines[2] ?? '').with(2, lines[1] ?? ''))).to.deep.equal(['1 record before this one is missing']);
    expect(await said([...lines, lines[4] ?? ''])).to.deep.equal(['this was put behind the record with which the segment ends']);
  });

  it('does not find what somebody has done who may change the heads as well, if no other segment names what was there', async () => {
    const bench = new LogBench(folder());
    await bench.write(2);
    await bench.write(2);
    const [, last = ''] = bench.segments;
    const [, heads = ''] = bench.headFiles;
    rmSync(last);
    rmSync(heads);
    expect(await bench.faults()).to.deep.equal([]);
  });

  it('finds that too if the heads are in a file to which can only be appended', async () => {
    const anchor = `${folder()}/heads`;
    writeFileSync(anchor, '');
    const bench = new LogBench(folder(), anchor);
    await bench.write(2);
    await bench.write(2);
    const [, last = ''] = bench.segments;
    rmSync(last);
    appendFileSync(anchor, `${JSON.stringify({ segment: 'nothing', records: 0, hash: '' })}\n`);
    expect((await bench.faults()).join('\n')).to.contain('the whole segment is missing, as the head in');
  });

  async function found(bench: LogBench, tree: Tree, change: () => void): Promise<void> {
    change();
    expect(await bench.faults()).not.to.be.empty;
    restore(folder(), tree);
  }
});
