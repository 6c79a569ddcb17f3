import { expect } from 'chai';
import fc from 'fast-check';
import { LineDiscipline } from '../../../../client-vscode/src/run/terminal/line-discipline.ts';

function typed(...keys: string[]) {
  const did: string[] = [];
  let echoed = '';
  const discipline = new LineDiscipline({
    echo: (text) => void (echoed += text),
    send: (text) => void did.push(text),
    end: () => void did.push('END'),
    signal: (name) => void did.push(name),
  });
  for (const key of keys) discipline.type(key);
  return { did, echoed };
}

describe('the line discipline', () => {
  const cases: Record<string, [keys: string[], did: string[]]> = {
    'a line at Enter': [['a', 'b', '\r'], ['ab\n']],
    'nothing before Enter': [['ab'], []],
    'several lines of a paste': [['one\rtwo\r\nthree'], ['one\n', 'two\n']],
    'Backspace': [['ab\x7f\x7fc\r'], ['c\n']],
    'Backspace on an empty line': [['\x7fa\r'], ['a\n']],
    'Ctrl-U': [['abc\x15d\r'], ['d\n']],
    'Ctrl-W': [['one two \x17x\r'], ['one x\n']],
    'Ctrl-C, which drops the line': [['abc\x03d\r'], ['SIGINT', 'd\n']],
    'Ctrl-\\': [['\x1c'], ['SIGQUIT']],
    'Ctrl-D on an empty line': [['\x04'], ['END']],
    'Ctrl-D in a line, which sends it as it is': [['ab\x04'], ['ab']],
    'arrows and other keys, which do nothing': [['a\x1b[Ab\x1bOPc\x1b[3~\r'], ['abc\n']],
    'a character of several code points as one': [['👩‍👩‍👧\x7fé\x7fx\r'], ['x\n']],
  };
  for (const [name, [keys, did]] of Object.entries(cases)) {
    it(`knows ${name}`, () => {
      expect(typed(...keys).did).to.deep.equal(did);
    });
  }

  it('shows what is typed, and takes it back', () => {
    expect(typed('a', 'é', '\x7f', '\r').echoed).to.equal('aé\b \b\r\n');
    expect(typed('你\x7f').echoed).to.equal('你\b\b  \b\b');
    expect(typed('\x03').echoed).to.equal('^C\r\n');
  });

  it('bounds a line that has no end', () => {
    const { did } = typed('x'.repeat(100_000), '\r');
    expect(did[0]).to.have.lengthOf(64 * 1024 + 1);
  });

  it('never sends a control character but the line’s end', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary-ascii' })), (keys) => {
        for (const sent of typed(...keys).did) expect(sent).to.match(/^[^\x00-\x08\x0b-\x1f\x7f]*\n?$/);
      }),
    );
  });
});
