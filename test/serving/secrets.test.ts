/** Sessions with secrets: their programs get them, and nobody else sees them. */
import { expect } from 'chai';
import { fakePackages } from '../fakes/packages.ts';
import { type DaemonOptions, type TestDaemon, withDaemon } from './daemon.ts';

const TOKEN = 'ghp_16C7e42F292c6912E7';

function withSecrets(test: (daemon: TestDaemon) => Promise<void>, options: DaemonOptions = {}): Promise<void> {
  return withDaemon(options, async (daemon) => {
    const { capabilities } = await daemon.initialize({ trace: 'verbose' });
    expect(capabilities.secrets).to.deep.equal({});
    await test(daemon);
  });
}

describe('the secrets of a session', () => {
  it('reach its programs, and are taken out of what these print', () =>
    withSecrets(async (daemon) => {
      const sessionId = await daemon.session({ secrets: { TOKEN }, env: { OTHER: 'other' } });
      const { stdout, stderr } = await daemon.result('command/runCode', { sessionId, code: `env TOKEN\nenv OTHER\nwarn ${Buffer.from(`x${TOKEN}`).toString('base64')}` });
      expect([stdout, stderr.startsWith('eG***')]).to.deep.equal(['***other', true]);
      expect(daemon.sandbox.processes.at(-1)?.program.env).to.deep.equal({ TOKEN, OTHER: 'other' });
    }));

  it('are taken out of what is streamed, also where a piece ends within one, and in base64', () =>
    withSecrets(async (daemon) => {
      const sessionId = await daemon.session({ secrets: { TOKEN } });
      const code = `print "who? ${TOKEN.slice(0, 9)}", "a"\nprint "${TOKEN.slice(9)}!", "b"\nprint "${TOKEN.slice(0, 3)}", ""`;
      const said = async (params: object) => {
        const { stdoutBytes } = await daemon.result('command/runCode', { sessionId, code, ...params });
        expect(stdoutBytes, 'what the program printed').to.equal(9 + TOKEN.length);
        return daemon.received('command/output').filter(({ stream }) => stream === 'stdout').map(({ data }) => data);
      };
      expect(await said({ commandId: 'one' })).to.deep.equal(['who? ', '***!', 'ghp']);
      expect((await said({ commandId: 'two', outputEncoding: 'base64' })).slice(3).map((data) => Buffer.from(data, 'base64').toString())).to.deep.equal(['who? ', '***!', 'ghp']);
    }));

  it('are taken out of what a terminal shows', () =>
    withSecrets(async (daemon) => {
      const sessionId = await daemon.session({ secrets: { TOKEN } });
      const pty = { cols: 80, rows: 24 };
      expect((await daemon.result('command/runCode', { sessionId, code: 'env TOKEN', pty })).stdout).to.equal('***');
      await daemon.result('command/runCode', { sessionId, code: 'env TOKEN', pty, commandId: 'c' });
      expect(daemon.received('command/output').map(({ stream, data }) => [stream, data])).to.deep.equal([['pty', '***']]);
    }));

  it('are not seen by way of a limit of the output', () =>
    withSecrets(async (daemon) => {
      const sessionId = await daemon.session({ secrets: { TOKEN }, limits: { outputBytes: 10 } });
      expect(await daemon.result('command/runCode', { sessionId, code: 'print "a"\nenv TOKEN' })).to.include({ outcome: 'outputLimit', stdout: 'a', stdoutBytes: 10 });
    }));

  it('are in no view, no trace and no error (F-E7)', () =>
    withSecrets(async (daemon) => {
      const sessionId = await daemon.session({ secrets: { TOKEN } });
      await daemon.result('session/list');
      await daemon.fault('session/create', { secrets: { TOKEN, BAD: `${TOKEN}\0` } });
      await daemon.fault('session/create', { secrets: { TOKEN }, env: { TOKEN: 'x' } });
      await daemon.fault('session/create', { secrets: { TOKEN }, runtime: 'none' });
      await daemon.result('command/executeShell', { sessionId, command: ['no-such', 'program'] });
      expect(JSON.stringify(daemon.wire.received)).not.to.contain(TOKEN);
      expect(JSON.stringify(daemon.server.lines)).not.to.contain(TOKEN);
      expect(daemon.received('$/logTrace')).not.to.deep.equal([]);
    }));

  it('are not in the sandbox of an installation, and not in its output and errors, whoever wrote them there', async () => {
    const packages = fakePackages();
    packages.scripts = [`env TOKEN\necho ${TOKEN}\nexit 3`];
    try {
      await withSecrets(async (daemon) => {
        const sessionId = await daemon.session({ secrets: { TOKEN } });
        const { data } = await daemon.fault('command/installPackages', { sessionId, packages: ['one'], commandId: 'c' });
        expect([data.output, daemon.received('command/output').map(({ data: text }) => text)]).to.deep.equal(['***\n', ['***\n']]);
        const [, installing] = daemon.runtime.made;
        expect(installing?.processes.map(({ program }) => program.env)).not.to.deep.include({ TOKEN });
        expect(JSON.stringify(daemon.wire.received)).not.to.contain(TOKEN);
      }, { packages });
    } finally {
      packages.dispose();
    }
  });

  it('that the configuration has are got when a session names them', async () => {
    const got: unknown[] = [];
    const config = { secrets: { TOKEN: { env: 'X' }, OTHER: { file: '/other' } } };
    await withSecrets(async (daemon) => {
      const sessionId = await daemon.session({ secretNames: ['TOKEN'], secrets: { OWN: 'own value' } });
      expect((await daemon.result('command/runCode', { sessionId, code: 'env TOKEN\nenv OWN' })).stdout).to.equal('******');
      expect(daemon.sandbox.processes.at(-1)?.program.env).to.deep.equal({ TOKEN, OWN: 'own value' });
      expect(got).to.deep.equal([['TOKEN', { env: 'X' }]]);
      expect((await daemon.fault('session/create', { secretNames: ['NONE'] })).data.issues).to.deep.equal([{ path: 'secretNames.0', message: 'the configuration has no secret NONE; add it to secrets in the configuration file' }]);
      for (const params of [{ secretNames: ['TOKEN', 'TOKEN'] }, { secretNames: ['TOKEN'], secrets: { TOKEN } }, { secretNames: ['TOKEN'], env: { TOKEN } }]) {
        expect((await daemon.fault('session/create', params)).message).to.contain('TOKEN is named twice');
      }
    }, { config, secret: async (...asked) => (got.push(asked), TOKEN) });
  });

  const refused: Record<string, [params: object, words: RegExp]> = {
    'a name that no variable has': [{ secrets: { 'A-B': 'value' } }, /the name of a secret consists of/],
    'a name that no record can have': [{ secrets: JSON.parse('{"__proto__": "value"}') }, /this name cannot be used/],
    'nothing': [{ secrets: { A: '' } }, /secrets\.A/],
    'NUL': [{ secrets: { A: 'abcd\0' } }, /a value cannot contain NUL/],
    'too many bytes': [{ secrets: { A: 'é'.repeat(40_000) } }, /at most 65536 bytes, not 80000/],
    'too many bytes together': [{ secrets: { A: 'a'.repeat(60_000), B: 'b'.repeat(60_000), C: 'c'.repeat(60_000) } }, /at most 131072 bytes, not 180000/],
    'the name of another variable': [{ secrets: { A: 'abcd' }, env: { A: 'efgh' } }, /A is named twice in env, secrets and secretNames/],
  };
  for (const [name, [params, words]] of Object.entries(refused)) {
    it(`are refused where one has ${name}`, () =>
      withSecrets(async (daemon) => {
        const { code, message } = await daemon.fault('session/create', params);
        expect(code).to.equal(-32602);
        expect(message).to.match(words);
        expect(daemon.runtime.made).to.deep.equal([]);
      }));
  }

  it('that are too short to be found are told', () =>
    withSecrets(async (daemon) => {
      await daemon.session({ secrets: { PIN: '123', TOKEN } });
      expect(daemon.received('window/logMessage').map(({ message }) => message)).to.deep.equal(['The secret PIN has fewer than 4 bytes: programs get it, but it is not taken out of their output']);
    }));

  it('cost a session that has none nothing', () =>
    withSecrets(async (daemon) => {
      for (const params of [{}, { secrets: {} }]) {
        const sessionId = await daemon.session(params);
        expect((await daemon.result('command/runCode', { sessionId, code: 'echo ***' })).stdout).to.equal('***\n');
      }
    }));
});
