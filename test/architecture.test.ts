/** The architecture: which files import which others, and what is deliberately absent. */
import { expect } from 'chai';
import { absenceFaults } from './architecture/absent.ts';
import { projectFiles, type SourceFile } from './architecture/files.ts';
import { importCircles, importFaults } from './architecture/floors.ts';

const faultsOf = (file: SourceFile) => [...importFaults(file), ...absenceFaults(file)];

describe('architecture', () => {
  const files = projectFiles();

  it('is checked on all source files', () => {
    const paths = files.map(({ path }) => path);
    expect(paths).to.include.members(['server/src/protocol/index.ts', 'client-vscode/src/extension.ts', 'client-nvim/plugin/codebeaker.lua', 'server/agent/src/main.c', 'test/run.sh', '.ci/run']);
  });

  it('has only imports that floors.js allows', () => {
    expect(files.flatMap(importFaults)).to.deep.equal([]);
  });

  it('has no circular imports, including imports of types', () => {
    expect(importCircles(files)).to.deep.equal([]);
  });

  it('contains nothing that is deliberately absent', () => {
    expect(files.flatMap(absenceFaults)).to.deep.equal([]);
  });
});

describe('the architecture check fails for', () => {
  /** Joins two parts of a word, so that this file does not itself contain what is forbidden. */
  const word = (...parts: string[]) => parts.join('');

  const violations: Record<string, SourceFile> = {
    'an upward import': { path: 'server/src/runtime/x.ts', text: "import { a } from '../session/a.ts';" },
    'an upward import of types': { path: 'server/src/policy/x.ts', text: "import type { A } from '../command/a.ts';" },
    'a lazy upward import': { path: 'server/src/runtime/deep/x.ts', text: "const a = await import('../../serving/a.ts');" },
    'a re-export from above': { path: 'server/src/session/x.ts', text: "export * from '../main.ts';" },
    'base that imports protocol': { path: 'server/src/base/x.ts', text: "import { a } from '../protocol/a.ts';" },
    'protocol that imports base': { path: 'server/src/protocol/x.ts', text: "import { a } from '../base/a.ts';" },
    'a kind of runtime that knows another one': { path: 'server/src/runtime/kinds/new/x.ts', text: "import { a } from '../docker/a.ts';" },
    'an import from a folder that is no room': { path: 'server/src/session/x.ts', text: "import { a } from '../helpers/a.ts';" },
    'an import from outside the daemon': { path: 'server/src/serving/x.ts', text: "import { a } from '../../../test/a.ts';" },
    'an import past the door of a room': { path: 'server/src/runtime/kinds/docker/x.ts', text: "import { a } from '../../agent/facts.ts';" },
    'dockerode outside its file': { path: 'server/src/runtime/kinds/docker/x.ts', text: "const d = await import('dockerode');" },
    'child processes': { path: 'server/src/command/x.ts', text: "import { spawn } from 'node:child_process';" },
    'an imported process': { path: 'server/src/base/x.ts', text: "import { env } from 'node:process';" },
    'the global process': { path: 'server/src/base/x.ts', text: 'export const a = () => process.env.A;' },
    'the global process through globalThis': { path: 'server/src/base/x.ts', text: 'export const a = globalThis.process;' },
    console: { path: 'server/src/main.ts', text: "console.log('x');" },
    'module state': { path: 'server/src/base/x.ts', text: 'export let count = 0;' },
    'a long file': { path: 'server/src/base/x.ts', text: '\n'.repeat(300) + 'export {};' },
    'a client that imports from the daemon': { path: 'client-vscode/src/x.ts', text: "import { a } from '../../server/src/base/a.ts';" },
    'a client that imports the whole package': { path: 'client-vscode/src/x.ts', text: "import { a } from 'codebeaker';" },
    'an upward import in the client': { path: 'client-vscode/src/client/x.ts', text: "import { a } from '../run/a.ts';" },
    'vscode outside its files': { path: 'client-vscode/src/run/x.ts', text: "import * as vscode from 'vscode';" },
    'child processes in the client': { path: 'client-vscode/src/view/x.ts', text: "import { spawn } from 'node:child_process';" },
    'console in the client': { path: 'client-vscode/src/run/x.ts', text: "console.log('x');" },
    'module state in the client': { path: 'client-vscode/src/run/x.ts', text: 'export let count = 0;' },
    'a test that is the only one to run': { path: 'test/x.test.ts', text: word('it.', "only('x', () => {});") },
    'a test that is left out': { path: 'test/x.test.ts', text: word('describe.', "skip('x', () => {});") },
    'a skip without need()': { path: 'test/x.test.ts', text: word('this.', 'skip();') },
    'a hook before need()': { path: 'test/x.test.ts', text: "describe('x', () => {\n before(() => make());\n before(need('a', b));\n});" },
    'a lint suppression': { path: 'bench/x.ts', text: word('// eslint-', 'disable-next-line') },
    'a path of a machine': { path: 'README.md', text: word('see /ro', 'ot/notes') },
  };

  for (const [name, file] of Object.entries(violations)) {
    it(name, () => {
      expect(faultsOf(file)).to.have.lengthOf(1);
    });
  }

  it('a circle of imports', () => {
    const file = (name: string, text: string) => ({ path: `server/src/base/${name}.ts`, text });
    const circle = [file('c', "import { a } from './a.ts';"), file('a', "import type { B } from './b.ts';"), file('b', "const c = await import('./c.ts');")];
    const others = [file('d', "import { a } from './a.ts';"), file('e', "import { d } from './d.ts';")];
    expect(importCircles([...others, ...circle])).to.deep.equal([circle.map(({ path }) => path).sort()]);
  });

  it('no kind of runtime that is new', () => {
    const text = "import type { Runtime } from '../../ports.ts';\nimport { openSandbox } from '../../agent/index.ts';";
    expect(faultsOf({ path: 'server/src/runtime/kinds/new/x.ts', text })).to.deep.equal([]);
    expect(faultsOf({ path: 'server/src/runtime/kinds/table.ts', text: "const { a } = await import('./new/x.ts');" })).to.deep.equal([]);
  });

  it('nothing else', () => {
    const innocent = `/** The process. See console.log. */
      import type { Runtime } from '../runtime/ports.ts';
      const process = (p: { process: number }, workspace = '/workspace') => [p.process, workspace];
      export const exec = async () => process({ process: 1 });
      export const lazy = () => import('./b.ts');`;
    expect(faultsOf({ path: 'server/src/session/x.ts', text: innocent })).to.deep.equal([]);
  });
});
