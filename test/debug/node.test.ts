/** What is debugged in Node, what is asked of the sandbox for it, and what the bridge is told. */
import { expect } from 'chai';
import type { DebugHost, DebugPlace, LaunchRequest } from '../../server/src/debug/adapter.ts';
import { javascript, typescript } from '../../server/src/debug/adapters/node.ts';
import { debugLanguages } from '../../server/src/debug/adapters/table.ts';
import { DebugHosts } from '../../server/src/debug/host.ts';
import { capabilities } from '../../server/src/debug/node-bridge/capabilities.ts';
import { mayAsk } from '../../server/src/debug/tables.ts';
import type { LanguageId, RuntimeInfo } from '../../server/src/protocol/index.ts';
import { bundles, need } from '../require.ts';

function place({ interpreter = 'node', said = 'v24.1.0\n', code = 0, installed = true, network = 'enforced' }: { interpreter?: string; said?: string; code?: number; installed?: boolean; network?: 'enforced' | 'degraded' } = {}) {
  const written: Record<string, string> = {};
  const host: DebugHost = { folder: undefined, exists: async () => false, file: async () => undefined, own: async (name) => (installed && name === 'node-bridge.cjs' ? Buffer.from('bridge') : undefined), pack: () => Promise.reject(new Error('nothing is packed')) };
  const made: DebugPlace = {
    host,
    files: { write: async (path, bytes) => void (written[path] = (bytes as Buffer).toString()) },
    isolation: { score: 1, layers: [{ name: 'network', state: network, detail: '' }] },
    interpreter,
    program: '/workspace/main.ts',
    args: [],
    version: async () => '2.9.6',
    scratch: '/tmp/s',
    options: [],
    terminal: false,
    env: {},
    run: async (command) => {
      expect(command).to.deep.equal([interpreter, '--version']);
      return { code, stdout: said };
    },
  };
  return { made, written };
}

const request: LaunchRequest = { program: '/workspace/main.ts', args: ['a'], cwd: '/workspace', env: { A: '1' }, stopOnEntry: true, justMyCode: true, terminal: false, interpreter: 'node', options: ['--require=loader'] };

describe('debugging in Node', () => {
  it('puts the bridge into the scratch folder, and starts it with the Node of the sandbox', async () => {
    const { made, written } = place();
    expect(await javascript.find(made)).to.deep.include({ name: 'Node', version: '24.1.0', command: ['node', '/tmp/s/node-bridge.cjs', '{"runtimeExecutable":"node","runtimeArgs":[],"env":{}}'] });
    expect(written).to.deep.equal({ '/tmp/s/node-bridge.cjs': 'bridge' });
  });

  for (const [what, options, words] of [
    ['something else runs the language', { interpreter: '/usr/bin/qjs' }, 'typescript with qjs'],
    ['Bun runs the language', { interpreter: 'bun' }, 'WebKit'],
    ['Deno has only the network of the machine', { interpreter: 'deno', network: 'degraded' }, 'a port of this machine'],
    ['Node is too old', { said: 'v16.20.2\n' }, '16.20.2'],
    ['Node tells no version', { said: 'hello\n' }, 'version'],
    ['Node cannot be run', { code: 1 }, 'version'],
    ['the bridge was not installed', { installed: false }, 'installation'],
  ] as const) {
    it(`says what is missing where ${what}`, async () => {
      const { made, written } = place(options);
      expect(await typescript.find(made)).to.have.property('missing').that.contains(words);
      expect(written).to.deep.equal({});
    });
  }

  it('has the sandbox start the bridge where Deno runs the language, and puts nothing there', async () => {
    const { made, written } = place({ interpreter: 'deno' });
    expect(await typescript.find(made)).to.deep.include({ name: 'Deno', version: '2.9.6', command: ['deno', 'run', '/workspace/main.ts'], inSandbox: true });
    expect(written).to.deep.equal({});
  });

  it('gives the program its options, and the bridge none of them', async () => {
    const found = await javascript.find(place().made);
    if (found.missing !== undefined) return expect.fail(found.missing);
    expect([found.env({}), found.env({ NODE_OPTIONS: '--require ./x.js' })]).to.deep.equal([{}, { NODE_OPTIONS: '' }]);
    expect(javascript.launch(request)).to.deep.equal({ program: '/workspace/main.ts', args: ['a'], cwd: '/workspace', env: {}, stopOnEntry: true, runtimeExecutable: 'node', runtimeArgs: ['--require=loader'] });
    expect(javascript.launch({ ...request, env: { NODE_OPTIONS: '--require ./x.js' } }).env).to.deep.equal({ NODE_OPTIONS: '--require ./x.js' });
  });

  it('has the capabilities of the bridge, without those whose requests do not get through', () => {
    const said = Object.entries(capabilities).filter(([, value]) => value === true).map(([name]) => name);
    expect(mayAsk('restart')).to.equal(false);
    for (const row of [javascript, typescript]) expect([...row.capabilities].sort()).to.deep.equal(said.filter((name) => name !== 'supportsRestartRequest').sort());
  });

  describe('on this machine', () => {
    before(need('the build', bundles));

    it('is offered where a runtime has Node, or Deno in a network of its own, and not by those that run the same languages with something else', async () => {
      const hosts = new DebugHosts();
      const runtime = (id: string, languages: readonly LanguageId[], { available = true, network = 'degraded' } = {}) =>
        ({ id, available, languages: languages.map((each) => ({ id: each })), isolation: { score: 1, layers: [{ name: 'network', state: network, detail: '' }] } }) as unknown as RuntimeInfo;
      const both = ['javascript', 'typescript'] as const;
      expect(await hosts.languages([runtime('deno', both), runtime('bun', both), runtime('docker', both, { available: false })])).to.deep.equal([]);
      expect(await hosts.languages([runtime('native', ['javascript', 'shellscript']), runtime('deno', both)])).to.deep.equal(['javascript']);
      expect(await hosts.languages([runtime('deno', both, { network: 'enforced' })])).to.deep.equal(['javascript', 'typescript']);
      const report = await hosts.report([runtime('docker', both), runtime('native', ['javascript', 'go']), runtime('deno', both)]);
      expect(report.map(({ language }) => language)).to.deep.equal(debugLanguages.map(({ language }) => language));
      expect(report.filter(({ language }) => language === 'javascript' || language === 'typescript').map(({ runtimes }) => runtimes)).to.deep.equal([['docker', 'native'], ['docker']]);
    });
  });
});
