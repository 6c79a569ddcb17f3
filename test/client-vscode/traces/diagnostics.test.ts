import { expect } from 'chai';
import type { RunEnd } from '../../../client-vscode/src/run/run.ts';
import type { Source } from '../../../client-vscode/src/run/source/source.ts';
import { TraceDiagnostics } from '../../../client-vscode/src/traces/diagnostics.ts';
import { traceLinks } from '../../../client-vscode/src/traces/links.ts';
import { placeOf } from '../../../client-vscode/src/traces/place.ts';
import { casesOf } from '../../client-cases/cases.ts';
import { FakeCode, fakeDocument, Uri } from '../../fakes/code.ts';
import { execution, session } from '../../fakes/connection.ts';

const source = { uri: Uri.file('/w/lib/a.py'), language: 'python', path: 'a.py', cwd: '.', folder: Uri.file('/w/lib'), columnOffset: 0, name: 'a.py' } as unknown as Source;
const output = `Traceback (most recent call last):
  File "/workspace/a.py", line 2, in <module>
    help()
  File "/workspace/b.py", line 1, in help
    boom()
  File "/usr/lib/python3/x.py", line 9, in boom
ValueError: boom
`;
const end = (more: object = {}) => ({ result: execution({ exitCode: 1, ...more }), output, session: session() }) as unknown as RunEnd;

describe('the problems of a failed run', () => {
  const code = new FakeCode();
  code.files.add('file:///w/lib/b.py');
  const problems = new TraceDiagnostics(code.code);
  const at = (path: string) => code.problems.get(`file://${path}`)?.map(({ message, range }) => [message, range.start.line, range.start.character, range.end.character]);

  it('are at the innermost place that is in one of the person’s documents', async () => {
    code.documents.push(fakeDocument(Uri.file('/w/lib/b.py'), 'python', '  boom()  \n'));
    await problems.show(source, end());
    expect([...code.problems.keys()]).to.deep.equal(['file:///w/lib/b.py']);
    expect(at('/w/lib/b.py')).to.deep.equal([['ValueError: boom', 0, 2, 10]]);
    const [problem] = code.problems.get('file:///w/lib/b.py') ?? [];
    expect(problem.relatedInformation.map(({ location }: any) => [location.uri.path, location.range.start.line])).to.deep.equal([['/w/lib/a.py', 1]]);
  });

  it('are removed when the file runs again', () => {
    problems.clear(source.uri);
    expect(code.problems.size).to.equal(0);
  });

  it('are none if the program succeeded or was stopped', async () => {
    await problems.show(source, end({ exitCode: 0 }));
    await problems.show(source, end({ outcome: 'cancelled', exitCode: null }));
    expect(code.problems.size).to.equal(0);
  });

  it('are in the sandbox if only that has the file, until it is closed (V3)', async () => {
    code.files.delete('file:///w/lib/b.py');
    code.files.add('codebeaker:/s1/workspace/b.py');
    await problems.show(source, end());
    expect([...code.problems.keys()]).to.deep.equal(['codebeaker:/s1/workspace/b.py']);
    problems.sandboxClosed('s2');
    expect(code.problems.size).to.equal(1);
    problems.sandboxClosed('s1');
    expect(code.problems.size).to.equal(0);
  });

  it('are in the caller if nobody has the file any more (V3)', async () => {
    code.files.clear();
    await problems.show(source, end());
    expect([...code.problems.keys()]).to.deep.equal(['file:///w/lib/a.py']);
    problems.clear(source.uri);
  });

  it('are not shown if the text was edited while the files were looked for (V7)', async () => {
    const showing = problems.show(source, end());
    problems.edited(source.uri);
    await showing;
    expect(code.problems.size).to.equal(0);
  });
});

describe('a place in the sandbox', () => {
  for (const { path, inFolder } of casesOf('places')) {
    it(inFolder === null ? `${path} is no copy of a file` : `${path} is a copy of ${inFolder}`, () => {
      const place = placeOf({ path, line: 3, column: 2 }, source);
      expect(place && `${place.uri.path}:${place.line}:${place.column}`).to.equal(inFolder === null ? undefined : `/w/lib/${inFolder}:3:2`);
    });
  }

  it('is only in the document if no folder is shared', () => {
    const alone = { ...source, folder: undefined };
    expect(placeOf({ path: '/workspace/a.py', line: 1 }, alone)?.uri.path).to.equal('/w/lib/a.py');
    expect(placeOf({ path: '/workspace/b.py', line: 1 }, alone)).to.equal(undefined);
  });

  it('is found by its path from the folder in which the program started (V6)', () => {
    const below = { ...source, path: 'sub/a.py', cwd: 'sub' };
    expect(placeOf({ path: './a.py', line: 1 }, below)?.uri).to.equal(source.uri);
    expect(placeOf({ path: '../b.py', line: 1 }, below)?.uri.path).to.equal('/w/lib/b.py');
    expect(placeOf({ path: '/workspace/b.py', line: 1 }, below)?.uri.path).to.equal('/w/lib/b.py');
  });

  it('is moved by the indentation that was removed from a selection', () => {
    const indented = { ...source, columnOffset: 4 };
    expect(placeOf({ path: 'a.py', line: 1, column: 2 }, indented)?.column).to.equal(6);
    expect(placeOf({ path: 'b.py', line: 1, column: 2 }, indented)?.column).to.equal(2);
  });
});

describe('a link in the terminal', () => {
  const code = new FakeCode();
  const terminal = {};
  for (const name of ['a.cs', 'a.go', 'b.js', 'my file.rb']) code.files.add(`file:///w/lib/${name}`);
  for (const path of ['/workspace/made.py', '/tmp/made.py']) code.files.add(`codebeaker:/s1${path}`);
  const run = { spec: { source }, session: session() };
  const provider = traceLinks(code.code, { ofTerminal: (given: unknown) => (given === terminal ? { run } : undefined) } as never);
  const links = async (line: string, where = terminal) => (await provider.provideTerminalLinks({ line, terminal: where } as never, {} as never)) as any[];
  const found = async (line: string) => (await links(line)).map(({ startIndex, length, uri, line: row, column }) => [line.slice(startIndex, startIndex + length), `${uri.path}:${row}:${column}`]);

  const cases: Record<string, string[][]> = {
    '  File "/workspace/a.py", line 2, in f': [['/workspace/a.py", line 2', '/w/lib/a.py:2:1']],
    '    at f (/workspace/b.js:3:9)': [['/workspace/b.js:3:9', '/w/lib/b.js:3:9']],
    './a.go:5:2: undefined: x': [['./a.go:5:2', '/w/lib/a.go:5:2']],
    'a.cs(3,5): error CS1': [['a.cs(3,5', '/w/lib/a.cs:3:5']],
    '  at P.Main() in /workspace/a.cs:line 3': [['/workspace/a.cs:line 3', '/w/lib/a.cs:3:1']],
    "/workspace/my file.rb:2:in 'f'": [['/workspace/my file.rb:2', '/w/lib/my file.rb:2:1']],
    '/usr/lib/x.py:3': [],
    '/workspace/gone.py:3': [],
    '  File "/workspace/made.py", line 3 (V3)': [['/workspace/made.py", line 3', '/s1/workspace/made.py:3:1']],
    '/tmp/made.py:3:4 (V3)': [['/tmp/made.py:3:4', '/s1/tmp/made.py:3:4']],
    'at 12:30:15, see 3.5:1': [],
  };
  for (const [line, expected] of Object.entries(cases)) {
    it(`in ${line}`, async () => {
      expect(await found(line)).to.deep.equal(expected);
    });
  }

  it('is only made in the terminals of runs', async () => {
    expect(await links('/workspace/a.py:1', {})).to.deep.equal([]);
  });

  it('opens the document at the place', async () => {
    code.documents.push(fakeDocument(Uri.file('/w/lib/a.py'), 'python', ''));
    await provider.handleTerminalLink((await links('/workspace/a.py:2:3'))[0]);
    expect(code.opened[0]).to.match(/^\/w\/lib\/a\.py/);
  });
});
