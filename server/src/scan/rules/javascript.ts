/** The rules for JavaScript and TypeScript. */
import type { Rule } from '../rule.ts';

export const javascript: readonly Rule[] = [
  {
    id: 'javascript/eval',
    category: 'evaluation', severity: 'warning', cwe: 95,
    message: 'The program runs text that it has put together as code. Parse the text instead (JSON.parse), or choose among functions.',
    query: `
      ((call_expression function: (identifier) @name arguments: (arguments . [(identifier) (member_expression) (subscript_expression) (call_expression) (binary_expression) (template_string (template_substitution)) (await_expression)])) @at
        (#eq? @name "eval"))
      ((new_expression constructor: (identifier) @name arguments: (arguments [(identifier) (member_expression) (subscript_expression) (call_expression) (binary_expression) (template_string (template_substitution)) (await_expression)] .)) @at
        (#eq? @name "Function"))`,
    found: ['eval(input)', 'eval(`f(${x})`)', 'eval("a" + b)', 'new Function("a", body)', 'new Function(req.body.code)'],
    clean: ['eval("1 + 1")', 'retrieval(x)', 'new Function("return this")()', 'JSON.parse(input)', 'page.eval(f)'],
  },
];
