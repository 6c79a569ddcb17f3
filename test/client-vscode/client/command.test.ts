import { expect } from 'chai';
import { daemonCommand } from '../../../client-vscode/src/client/command.ts';

const editor = { execPath: '/editor/code', env: { PATH: '/bin', NODE_OPTIONS: '--inspect' } };

describe('the daemon’s command', () => {
  it('starts the bundled daemon in the editor’s own Node', () => {
    expect(daemonCommand({ path: '', config: '' }, '/ext', editor)).to.deep.equal({
      program: '/editor/code',
      args: ['/ext/dist/daemon/main.js', '--stdio'],
      env: { PATH: '/bin', ELECTRON_RUN_AS_NODE: '1' },
    });
  });

  it('can be the doctor instead (V10)', () => {
    expect(daemonCommand({ path: '', config: '/etc/c.json' }, '/ext', editor, 'doctor').args).to.deep.equal(['/ext/dist/daemon/main.js', 'doctor', '--config=/etc/c.json']);
  });

  it('starts the program that the settings name', () => {
    expect(daemonCommand({ path: '/opt/codebeaker', config: '/etc/c.json' }, '/ext', editor)).to.deep.equal({
      program: '/opt/codebeaker',
      args: ['--stdio', '--config=/etc/c.json'],
      env: { PATH: '/bin' },
    });
  });
});
