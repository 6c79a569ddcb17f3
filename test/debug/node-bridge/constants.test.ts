/** Which names of a scope are constants, by its text. */
import { expect } from 'chai';
import { isConstant } from '../../../server/src/debug/node-bridge/constants.ts';

const cases: Record<string, [text: string, constants: string]> = {
  'a constant and a variable of a function': ['(n) {\n  let total = 10;\n  const own = 3;\n  return total;\n}', 'own'],
  'one without semicolons': ['(n) {\n  const own = 3\n  let total = 10\n  total = n\n}', 'own'],
  'several in one declaration': ['{ const own = [1, 2], other = f(own, n), { deep: [last], ...rest } = total; let n = 1, total; }', 'own other last rest'],
  'one over several lines': ['{\n  const own = n\n    .map((total) => total + 1)\n    , other = 2\n  let last = 1\n}', 'own other'],
  'that of an inner block, and of an inner function': ['{ let own = 1; { const own = 2; } if (n) { const other = 1; } const last = () => { const total = 1; }; function f() { const rest = 1; } }', 'last'],
  'the head of a loop': ['(const own of list) { let n = own; const other = n; }', 'own other'],
  'a file': ['const own = 1;\nfunction f() { const n = 1; }\nlet other = { const: 1, total: n };\nconst last = f;\n', 'own last'],
  'texts, comments and regular expressions': ['{ // const n = 1\n /* const other = 1 */ let total = "{ const last = 1", rest = /[/"]{2} const rest/; const own = `const n = ${1}`; }', 'own'],
  'a function with a loop over constants': ['(list) { let own = null; for (const own of list) f(own); for await (const other of list) f(other); const last = 1; }', 'last'],
  'a file that ends with a function': ['let own = 1;\nfunction main() { const own = 2; }', ''],
  'patterns of which it is not clear what they declare': ['{ let n = 1; const { own = f(n, total) } = list, { [n]: other } = list; }', ''],
  'a block with a label, and one of a case': ['{ let own = 1; here: { const own = 2; } switch (n) { case 1: { const own = 3; } } }', ''],
  'a method, and an arrow': ['own(n) { const other = n; }', 'other'],
  'members of that name': ['{ let n = total.const; other.const(last); const own = 1 }', 'own'],
};

describe('constants of a scope in Node', () => {
  for (const [what, [text, constants]] of Object.entries(cases)) {
    it(`are found in ${what}`, () => {
      expect(['own', 'other', 'last', 'rest', 'n', 'total'].filter((name) => isConstant(text, name)).join(' ')).to.equal(constants);
    });
  }
});
