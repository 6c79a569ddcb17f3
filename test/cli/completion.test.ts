/** The scripts that complete the command line, and the manual page: each is what real shells and man make of it. */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { completion } from '../../server/src/cli/completion.ts';
import { manPage } from '../../server/src/cli/man.ts';
import { commonOptions, optionNames, optionsOf, rowOf, shells } from '../../server/src/cli/table.ts';
import { need, program } from '../require.ts';

const shown = optionNames.filter((name) => name !== 'sweep');

describe('the completion of the command line', () => {
  for (const shell of shells) {
    it(`knows every option in ${shell}`, () => {
      const script = completion(shell);
      for (const name of shown) expect(script, name).to.match(new RegExp(`(?:--|-l )${name}\\b`));
      expect(script).not.to.contain('bury').and.not.to.contain('--sweep');
    });
  }

  describe('in bash', () => {
    before(need('bash', program('bash')));
    const complete = (...words: string[]) => {
      const script = `${completion('bash')}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _codebeaker; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', 'codebeaker', ...words], { encoding: 'utf8', cwd: '/etc' });
      expect(stderr).to.equal('');
      return stdout.trim().split('\n');
    };

    it('completes commands', () => expect(complete('d')).to.deep.equal(['dap', 'doctor']));
    it('completes the options of a command', () => expect(complete('run', '--m')).to.deep.equal(['--memory']));
    it('completes the values of options', () => expect(complete('run', '--language', 'ru')).to.deep.equal(['ruby']));
    it('completes shells', () => expect(complete('completion', 'f')).to.deep.equal(['fish']));
    it('completes files', () => expect(complete('run', '--timeout', '5s', 'passw')).to.include('passwd'));
    it('completes the arguments of the program as files', () => expect(complete('run', 'x.py', 'passw')).to.include('passwd'));
    it('does not complete what nobody knows', () => expect(complete('run', '--timeout', '')).to.deep.equal(['']));
  });
});

describe('the manual page', () => {
  it('has every option and every code', () => {
    const page = manPage('1.2.3').replaceAll('\\-', '-');
    for (const name of [...optionsOf('run'), ...optionsOf('serve'), ...commonOptions]) {
      expect(page).to.contain(`--${name}`);
      expect(page).to.contain(rowOf(name).text.slice(0, 20));
    }
    expect(page).to.contain('.B 153').and.to.contain('1.2.3');
  });

  it('has no line that means something else', () => {
    for (const line of manPage('1').split('\n')) expect(line).to.match(/^(?:\.(?:TH|SH|TP|B|br)\b|[^.'])|^$/);
  });
});
