/** Decorators by `forwarding`: which members are the decorator's own, and which are forwarded. */
import { expect } from 'chai';
import { forwarding } from '../../server/src/base/forward.ts';

class Counter {
  #count = 0;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  get count(): number {
    return this.#count;
  }

  add(): number {
    return ++this.#count;
  }
}

describe('an object that forwards', () => {
  it('forwards every member that it does not have itself', () => {
    const other = new Counter('other');
    const before = forwarding(() => other as Pick<Counter, 'name' | 'count' | 'add'>, { name: 'own' });
    expect([before.name, before.add(), before.add(), before.count, other.count]).to.deep.equal(['own', 1, 2, 2, 2]);
  });

  it('asks for its target at each use', () => {
    const [one, two] = [new Counter('one'), new Counter('two')];
    let other = one;
    const before = forwarding<Pick<Counter, 'name' | 'add'>>(() => other, {});
    expect(before.name).to.equal('one');
    other = two;
    before.add();
    expect([before.name, one.count, two.count]).to.deep.equal(['two', 0, 1]);
  });

  it('keeps what is set on it, and does not set it on its target', () => {
    const other = new Counter('other');
    const before = Object.assign(forwarding<Pick<Counter, 'name' | 'add'>>(() => other, {}), { name: 'set', add: () => 7 });
    expect([before.name, before.add(), other.name, other.count]).to.deep.equal(['set', 7, 'other', 0]);
  });

  it('can be awaited if its target is not a promise', async () => {
    const before = forwarding<Pick<Counter, 'name'>>(() => new Counter('other'), {});
    expect((await Promise.resolve(before)).name).to.equal('other');
  });
});
