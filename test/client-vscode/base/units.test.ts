import { expect } from 'chai';
import { bytes, duration } from '../../../client-vscode/src/base/units.ts';
import { casesOf } from '../../client-cases/cases.ts';

describe('sizes and times for people', () => {
  const cases = casesOf('units');
  for (const [count, text] of cases.bytes) it(`${count} bytes are ${text}`, () => expect(bytes(count)).to.equal(text));
  for (const [ms, text] of cases.duration) it(`${ms} milliseconds are ${text}`, () => expect(duration(ms)).to.equal(text));
});
