/** What a test needs of the machine. Missing, it is a visible skip at home and a failure with CI=true. */
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Undefined where the part is there, else what is wrong and what would mend it. */
export type Probe = () => string | undefined | Promise<string | undefined>;

/** A hook for `before`: `before(need('docker', dockerImage('codebeaker-test')))`. */
export function need(part: string, probe: Probe, tell = toStdout): (this: Mocha.Context) => Promise<void> {
  return async function () {
    const missing = await probe();
    if (missing === undefined) return;
    if (process.env.CI === 'true') throw new Error(`needs ${part}: ${missing}`);
    tell(`    skipped, needs ${part}: ${missing}\n`);
    this.skip();
  };
}

const toStdout = (text: string): void => void process.stdout.write(text);

/** The daemon and the extension as they are shipped. */
export const bundles: Probe = () => {
  const last = fileURLToPath(new URL('../client-vscode/dist/daemon/package.json', import.meta.url));
  return existsSync(last) ? undefined : 'nothing has been built; run npm run build';
};

/** The Docker engine at its usual socket. */
export const dockerEngine: Probe = async () =>
  (await engineReply('/_ping'))?.status === 200 ? undefined : 'no engine answers; run test/setup/engine.sh as root';

export const dockerImage =
  (name: string): Probe =>
  async () =>
    (await dockerEngine()) ??
    ((await engineReply(`/images/${name}/json`))?.status === 200 ? undefined : `no image ${name}; run test/setup/images.sh`);

/** An OCI runtime that the engine offers under this name. */
export const ociRuntime =
  (name: string): Probe =>
  async () => {
    const missing = await dockerEngine();
    if (missing) return missing;
    const { Runtimes = {} } = JSON.parse((await engineReply('/info'))?.text ?? '{}') as { Runtimes?: object };
    return name in Runtimes ? undefined : `the engine has no runtime ${name}; run test/setup/gvisor.sh as root`;
  };

/** An npm package that not every platform gets. */
export const npmPackage =
  (name: string): Probe =>
  () => {
    try {
      createRequire(import.meta.url).resolve(`${name}/package.json`);
      return undefined;
    } catch {
      return `the npm package ${name} is not installed; run npm ci`;
    }
  };

export const program =
  (name: string): Probe =>
  () =>
    (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)))
      ? undefined
      : `no ${name} on PATH`;

/** What the engine says, or undefined when it says nothing within five seconds. */
function engineReply(path: string): Promise<{ status: number | undefined; text: string } | undefined> {
  return new Promise((resolve) => {
    const query = request({ socketPath: '/var/run/docker.sock', path, timeout: 5000 }, (reply) => {
      let text = '';
      reply.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      reply.on('end', () => resolve({ status: reply.statusCode, text }));
    });
    query.on('timeout', () => query.destroy());
    query.on('error', () => resolve(undefined));
    query.end();
  });
}
