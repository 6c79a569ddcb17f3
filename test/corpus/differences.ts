/** Where a program shows something else in a session than without one, and why that is so. */
import type { Known } from './compare.ts';

const early = 'Python is started with -u, so that what a program prints arrives while it runs. A program can see that.';
const required = 'Ruby requires a file first that makes its streams pass everything on at once, so that output arrives while the program runs.';
const imported = 'Deno is started with a file of ours, which imports the program, because Deno does not check permissions for what the file that it is started with imports.';
const deno = ['deno', 'deno in bubblewrap'];

export const known: readonly Known[] = [
  { reason: early, language: 'python', programs: ['original arguments'], plain: "['python3', ", session: "['python3', '-u', " },
  { reason: early, language: 'python', programs: ['what the kernel knows of it (T9)'], plain: "['python3\\x00", session: "['python3\\x00-u\\x00" },
  { reason: early, language: 'python', programs: ['a terminal'], plain: '/dev/pts/ True', session: '/dev/pts/ False' },
  { reason: required, language: 'ruby', programs: ['how its streams are'], plain: /^false\n/, session: 'true\n' },
  { reason: required, language: 'ruby', programs: ['a terminal'], plain: /false\r\n$/, session: 'true\r\n' },
  { reason: required, language: 'ruby', programs: ['what the kernel knows of it (T9)'], plain: '"ruby\\u0000', session: '"ruby\\u0000-r\\u0000/tmp/OURS/unbuffered.rb\\u0000' },
  { reason: required, language: 'ruby', programs: ['what was required before it (T9)'], plain: /\n(?=\/usr\/local\/lib\/site_ruby\/)/, session: '\n/tmp/OURS/unbuffered.rb\n' },
  {
    reason: 'Where memory runs out, the kernel takes programs first, and not what watches them.',
    language: 'python', programs: ['what the kernel knows of it (T9)'], plain: "'0\\n'] ", session: "'1000\\n'] ",
  },
  {
    reason: 'Programs in Deno see their own variables alone, and not those that Deno sets for the children that they may not have.',
    language: 'javascript', places: deno, programs: ['environment'], plain: /^ {2}\[ "(?:DENO_NODE_SHIM_ACTIVE|PATH)", .*\n/m, session: '',
  },
  {
    reason: 'Programs in Deno see their own variables alone, and not those that Deno sets for the children that they may not have.',
    language: 'javascript', places: deno, programs: ['what Deno says'], plain: /"DENO_NODE_SHIM_ACTIVE", |"PATH", /, session: '',
  },
  {
    reason: `${imported} An error in loading it is then one of a promise.`,
    language: 'javascript', places: deno, programs: ['syntax error', 'modules that are not there (T9)', 'a package of modules, with subpaths'],
    plain: /m: (?=\S)/, session: 'm: Uncaught (in promise) TypeError: ',
  },
  {
    reason: `${imported} What such a program puts off runs in another order, if it uses \`process\`.`,
    language: 'javascript', places: deno, programs: ['the order of what waits'], plain: 'promise\nmicrotask\ntimeout\ntick\n', session: 'timeout\ntick\npromise\nmicrotask\n',
  },
];
