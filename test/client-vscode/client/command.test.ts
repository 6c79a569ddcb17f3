import { expect } from 'chai';
import { daemonCommand } from '../../../client-vscode/src/client/command.ts';

const editor = { execPath: '/editor/code', env: { PATH: '/bin', NODE_OPTIONS: '--inspect' } };

describe('the daemon’s command', () => {
  it('starts the bundled daemon in the editor’s own Node', () => {
    expect(daemonCommand({ path: '', config: '', network: 'none' }, '/ext', editor)).to.deep.equal({
      program: '/editor/code',
      args: ['/ext/dist/daemon/main.js', '--stdio'],
      env: { PATH: '/bin', ELECTRON_RUN_AS_NODE: '1' },
    });
  });

  it('can be the doctor instead (V10)', () => {
    expect(daemonCommand({ path: '', config: '/etc/c.json', network: 'none' }, '/ext', editor, 'doctor').args).to.deep.equal(['/ext/dist/daemon/main.js', 'doctor', '--config=/etc/c.json']);
  });

  it('says what programs may reach where the configuration says nothing of it', () => {
    expect(daemonCommand({ path: '', config: '', network: 'ask' }, '/ext', editor).args).to.deep.equal(['/ext/dist/daemon/main.js', '--stdio', '--network=ask']);
    expect(daemonCommand({ path: '', config: '', network: 'full' }, '/ext', editor, 'doctor').args).to.deep.equal(['/ext/dist/daemon/main.js', 'doctor']);
  });

  it('starts the program that the settings name', () => {
    expect(daemonCommand({ path: '/opt/codebeaker', config: '/etc/c.json', network: 'none' }, '/ext', editor)).to.deep.equal({
      program: '/opt/codebeaker',
      args: ['--stdio', '--config=/etc/c.json'],
      env: { PATH: '/bin' },
    });
  });
});
