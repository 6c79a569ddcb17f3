/** What the daemon found in a program, as problems of its document. */
import { expect } from 'chai';
import type { Source } from '../../../client-vscode/src/run/source/source.ts';
import { Findings } from '../../../client-vscode/src/traces/findings.ts';
import { FakeCode, fakeDocument, Uri } from '../../fakes/code.ts';

describe('findings in an editor', () => {
  const text = 'eval(input())\n';
  const uri = Uri.file('/w/a.py');
  const source = { uri, language: 'python', text, columnOffset: 0 } as unknown as Source;
  const found = [{ range: { start: { line: 0, character: 0 }, end: { line: 0, character: 13 } }, severity: 2 as const, code: 'python/eval', codeDescription: { href: 'https://cwe.mitre.org/data/definitions/95.html' }, source: 'codebeaker' as const, message: 'It is bad.' }];
  let code: FakeCode;
  let findings: Findings;
  beforeEach(() => {
    code = new FakeCode();
    findings = new Findings(code.code);
  });
  const shown = () => code.findings.get(uri.toString());

  it('are shown where they are, with a link that says more, until they are cleared', () => {
    code.documents.push(fakeDocument(uri, 'python', text));
    findings.show(source, found);
    const [{ range, message, severity, code: rule, source: who }] = shown() ?? [];
    expect([range.start.line, range.end.character, message, severity, rule.value, who]).to.deep.equal([0, 13, 'It is bad.', 1, 'python/eval', 'CodeBeaker']);
    findings.clear(source.uri);
    expect(shown()).to.equal(undefined);
  });

  it('have the columns of the document where a selection was run', () => {
    code.documents.push(fakeDocument(uri, 'python', `  ${text}`));
    findings.show({ ...source, columnOffset: 2 }, found);
    expect(shown()?.[0].range.start.character).to.equal(2);
  });

  it('are not shown where the text has changed meanwhile, or is closed', () => {
    findings.show(source, found);
    code.documents.push(fakeDocument(uri, 'python', 'print(1)\n'));
    findings.show(source, found);
    expect(shown()).to.equal(undefined);
  });
});
