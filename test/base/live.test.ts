/** An object that is always what another one is now. */
import { expect } from 'chai';
import { live } from '../../server/src/base/live.ts';

describe('an object that is live', () => {
  it('has the members of the present one, however it is looked at', () => {
    let current: { a: number; b?: number } = { a: 1 };
    const seen = live(() => current);
    expect([seen.a, 'b' in seen, { ...seen }, JSON.stringify(seen)]).to.deep.equal([1, false, { a: 1 }, '{"a":1}']);
    current = { a: 2, b: 3 };
    expect([seen.a, 'b' in seen, { ...seen }, JSON.stringify(seen)]).to.deep.equal([2, true, { a: 2, b: 3 }, '{"a":2,"b":3}']);
  });

  it('can hold another one', () => {
    let current = { inner: { a: 1 } };
    const seen = live(() => current);
    const inner = live(() => seen.inner);
    current = { inner: { a: 2 } };
    expect(inner.a).to.equal(2);
  });

  it('can not be changed', () => {
    const seen = live<{ a?: number }>(() => ({ a: 1 }));
    expect(() => (seen.a = 2)).to.throw(TypeError);
    expect(() => delete seen.a).to.throw(TypeError);
  });
});
