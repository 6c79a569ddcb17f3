/** The example of a client, started as its first line says. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { daemonEnvironment, image } from '../e2e/environment.ts';
import { sourceFile } from '../e2e/command-line.ts';
import { dockerImage, need, npmPackage } from '../require.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

function client(language: string, file: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['examples/client.mjs', language, file], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...daemonEnvironment() },
  });
  return { status, stdout, stderr };
}

describe('examples/client.mjs', () => {
  it('runs a file with Docker', async function () {
    await need('docker', dockerImage(image)).call(this);
    const { status, stdout } = client('python', 'examples/hello.py');
    expect(stdout).to.match(/^Hello from Python/);
    expect(status).to.equal(0);
  });

  it('runs a file with Deno, and passes on its output and its exit code', async function () {
    await need('deno', npmPackage('deno')).call(this);
    const file = sourceFile('a.js', 'console.log("out — ü"); console.error("err"); setTimeout(() => process.exit(7), 10);');
    expect(client('javascript', file)).to.deep.equal({ status: 7, stdout: 'out — ü\n', stderr: 'err\n' });
  });

  it('reports an error of the daemon', () => {
    const { status, stderr } = client('cobol', 'examples/hello.py');
    expect(status).to.not.equal(0);
    expect(stderr).to.include('Invalid params: language');
  });
});
