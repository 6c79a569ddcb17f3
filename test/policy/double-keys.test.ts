/** Keys that stand twice in a JSON text. */
import { expect } from 'chai';
import fc from 'fast-check';
import { doubleKeys } from '../../server/src/policy/double-keys.ts';

describe('keys that stand twice', () => {
  const found: Record<string, [text: string, paths: string[]]> = {
    'in an object': ['{"a": 1, "b": 2, "a": 3}', ['a 1:18']],
    'three times': ['{"a":1,"a":2,"a":3}', ['a 1:8', 'a 1:14']],
    'in another spelling': ['{"a":1,\n"\\u0061":2}', ['a 2:1']],
    'further down, and in a list': ['{"x":[{"b":1},{"b":1,\r\n "b":2}]}', ['x.1.b 2:2']],
    'behind values that look like keys': ['{"a":["a","a",[{}],"a"],"b":"a\\",\\"a\\":{","c":{"a":{"a":1}},"b":[]}', ['b 1:61']],
  };
  for (const [name, [text, expected]] of Object.entries(found)) {
    it(`are found: ${name}`, () => {
      JSON.parse(text);
      expect(doubleKeys(text).map(({ path, line, column }) => `${path.join('.')} ${line}:${column}`)).to.deep.equal(expected);
    });
  }

  it('are not found in what is written from values, whatever these are', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2), (value, indent) => {
      expect(doubleKeys(JSON.stringify(value, undefined, indent))).to.deep.equal([]);
    }));
  });

  it('are found wherever one more is put in', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 });
    fc.assert(fc.property(object, fc.jsonValue(), fc.nat(), (value, other, at) => {
      const keys = Object.keys(value);
      const key = keys[at % keys.length] as string;
      const text = JSON.stringify({ outer: [value] }).replace(/\}\]\}$/, () => `,${JSON.stringify(key)}:${JSON.stringify(other)}}]}`);
      expect(doubleKeys(text).map(({ path }) => path)).to.deep.equal([['outer', '0', key]]);
    }));
  });
});
