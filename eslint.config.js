import { defineConfig } from 'eslint/config';
import { relative, sep } from 'node:path';
import tseslint from 'typescript-eslint';
import { homesOf, importFault } from './floors.js';

/** A rule that allows only the imports that floors.js allows, in `import`, `export from` and `import()`. */
const house = {
  rules: {
    imports: {
      create: ({ filename, report }) => {
        const file = relative(import.meta.dirname, filename).split(sep).join('/');
        const check = ({ source }) => {
          const message = typeof source?.value === 'string' ? importFault(file, source.value) : undefined;
          if (message) report({ node: source, message });
        };
        return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check, ImportExpression: check };
      },
    },
  },
};

const moduleState = {
  selector: ':matches(Program, ExportNamedDeclaration) > VariableDeclaration[kind=/let|var/]',
  message: 'Modules must have no mutable state: make it a parameter or a field.',
};

const noProcess = {
  'no-restricted-globals': ['error', { name: 'process', message: 'Only main.ts, cli/ and the extension.ts of the client may use the process.' }],
  'no-restricted-properties': [
    'error',
    { object: 'globalThis', property: 'process' },
    { object: 'global', property: 'process' },
  ],
};

/** For programs that run in a sandbox: besides the globals of the language they may use only these. */
const runAs = (files, globals) => ({
  files,
  languageOptions: { globals: Object.fromEntries(globals.map((name) => [name, 'readonly'])) },
  rules: { 'no-undef': 'error' },
});

export default defineConfig(
  { ignores: ['**/dist/', '**/node_modules/', '.cache/'] },
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'no-unused-expressions': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', caughtErrors: 'none', ignoreRestSiblings: true }],
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // Many parameters are objects of functions that do not use `this`, and are destructured.
      '@typescript-eslint/unbound-method': 'off',
      // An async function without await turns exceptions into rejections, as interfaces demand.
      '@typescript-eslint/require-await': 'off',
      // The reason of an AbortSignal may be anything, and is passed on unchanged.
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingAny: true, allowThrowingUnknown: true }],
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingAny: true, allowThrowingUnknown: true }],
    },
  },
  {
    files: ['server/src/**/*.ts', 'client-vscode/src/**/*.ts'],
    plugins: { house },
    rules: {
      'house/imports': 'error',
      'no-console': 'error',
      'max-lines': ['error', 300],
      'no-restricted-syntax': ['error', moduleState],
      'no-restricted-imports': ['error', { name: 'node:os', importNames: ['homedir', 'userInfo'], message: 'They throw for a user without a home: use base/home.ts.' }],
      ...noProcess,
    },
  },
  {
    files: ['server/src/base/home.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    files: homesOf('process'),
    rules: { 'no-restricted-globals': 'off', 'no-restricted-properties': 'off' },
  },
  {
    // Messages from the wire are not typed, and chai makes assertions by reading properties.
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unused-expressions': 'off',
    },
  },
  {
    // Node starts faster with CommonJS than with modules.
    files: ['server/bin/codebeaker.js', 'server/src/cli/launch.ts', '**/*.cjs'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  { files: ['**/*.{js,mjs,cjs}'], extends: [tseslint.configs.disableTypeChecked] },
  runAs(['server/src/runtime/warm-up/*.cjs'], ['process', 'require', 'Buffer', '__filename', 'performance', 'Event', 'heldFor', 'correctClocks']),
  runAs(['server/src/runtime/kinds/deno/*.mjs'], ['Deno', 'URL', 'console', 'performance', 'Event', 'dispatchEvent', 'heldFor', 'correctClocks', 'needsLoader']),
  // It is put in front of other files, which use what it declares.
  { files: ['server/src/runtime/warm-up/clocks.cjs', 'server/src/runtime/kinds/deno/needs.mjs'], rules: { '@typescript-eslint/no-unused-vars': 'off' } },
  // probe.ts adds a line before the program that declares `outside`.
  runAs(['server/src/runtime/kinds/deno/attempts.mjs'], ['outside']),
  runAs(['server/src/remote/page/*.mjs'], ['document', 'location', 'WebSocket', 'fetch', 'addEventListener']),
);
