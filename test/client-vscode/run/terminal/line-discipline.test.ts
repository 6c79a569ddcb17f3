import { expect } from 'chai';
import fc from 'fast-check';
import { LineDiscipline } from '../../../../client-vscode/src/run/terminal/line-discipline.ts';
import { casesOf } from '../../../client-cases/cases.ts';

function typed(...keys: string[]) {
  const effects: string[] = [];
  let echoed = '';
  const discipline = new LineDiscipline({
    echo: (text) => void (echoed += text),
    send: (text) => void effects.push(`send ${text}`),
    end: () => void effects.push('end'),
    signal: (name) => void effects.push(`signal ${name}`),
  });
  for (const key of keys) discipline.type(key);
  return { effects, echoed };
}

describe('the line discipline', () => {
  for (const { name, keys, effects, echo } of casesOf('typing')) {
    it(name, () => {
      const typing = typed(...keys);
      expect(typing.effects).to.deep.equal(effects);
      if (echo !== undefined) expect(typing.echoed).to.equal(echo);
    });
  }

  it('Backspace removes a character of several code points', () => {
    expect(typed('👩‍👩‍👧\x7fx\r').effects).to.deep.equal(['send x\n']);
  });

  it('limits the length of a line', () => {
    const { effects } = typed('x'.repeat(100_000), '\r');
    expect(effects[0]).to.have.lengthOf('send '.length + 64 * 1024 + 1);
  });

  it('never sends a control character except a tab and the end of the line', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary-ascii' })), (keys) => {
        for (const sent of typed(...keys).effects) expect(sent).to.match(/^[^\x00-\x08\x0b-\x1f\x7f]*\n?$/);
      }),
    );
  });
});
