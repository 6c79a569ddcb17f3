/** The linter really finds what it should. Each text is linted in the place of an existing file, so that types are known. */
import { expect } from 'chai';
import { ESLint } from 'eslint';
import { fileURLToPath } from 'node:url';

describe('the linter', function () {
  this.timeout(180_000);

  const eslint = new ESLint({ cwd: fileURLToPath(new URL('..', import.meta.url)) });

  const rulesBroken = async (text: string, filePath = 'server/src/base/clock.ts') => {
    const [result] = await eslint.lintText(text, { filePath });
    return result?.messages.map(({ ruleId }) => ruleId);
  };

  const fails: Record<string, [rule: string, text: string, path?: string]> = {
    'a floating promise': [
      '@typescript-eslint/no-floating-promises',
      'export const f = async () => 1;\nexport const g = () => {\n  f();\n};\n',
    ],
    'a promise as a condition': [
      '@typescript-eslint/no-misused-promises',
      'export const f = async () => 1;\nexport const g = () => (f() ? 1 : 2);\n',
    ],
    'a global that a program does not have': ['no-undef', 'Deno.exit();\n', 'server/src/runtime/warm-up/node.cjs'],
    console: ['no-console', "console.log('x');\n"],
    any: ['@typescript-eslint/no-explicit-any', 'export const f = (a: any) => String(a);\n'],
    '==': ['eqeqeq', 'export const f = (a: number) => a == 1;\n'],
    'an import of types as values': [
      '@typescript-eslint/consistent-type-imports',
      "import { Log } from './log.ts';\nexport const f = (log: Log) => log.info('x');\n",
    ],
    'an upward import': [
      'house/imports',
      "import type { Runtime } from '../runtime/ports.ts';\nexport const f = (runtime: Runtime) => runtime.id;\n",
    ],
    'a lazy upward import': ['house/imports', "export const f = () => import('../runtime/ports.ts');\n"],
    'dockerode elsewhere': ['house/imports', "export const f = () => import('dockerode');\n", 'server/src/runtime/ports.ts'],
    'the process': ['no-restricted-globals', 'export const f = () => process.pid;\n'],
    'module state': ['no-restricted-syntax', 'export let count = 0;\nexport const f = () => (count += 1);\n'],
    'a client that imports from the daemon': [
      'house/imports',
      "export type { Clock } from '../../server/src/base/clock.ts';\n",
      'client-vscode/src/extension.ts',
    ],
    'vscode outside its files': [
      'house/imports',
      "import * as vscode from 'vscode';\nexport const f = () => vscode.version;\n",
      'client-vscode/src/run/run.ts',
    ],
    'an upward import in the client': [
      'house/imports',
      "export type { Run } from '../run/run.ts';\n",
      'client-vscode/src/client/connection.ts',
    ],
    'console in the client': ['no-console', "console.log('x');\n", 'client-vscode/src/run/run.ts'],
  };

  for (const [name, [rule, text, path]] of Object.entries(fails)) {
    it(`fails for ${name}`, async () => {
      expect(await rulesBroken(text, path)).to.deep.equal([rule]);
    });
  }

  it('fails for a long file', async () => {
    expect(await rulesBroken('// a line\n'.repeat(301) + 'export {};\n')).to.deep.equal(['max-lines']);
  });

  it('ignores comments that would disable it', async () => {
    const text = ['/* eslint', '-disable */\nconsole.log(1);\n'].join('');
    expect(await rulesBroken(text)).to.include('no-console');
  });

  it('accepts correct code', async () => {
    expect(await rulesBroken("export const f = async () => 1;\nexport const g = async () => (await f()) === 1;\n")).to.deep.equal([]);
  });
});
