/** Says what a test needs of the machine. If it is missing, the test is skipped with a message; with CI=true, it fails. */
import { accessSync, constants, existsSync } from 'node:fs';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Returns undefined if the machine has the part, otherwise what is missing and how to get it. */
export type Probe = () => string | undefined | Promise<string | undefined>;

/**
 * Makes a hook, as in `before(need('docker', dockerImage('codebeaker-test')))`. It should come before all other hooks of
 * its suite: where it skips the suite, none of them runs then, neither those that make something nor those that end it.
 */
export function need(part: string, probe: Probe): (this: Mocha.Context) => Promise<void> {
  return async function lookForPart() {
    const missing = await probe();
    if (missing === undefined) return;
    if (process.env.CI === 'true') throw new Error(`this test needs ${part}: ${missing}`);
    const { test: self, currentTest } = this;
    const suite = self?.parent;
    const whole = suite !== undefined && titlesBeforeAll.test(self?.title ?? '');
    // The reporter looks for the reason at a skipped test and at the suites around it.
    Object.assign(whole ? suite : (currentTest ?? self ?? {}), { lacks: `${part}: ${missing.replaceAll(/\s+/g, ' ')}` });
    if (whole && !hasMade(suite, self)) hooksOf(suite, 'afterAll').splice(0);
    this.skip();
  };
}

const titlesBeforeAll = /^"before all" hook/;

/**
 * Whether a hook before this one has made something. Then the hooks at the end of the suite run, as Mocha has them run.
 * Otherwise there is nothing to end, and they would not find what they expect.
 */
function hasMade(suite: Mocha.Suite, hook: Mocha.Runnable | undefined): boolean {
  const hooks = hooksOf(suite, 'beforeAll');
  return hooks.slice(0, hooks.findIndex((each) => each === hook)).some(({ fn }) => fn?.name !== 'lookForPart');
}

function hooksOf(suite: Mocha.Suite, name: 'beforeAll' | 'afterAll'): Mocha.Hook[] {
  return (suite as Mocha.Suite & { getHooks(name: string): Mocha.Hook[] }).getHooks(name);
}

/** The bundles of the daemon and of the extension. */
export const bundles: Probe = () => {
  const last = fileURLToPath(new URL('../client-vscode/dist/daemon/package.json', import.meta.url));
  return existsSync(last) ? undefined : 'nothing is built; run npm run build';
};

/** The Docker engine at its default socket. */
export const dockerEngine: Probe = async () =>
  (await engineReply('/_ping'))?.status === 200 ? undefined : 'no Docker engine answers; run test/setup/engine.sh as root';

export const dockerImage =
  (name: string): Probe =>
  async () =>
    (await dockerEngine()) ??
    ((await engineReply(`/images/${name}/json`))?.status === 200 ? undefined : `the engine has no image ${name}; run test/setup/images.sh`);

/** An OCI runtime that is registered with the engine under this name. */
export const ociRuntime =
  (name: string): Probe =>
  async () => {
    const missing = await dockerEngine();
    if (missing) return missing;
    const { Runtimes = {} } = JSON.parse((await engineReply('/info'))?.text ?? '{}') as { Runtimes?: object };
    return name in Runtimes ? undefined : `the engine has no OCI runtime ${name}; run test/setup/gvisor.sh as root`;
  };

/** An optional npm package, which is not available on every platform. */
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

/** The right to become another user, to make namespaces and to mount. */
export const root: Probe = () => (process.getuid?.() === 0 ? undefined : 'the tests do not run as root');

/** An executable on PATH. */
export const program =
  (name: string): Probe =>
  () =>
    (process.env.PATH ?? '').split(delimiter).some((folder) => isProgram(join(folder, name)))
      ? undefined
      : `${name} is not on PATH`;

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The answer of the engine, or undefined if it does not answer within five seconds. */
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
