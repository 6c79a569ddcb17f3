/** What a test needs of the machine. Missing, it is a visible skip at home and a failure with CI=true. */
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';

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

/** The Docker engine at its usual socket. */
export const dockerEngine: Probe = async () =>
  (await engineStatus('/_ping')) === 200 ? undefined : 'no engine answers; run test/setup/engine.sh as root';

export const dockerImage =
  (name: string): Probe =>
  async () =>
    (await dockerEngine()) ??
    ((await engineStatus(`/images/${name}/json`)) === 200 ? undefined : `no image ${name}; run test/setup/images.sh`);

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

/** The engine's status code, or undefined when it gives none within five seconds. */
function engineStatus(path: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const query = request({ socketPath: '/var/run/docker.sock', path, timeout: 5000 }, (reply) => {
      reply.resume();
      resolve(reply.statusCode);
    });
    query.on('timeout', () => query.destroy());
    query.on('error', () => resolve(undefined));
    query.end();
  });
}
