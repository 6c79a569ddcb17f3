/** The table of the benchmark stays readable where something was not measured, and says what is missing (L12). */
import { expect } from 'chai';
import type { Bench, Part } from '../../bench/bench.ts';
import { measured } from '../../bench/measured.ts';
import { row } from '../../bench/row.ts';
import { table } from '../../bench/table.ts';

const times = [1, 2, 3];
const figures = row({ name: 'a thing', against: 'another', ours: times, theirs: times, note: 'a note\nof two lines' });
const long = `no such image\n${'x | y '.repeat(200)}`;

describe('the table of the benchmark (L12)', () => {
  const lines = table([figures, { name: 'b', against: 'c', skipped: long }, { name: 'd', against: '', skipped: 'no engine; run it' }]).split('\n');

  it('has one line for each row, and as many cells in each', () => {
    expect(lines.filter((line) => line.startsWith('|'))).to.have.lengthOf(5);
    for (const line of lines.slice(0, 5)) expect(line.replaceAll('\\|', '').split('|'), line).to.have.lengthOf(11);
  });

  it('is no wider for a long reason, which is cut', () => {
    expect(lines[0]?.length).to.equal(table([figures]).split('\n')[0]?.length);
    expect(lines[3]).to.match(/^\| b +\| not measured: no such image x .*… \| c /).and.to.satisfy((line: string) => line.length < 400);
    expect(lines[4]).to.match(/^\| d +\| not measured: no engine; run it +\|/);
  });

  it('has the notes below', () => {
    expect(lines[2]).to.match(/^\| a thing \[1\] /);
    expect(lines.slice(5)).to.deep.equal(['', '[1] a note of two lines']);
  });
});

describe('a part of the benchmark (L12)', () => {
  const said: string[] = [];
  const bench = { say: (what: string) => said.push(what), lacks: async (runtime: string) => (runtime === 'docker' ? 'no engine; run it' : undefined) } as unknown as Bench;
  const part = (needs: readonly string[], run: Part['run']): Part => ({ name: 'part', needs, run });

  it('is a row that says what is missing, where it needs what the machine lacks', async () => {
    const outcome = await measured(part(['native', 'docker'], () => Promise.reject(new Error('it was run'))), bench);
    expect(outcome).to.deep.equal({ failed: false, rows: [{ name: 'part', against: '', skipped: 'no engine; run it' }] });
  });

  it('gives its rows', async () => {
    expect(await measured(part(['native'], async () => [figures]), bench)).to.deep.equal({ failed: false, rows: [figures] });
  });

  it('is a row with the fault where it fails, and the whole fault is told beside the table', async () => {
    const outcome = await measured(part([], () => Promise.reject(new Error(long))), bench);
    expect(outcome).to.deep.equal({ failed: true, rows: [{ name: 'part', against: '', skipped: `it failed: ${long}` }] });
    expect(said.join()).to.include(long);
  });
});
