/** A secret, looked for everywhere on the machine while a program has it (F-E7). */
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundles, dockerImage, need, npmPackage, ociRuntime, type Probe } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { containers, daemonEnvironment, folders, image, until } from './environment.ts';
import { filesWith, processesWith } from './found.ts';
import { type Message, RawClient } from './raw-client.ts';

const MARKER = 'program-with-a-secret';
const python = ['python3', '-c', `
import base64, hashlib, os, sys
value = os.environ['CANARY'].encode()
print(hashlib.sha256(value).hexdigest())
print(value.decode(), base64.b64encode(b'x' + value).decode(), file=sys.stderr)
sys.stdout.flush(); sys.stderr.flush(); sys.stdin.read()
raise Exception('not ' + value.decode())`, MARKER];
const javascript = `
import { createHash } from 'node:crypto';
const value = process.env.CANARY;
console.log(createHash('sha256').update(value).digest('hex'));
console.error(value, btoa('x' + value));
process.stdin.on('end', () => { throw new Error('not ' + value); }).resume();`;

/** `hidden`: the host sees no process of the sandbox. */
const runtimes: Record<string, { probe: [string, Probe]; run: object; method: string; hidden?: boolean }> = {
  docker: { probe: ['docker', dockerImage(image)], method: 'command/executeShell', run: { command: python } },
  gvisor: { probe: ['gVisor', ociRuntime('runsc')], method: 'command/executeShell', run: { command: python }, hidden: true },
  native: { probe: ['bubblewrap', bubblewrap], method: 'command/executeShell', run: { command: python } },
  bun: { probe: ['bun', npmPackage('bun')], method: 'command/runCode', run: { language: 'javascript', code: javascript, args: [MARKER] } },
  deno: { probe: ['deno', npmPackage('deno')], method: 'command/runCode', run: { language: 'javascript', code: javascript, args: [MARKER] } },
};

for (const [runtime, { probe, method, run, hidden = false }] of Object.entries(runtimes)) {
  describe(`a secret in a sandbox of ${runtime}`, () => {
    before(need('build', bundles));
    before(need(...probe));

    let folder: string;
    before(() => (folder = mkdtempSync(join(tmpdir(), 'secrets-'))));
    after(() => rmSync(folder, { recursive: true }));

    it('is in the environment of the program, and nowhere else (F-E7)', async () => {
      const canary = `canary-${randomBytes(12).toString('hex')}`;
      const log = join(folder, 'log');
      const env = { XDG_CACHE_HOME: join(folder, 'cache'), ...daemonEnvironment({ stateDir: join(folder, 'state'), log: { level: 'debug', file: log } }) };
      const client = new RawClient({ env, args: ['--stdio', '--record', join(folder, 'record')] });
      const heard: unknown[] = [];
      const ask = async (name: string, params: object): Promise<Message> => {
        const answer = await client.call(name, params);
        heard.push(answer);
        return answer;
      };
      await client.initialize({}, { trace: 'verbose' });
      const { result: { sessionId } } = await ask('session/create', { runtime, secrets: { CANARY: canary } });
      await ask('session/create', { runtime: 'none', secrets: { CANARY: canary } });
      await ask('session/create', { runtime, secrets: { CANARY: canary, WRONG: `${canary}\0` } });
      await ask('command/executeShell', { sessionId, command: ['none'], cwd: 'none' });
      const outputs = () => client.notifications.filter(({ method: name }) => name === 'command/output').map(({ params }) => params);
      const printed = () => ['stdout', 'stderr'].flatMap((stream) => outputs().filter((each) => each.stream === stream)).map(({ data }) => data as string).join('');
      const running = ask(method, { sessionId, ...run, commandId: 'c', interactive: true });
      await until('the program has printed', () => printed().includes('***') && printed().split('\n').length > 2);
      expect(printed(), 'what it got').to.contain(createHash('sha256').update(canary).digest('hex'));

      const found = processesWith(canary);
      expect(found.filter(({ command, where }) => where === 'command line' || !command.includes(MARKER))).to.deep.equal([]);
      expect(found.length > 0, 'the program itself is seen').to.equal(!hidden);
      const pid = client.process.pid as number;
      for (const id of containers(pid)) {
        expect(execFileSync('docker', ['inspect', id], { encoding: 'utf8' })).to.contain('Config').and.not.to.contain(canary);
        expect(execFileSync('docker', ['diff', id], { encoding: 'utf8' })).not.to.contain(canary);
      }
      for (const name of folders(pid)) expect(filesWith(canary, join(tmpdir(), name))).to.deep.equal([]);

      client.notify('command/input', { commandId: 'c', data: '', end: true });
      const { result } = await running;
      expect(result).to.include({ outcome: 'exited', exitCode: 1 });
      expect(printed()).to.match(/not \*\*\*/);
      await ask('session/list', {});
      for (const name of ['server/health', 'usage/get', 'runtime/list']) await ask(name, {});
      await ask('usage/estimate', { language: 'python', code: 'print(1)' });
      await ask('session/close', { sessionId });
      await client.end();
      expect(readFileSync(log, 'utf8')).not.to.equal('');
      expect(readFileSync(join(folder, 'record'), 'utf8')).to.contain('session/create');
      expect(filesWith('"kind":"command"', join(folder, 'state', 'audit')), 'the audit log').to.have.length(1);
      expect(filesWith(canary, folder), 'state, audit, usage, log, record and cache').to.deep.equal([]);
      expect(JSON.stringify([heard, client.notifications, client.stderr])).to.contain('$/logTrace').and.not.to.contain(canary);
    });
  });
}
