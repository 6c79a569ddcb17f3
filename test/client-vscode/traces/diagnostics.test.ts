import { expect } from 'chai';
import type { RunEnd } from '../../../client-vscode/src/run/run.ts';
import type { Source } from '../../../client-vscode/src/run/source/source.ts';
import { TraceDiagnostics } from '../../../client-vscode/src/traces/diagnostics.ts';
import { traceLinks } from '../../../client-vscode/src/traces/links.ts';
import { placeOf } from '../../../client-vscode/src/traces/place.ts';
import { casesOf } from '../../client-cases/cases.ts';
import { FakeCode, fakeDocument, Uri } from '../../fakes/code.ts';
import { execution } from '../../fakes/connection.ts';

const source = { uri: Uri.file('/w/lib/a.py'), language: 'python', path: 'a.py', folder: Uri.file('/w/lib'), columnOffset: 0, name: 'a.py' } as unknown as Source;
const output = `Traceback (most recent call last):
  File "/workspace/a.py", line 2, in <module>
    help()
  File "/workspace/b.py", line 1, in help
    boom()
  File "/usr/lib/python3/x.py", line 9, in boom
ValueError: boom
`;
const end = (more: object = {}) => ({ result: execution({ exitCode: 1, ...more }), output }) as unknown as RunEnd;

describe('the problems of a failed run', () => {
  const code = new FakeCode();
  const problems = new TraceDiagnostics(code.code);
  const at = (path: string) => code.problems.get(`file://${path}`)?.map(({ message, range }) => [message, range.start.line, range.start.character, range.end.character]);

  it('are at the innermost place that is in one of the person’s documents', () => {
    code.documents.push(fakeDocument(Uri.file('/w/lib/b.py'), 'python', '  boom()  \n'));
    problems.show(source, end());
    expect([...code.problems.keys()]).to.deep.equal(['file:///w/lib/b.py']);
    expect(at('/w/lib/b.py')).to.deep.equal([['ValueError: boom', 0, 2, 10]]);
    const [problem] = code.problems.get('file:///w/lib/b.py') ?? [];
    expect(problem.relatedInformation.map(({ location }: any) => [location.uri.path, location.range.start.line])).to.deep.equal([['/w/lib/a.py', 1]]);
  });

  it('are removed when the file runs again', () => {
    problems.clear(source.uri);
    expect(code.problems.size).to.equal(0);
  });

  it('are none if the program succeeded or was stopped', () => {
    problems.show(source, end({ exitCode: 0 }));
    problems.show(source, end({ outcome: 'cancelled', exitCode: null }));
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

  it('is moved by the indentation that was removed from a selection', () => {
    const indented = { ...source, columnOffset: 4 };
    expect(placeOf({ path: 'a.py', line: 1, column: 2 }, indented)?.column).to.equal(6);
    expect(placeOf({ path: 'b.py', line: 1, column: 2 }, indented)?.column).to.equal(2);
  });
});

describe('a link in the terminal', () => {
  const code = new FakeCode();
  const terminal = {};
  const provider = traceLinks(code.code, { ofTerminal: (given: unknown) => (given === terminal ? { run: { spec: { source } } } : undefined) } as never);
  const links = (line: string, where = terminal) => provider.provideTerminalLinks({ line, terminal: where } as never, {} as never) as any[];
  const found = (line: string) => links(line).map(({ startIndex, length, uri, line: row, column }) => [line.slice(startIndex, startIndex + length), `${uri.path}:${row}:${column}`]);

  const cases: Record<string, string[][]> = {
    '  File "/workspace/a.py", line 2, in f': [['/workspace/a.py", line 2', '/w/lib/a.py:2:1']],
    '    at f (/workspace/b.js:3:9)': [['/workspace/b.js:3:9', '/w/lib/b.js:3:9']],
    './a.go:5:2: undefined: x': [['./a.go:5:2', '/w/lib/a.go:5:2']],
    'a.cs(3,5): error CS1': [['a.cs(3,5', '/w/lib/a.cs:3:5']],
    '  at P.Main() in /workspace/a.cs:line 3': [['/workspace/a.cs:line 3', '/w/lib/a.cs:3:1']],
    "/workspace/my file.rb:2:in 'f'": [['/workspace/my file.rb:2', '/w/lib/my file.rb:2:1']],
    '/usr/lib/x.py:3': [],
    'at 12:30:15, see 3.5:1': [],
  };
  for (const [line, expected] of Object.entries(cases)) {
    it(`in ${line}`, () => {
      expect(found(line)).to.deep.equal(expected);
    });
  }

  it('is only made in the terminals of runs', () => {
    expect(links('/workspace/a.py:1', {})).to.deep.equal([]);
  });

  it('opens the document at the place', async () => {
    code.documents.push(fakeDocument(Uri.file('/w/lib/a.py'), 'python', ''));
    await provider.handleTerminalLink(links('/workspace/a.py:2:3')[0]);
    expect(code.opened[0]).to.match(/^\/w\/lib\/a\.py/);
  });
});
