import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** From the bottom up. A file imports from its own floor and the ones below; the two lowest import nothing of ours. */
const floors = ['protocol', 'base', 'wire', 'runtime', 'state', 'policy', 'session', 'command', 'serving', 'cli'];
const foundations = ['protocol', 'base'];

/** What is used in one place only, and where that is. */
const homes = {
  dockerode: ['server/src/runtime/kinds/docker/engine.ts'],
  execa: ['server/src/runtime/machine/spawn.ts'],
  'node:child_process': ['server/src/runtime/machine/keeper.ts', 'server/src/runtime/kinds/docker/ssh.ts'],
  'node:process': ['server/src/main.ts', 'server/src/cli/**/*.ts'],
};

const homeOf = (name) => ({
  regex: `^${name.replace('node:', '(?:node:)?')}(?:/|$)`,
  message: `${name} is used in ${homes[name].join(', ')} alone.`,
});

const above = (floor) => {
  const allowed = foundations.includes(floor) ? [floor] : floors.slice(0, floors.indexOf(floor) + 1);
  const rest = floors.filter((name) => !allowed.includes(name)).join('|');
  return rest && { regex: `^(?:\\.\\./)+(?:(?:${rest})/|main\\.ts$)`, message: `${floor} does not know this floor.` };
};

/** Forbids what the patterns match in `import`, `export from` and `import()`. */
const forbidImports = (patterns, ...syntax) => ({
  'no-restricted-imports': ['error', { patterns }],
  'no-restricted-syntax': [
    'error',
    ...syntax,
    ...patterns.map(({ regex, message }) => ({
      selector: `ImportExpression > Literal[value=/${regex.replaceAll('/', '\\u002F')}/]`,
      message,
    })),
  ],
});

const moduleState = {
  selector: ':matches(Program, ExportNamedDeclaration) > VariableDeclaration[kind=/let|var/]',
  message: 'No mutable state in a module: pass it.',
};

const imports = (floor, ...allowed) =>
  forbidImports(
    [above(floor), ...Object.keys(homes).filter((name) => !allowed.includes(name)).map(homeOf)].filter(Boolean),
    moduleState,
  );

/** The VS Code extension, from the bottom up, and what is used in one of its files only. */
const clientFloors = ['base', 'client', 'run', 'traces', 'sessions', 'view'];
const clientHomes = {
  vscode: ['client-vscode/src/extension.ts', 'client-vscode/src/base/code.ts'],
  'node:child_process': ['client-vscode/src/client/process.ts'],
  'node:process': ['client-vscode/src/extension.ts'],
};

const clientImports = (floor, file) => {
  const rest = clientFloors.slice(clientFloors.indexOf(floor) + 1).join('|');
  const homes = Object.entries(clientHomes).filter(([, files]) => !files.includes(file));
  return forbidImports(
    [
      { regex: '(?:^|/)server/', message: 'The client knows the protocol, not the daemon.' },
      { regex: '^codebeaker(?!/protocol$)', message: 'The client knows codebeaker/protocol alone.' },
      floor && { regex: `^(?:\\.\\./)+(?:(?:${rest || '-'})/|(?:parts|extension)\\.ts$)`, message: `${floor} does not know this floor.` },
      ...homes.map(([name, files]) => ({ regex: `^${name.replace('node:', '(?:node:)?')}$`, message: `${name} is used in ${files.join(', ')} alone.` })),
    ].filter(Boolean),
    moduleState,
  );
};

const clientBoundaries = [
  { files: ['client-vscode/src/*.ts'], rules: clientImports(undefined, undefined) },
  ...clientFloors.map((floor) => ({ files: [`client-vscode/src/${floor}/**/*.ts`], rules: clientImports(floor, undefined) })),
  ...[...new Set(Object.values(clientHomes).flat())].map((file) => ({
    files: [file],
    rules: clientImports(clientFloors.find((floor) => file.startsWith(`client-vscode/src/${floor}/`)), file),
  })),
];

const floorOf = (file) => floors.find((floor) => file.startsWith(`server/src/${floor}/`)) ?? 'cli';

const boundaries = [
  { files: ['server/src/*.ts'], rules: imports('cli') },
  ...floors.map((floor) => ({ files: [`server/src/${floor}/**/*.ts`], rules: imports(floor) })),
  ...[...new Set(Object.values(homes).flat())].map((file) => ({
    files: [file],
    rules: imports(floorOf(file), ...Object.keys(homes).filter((name) => homes[name].includes(file))),
  })),
];

const noProcess = {
  'no-restricted-globals': ['error', { name: 'process', message: 'Only main.ts and cli/ know the process, and extension.ts of the client.' }],
  'no-restricted-properties': [
    'error',
    { object: 'globalThis', property: 'process' },
    { object: 'global', property: 'process' },
  ],
};

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
      // Collaborators are records of functions without `this`, and are taken apart where they arrive.
      '@typescript-eslint/unbound-method': 'off',
      // An async function without await turns what it throws into a rejection: interfaces ask for it.
      '@typescript-eslint/require-await': 'off',
      // The reason of an AbortSignal is whatever the aborter gave, and goes on as it is.
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingAny: true, allowThrowingUnknown: true }],
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingAny: true, allowThrowingUnknown: true }],
    },
  },
  {
    files: ['server/src/**/*.ts'],
    rules: { 'no-console': 'error', 'max-lines': ['error', 300], ...noProcess },
  },
  ...boundaries,
  {
    files: homes['node:process'],
    rules: { 'no-restricted-globals': 'off', 'no-restricted-properties': 'off' },
  },
  {
    files: ['client-vscode/src/**/*.ts'],
    rules: { 'no-console': 'error', 'max-lines': ['error', 300], ...noProcess },
  },
  ...clientBoundaries,
  { files: clientHomes['node:process'], rules: { 'no-restricted-globals': 'off' } },
  {
    // Replies are read as they come off the wire, and chai asserts by reading a property.
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
    // Node starts CommonJS sooner than modules.
    files: ['server/bin/codebeaker.js', 'server/src/cli/launch.ts'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  { files: ['**/*.{js,mjs}'], extends: [tseslint.configs.disableTypeChecked] },
);
