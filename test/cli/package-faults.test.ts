/** Why packages could not be installed, in the words of the command line. */
import { expect } from 'chai';
import { ResponseError } from 'vscode-jsonrpc/node';
import { unfit, whyNot } from '../../server/src/cli/package-faults.ts';

const fault = (message: string, data: object | undefined = { kind: 'PackageInstallFailed' }) => new ResponseError(1040, message, data);
const told = (message: string, data?: object, manifest?: string) => (whyNot(fault(message, data), manifest) as Error).message;

describe('packages that could not be installed', () => {
  it('are told of by what was typed', () => {
    expect(told('packages.1: "--foo" is no name of an npm package')).to.equal('--package "--foo" is no name of an npm package');
    expect(told('manifest: requirements.txt, line 2: no', undefined, 'requirements.txt')).to.equal('requirements.txt, line 2: no\n(--packages=never runs the program without the packages of requirements.txt)');
    expect(told('there is no package manager for shellscript; name one in manager')).to.equal('there is no package manager for shellscript');
    expect(told('the packages need more than the 1048576 bytes of limits.packageBytes; nothing was installed')).to.equal('the packages need more than the 1m that --package-limit allows; nothing was installed');
  });

  it('are told of with the end of what the manager printed', () => {
    const output = Array.from({ length: 30 }, (_, at) => `line ${at}`).join('\n');
    const lines = told('npm failed', { kind: 'PackageInstallFailed', output: `${output}\n\n` }).split('\n');
    expect([lines.length, lines[0], lines[1], lines.at(-1)]).to.deep.equal([21, 'npm failed', 'line 10', 'line 29']);
  });

  it('keep the code and the kind of the error', () => {
    const { code, data } = whyNot(fault('no', { kind: 'DiskFull' }), undefined) as ResponseError<object>;
    expect([code, data]).to.deep.equal([1040, { kind: 'DiskFull' }]);
  });

  it('are not talked about where the run was cancelled, or the daemon is gone', () => {
    for (const each of [new Error('no'), fault('no', { kind: 'RequestCancelled' }), new ResponseError(-32097, 'no')]) {
      expect(whyNot(each, 'Gemfile')).to.equal(each);
      expect(unfit(each, 'Gemfile')).to.equal(each);
    }
  });

  it('do not fit the runtime that was typed', () => {
    const message = "deno: its sandboxes can't have packages; ask for less";
    expect((unfit(fault(message), 'package.json') as Error).message).to.equal(`${message}\n(--packages=never runs the program without the packages of package.json)`);
    expect((unfit(fault(message), undefined) as Error).message).to.equal(message);
  });
});
