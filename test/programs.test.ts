/** Programs in other languages are checked by the tools of those languages. ESLint checks JavaScript (eslint.config.js). */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { projectFiles } from './architecture/files.ts';
import { need, program } from './require.ts';

interface Reader {
  readonly tool: string;
  readonly programs: RegExp;
  /** How the tool is called, with the paths of the programs at the end. */
  readonly args: readonly string[];
  /** A program that the tool must refuse. */
  readonly wrong: string;
}

const compilePython = "import pathlib, sys\nfor path in sys.argv[1:]: compile(pathlib.Path(path).read_bytes(), path, 'exec')";

const readers: Record<string, Reader> = {
  sh: { tool: 'shellcheck', programs: /\.sh$|^\.ci\/run$/, args: ['--external-sources', '--source-path=SCRIPTDIR'], wrong: '#!/bin/sh\necho $1\n' },
  Python: { tool: 'python3', programs: /\.py$/, args: ['-W', 'error', '-c', compilePython], wrong: 'return 1\n' },
  Ruby: { tool: 'ruby', programs: /\.rb$/, args: ['-wc'], wrong: 'unused = 1\ndef f; x = 1; end\n' },
};

describe('programs in', () => {
  const cwd = fileURLToPath(new URL('..', import.meta.url));

  for (const [language, { tool, programs, args, wrong }] of Object.entries(readers)) {
    describe(language, () => {
      before(need(tool, program(tool)));

      /** The complaints of the tool. Ruby has the exit code 0 also if it warns, so its stderr counts. */
      function complaints(paths: readonly string[]): string {
        const { status, stdout, stderr } = spawnSync(tool, [...args, ...paths], { cwd, encoding: 'utf8' });
        return status === 0 ? stderr : `${status}\n${stdout}${stderr}`;
      }

      it(`pass the check of ${tool}`, () => {
        const paths = projectFiles().map(({ path }) => path).filter((path) => programs.test(path));
        expect(paths).not.to.be.empty;
        // Ruby checks only the first file.
        for (const some of tool === 'ruby' ? paths.map((path) => [path]) : [paths]) expect(complaints(some)).to.equal('');
      });

      it('fail the check if they are wrong', () => {
        const folder = mkdtempSync(join(tmpdir(), 'programs-'));
        const path = join(folder, 'wrong');
        writeFileSync(path, wrong);
        expect(complaints([path])).not.to.equal('');
        rmSync(folder, { recursive: true });
      });
    });
  }
});
