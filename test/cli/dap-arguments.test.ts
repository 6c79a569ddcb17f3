/** What `launch` of `codebeaker dap` takes, and what it says where it cannot take it. */
import { expect } from 'chai';
import { resolve } from 'node:path';
import { dapArguments } from '../../server/src/cli/dap-arguments.ts';

const program = '/home/me/project/sub/main.py';
const of = (more: object = {}) => dapArguments({ program, ...more });

describe('the arguments of launch', () => {
  it('go to the session, to the debugger, and nowhere else', () => {
    const found = of({
      args: ['a'], env: { A: '1' }, cwd: '/home/me/project', language: 'python', runtime: 'docker', stopOnEntry: true, justMyCode: false, limits: { timeoutMs: 5, memoryBytes: 2 ** 24 },
      network: { mode: 'none' }, packages: ['idna'], secretNames: ['TOKEN'], console: 'externalTerminal', type: 'codebeaker', name: 'x', request: 'launch', __sessionId: 'y',
    });
    expect(found).to.deep.equal({
      program, alone: false, cwd: '/home/me/project', language: 'python', folder: '/home/me/project', manifest: undefined, terminal: 'external',
      session: { runtime: 'docker', limits: { timeoutMs: 5, memoryBytes: 2 ** 24 }, network: { mode: 'none' }, secretNames: ['TOKEN'], packages: { names: ['idna'] } },
      start: { args: ['a'], env: { A: '1' }, stopOnEntry: true, justMyCode: false, timeoutMs: 5 },
    });
  });

  it('are not there where they are null or empty, as some editors say it', () => {
    expect(of({ args: null, env: null, cwd: '', language: '', runtime: null, folder: null, packages: null })).to.deep.equal({ program, alone: false, cwd: undefined, language: undefined, folder: '/home/me/project/sub', manifest: undefined, terminal: undefined, session: {}, start: {} });
  });

  it('may name the program as it is seen from the working directory, or from that of the editor', () => {
    expect(of({ program: 'sub/main.py', cwd: '/home/me/project' })).to.include({ program, folder: '/home/me/project' });
    expect(of({ program: 'main.py' })).to.include({ program: resolve('main.py'), folder: process.cwd() });
  });

  it('say which folder goes along', () => {
    expect(of({ cwd: '/home/me/other' }).folder).to.equal('/home/me/project/sub');
    expect(of({ cwd: '/home/me/project/', folder: '/home/me' })).to.include({ folder: '/home/me', alone: false });
    expect(of({ cwd: '/home/me/project', folder: false })).to.include({ folder: '/home/me/project/sub', alone: true });
  });

  it('say what is installed: names before the program is there, a manifest after it', () => {
    expect(of({ packages: { names: ['idna'], manifest: 'requirements.txt' } })).to.deep.include({ manifest: 'requirements.txt', session: { packages: { names: ['idna'] } } });
    expect(of({ packages: { manifest: 'requirements.txt' } })).to.deep.include({ manifest: 'requirements.txt', session: {} });
  });

  const wrong: Record<string, readonly unknown[]> = {
    program: [1, ['x']], args: ['a b', [1], {}], env: [['A=1'], { A: 1 }, 'A=1'], cwd: ['.', 'sub', 1], folder: ['.', true, 1], language: [1, 'cobol'], runtime: [1, {}], image: [true], preference: [1],
    stopOnEntry: ['yes', 1], justMyCode: ['no'], strict: [1], limits: [[], 5, 'x'], network: ['full', [], true], packages: ['idna', [1], true, { manifest: 1 }], secrets: [[]], secretNames: [{}, 'TOKEN'],
    console: ['terminal', 'constructor', 1, {}],
  };
  for (const [name, values] of Object.entries(wrong)) {
    it(`are refused with the name of what is wrong: ${name}`, () => {
      for (const value of values) expect(() => of({ [name]: value }), JSON.stringify(value)).to.throw(new RegExp(`^launch: .*${name}`));
    });
  }

  it('need a program, in the folder that goes along', () => {
    expect(() => dapArguments({})).to.throw('launch: program is missing; it must be the path of the file that is to be debugged');
    expect(() => of({ folder: '/home/you' })).to.throw(`launch: program must lie in folder, and ${program} does not lie in /home/you`);
  });
});
