/** npm: packages of Node, in a folder node_modules. */
import { posix } from 'node:path';
import type { Environment } from '../../protocol/index.ts';
import type { Manager, Manifest, Order, Step } from '../ports.ts';
import { checkEach, direct, found } from './common.ts';
import { readInstalled } from './installed.ts';
import { type Meaning, meaningOf } from './meaning.ts';
import { readAudit } from './npm-audit.ts';
import { bareManifest, checkLock, checkManifest, lockOf, locks, mirroredLock } from './npm-manifest.ts';
import { npmFault } from './npm-names.ts';
import { AUDIT, LIST, RUN_NPM } from './npm-programs.ts';

export const npm: Manager = {
  id: 'npm',
  languages: ['javascript', 'typescript'],
  manifests: ['package.json'],
  probe: () => ({
    step: { command: ['npm', '--version'], env: {} },
    missing: 'The sandbox has no npm. In a container, choose an image that has it, such as node:22; on this machine, install npm (on Debian: apt install npm).',
  }),
  checkNames: (names) => checkEach(names, npmFault),
  async gather(path, read) {
    const manifest = await found(path, read);
    checkManifest(manifest.toString('utf8'));
    const files = new Map([[path, manifest]]);
    for (const name of locks) {
      const lock = posix.join(posix.dirname(path), name);
      const contents = await read(lock);
      if (!contents) continue;
      checkLock(name, contents.toString('utf8'));
      files.set(lock, contents);
      break;
    }
    return { path, files };
  },
  isLocked: ({ names, manifest }) => names.length === 0 && manifest !== undefined && lockOf(manifest) !== undefined,
  steps(order) {
    const { home, manifest, names } = order;
    const run = (files: Readonly<Record<string, string>>, ...args: string[]): Step => ({
      command: ['node', '-e', RUN_NPM, '--', JSON.stringify(files), ...args, '--prefix', home], cwd: home, env: environment(order), files: { [npmrc]: settings(order) },
    });
    const steps: Step[] = [];
    if (manifest) steps.push(fromManifest(order, manifest, run));
    if (names.length > 0) {
      const step = run({}, 'install', ...(manifest ? ['--no-save'] : []));
      steps.push({ ...step, command: [...step.command, '--', ...names] });
    }
    return steps;
  },
  list: ({ home }) => ({
    step: { command: ['node', '-e', LIST, '--', `${home}/node_modules`], env: {} },
    read: (stdout) => readInstalled(JSON.parse(stdout)),
  }),
  audit: (order) => ({
    step: {
      command: ['node', '-e', AUDIT, '--', 'audit', '--json', '--prefix', order.home], cwd: order.home,
      env: { ...environment(order), npm_config_audit: 'true' }, files: { [npmrc]: settings(order) },
    },
    read: readAudit,
  }),
  view: (home) => ({ variables: {}, path: [`${home}/node_modules/.bin`], modules: `${home}/node_modules`, files: [] }),
  explain: (output, trouble) => meaningOf(output, trouble, meanings),
};

/** What is written for npm lies here, because names of scopes are no names of variables. */
const npmrc = '/tmp/.codebeaker-npmrc';

function fromManifest({ registries, home }: Order, manifest: Manifest, run: (files: Readonly<Record<string, string>>, ...args: string[]) => Step): Step {
  const lock = lockOf(manifest);
  const text = (path: string) => manifest.files.get(path)?.toString('utf8') ?? '';
  const written = { '/tmp/.codebeaker-package.json': bareManifest(text(manifest.path)) };
  const copies = { '/tmp/.codebeaker-package.json': `${home}/package.json` };
  if (lock === undefined) return withFiles(run(copies, 'install'), written);
  const mirrored = { '/tmp/.codebeaker-package-lock.json': mirroredLock(posix.basename(lock), text(lock), registries) };
  return withFiles(run({ ...copies, '/tmp/.codebeaker-package-lock.json': `${home}/${posix.basename(lock)}` }, 'ci'), { ...written, ...mirrored });
}

function withFiles(step: Step, files: Readonly<Record<string, string>>): Step {
  return { ...step, files: { ...step.files, ...files } };
}

/** Addresses of packages are rewritten by the mirror, so npm leaves them as they are. */
function environment({ scratch, registries, variables }: Order): Environment {
  const registry = registries.find(({ scope }) => scope === undefined)?.url;
  return {
    ...direct, ...(registry === undefined ? {} : { npm_config_registry: registry, NPM_CONFIG_REGISTRY: registry }),
    npm_config_userconfig: npmrc, npm_config_globalconfig: '/dev/null', npm_config_cache: `${scratch}/npm`, npm_config_replace_registry_host: 'never',
    npm_config_audit: 'false', npm_config_fund: 'false', npm_config_update_notifier: 'false', npm_config_progress: 'false', npm_config_color: 'false',
    npm_config_fetch_retries: '2', npm_config_fetch_retry_mintimeout: '1000', npm_config_fetch_retry_maxtimeout: '5000', npm_config_fetch_timeout: '60000',
    npm_config_logs_max: '0', HOME: scratch, TMPDIR: scratch, NO_UPDATE_NOTIFIER: '1', ...variables,
  };
}

function settings({ registries }: Order): string {
  return registries.map(({ scope, url }) => `${scope === undefined ? '' : `${scope}:`}registry=${url}\n`).join('');
}

const meanings: readonly Meaning[] = [
  [/npm (?:ERR!|error) code ETARGET[^]*?No matching version found for ([^\n]+?)\.?\n/, (name) => `The registry has no version that fits ${name}.`, 'apparent'],
  [/npm (?:ERR!|error) path \S*\/node_modules\/(\S+)\nnpm (?:ERR!|error) command failed\nnpm (?:ERR!|error) command sh -c ([^\n]+)/, (name, script) => `A script of the package ${name}, which it runs when it is installed, failed: ${script}.`],
  [/npm (?:ERR!|error) (?:404|code E404)[^]*?'([^'\n]+)' (?:is not in|could not be found)/, (name) => `The registry has no package ${name?.replace(/(?!^)@[^/]*$/, '')}.`, 'apparent'],
  [/npm (?:ERR!|error) code (?:E401|E403)/, () => "The registry does not let this machine have the package. The credentials in npm's configuration may be missing or old."],
  [/npm (?:ERR!|error) code EINTEGRITY/, () => 'A package that the registry sent does not have the checksum that was expected. If the lock file was not changed by mistake, the package is not the one that was meant: do not install it.'],
  [/npm (?:ERR!|error) code ERESOLVE/, () => 'The packages need different versions of something, so they can\'t be installed together.'],
  [/npm (?:ERR!|error) code EUSAGE[^]*in sync/, () => 'The lock file does not fit package.json. Run npm install where the project is worked on, and keep the lock file that it writes.'],
  [/npm (?:ERR!|error) code (?:EBADPLATFORM)/, () => 'A package is not made for this platform.'],
  [/gyp ERR! (?:find Python|not ok[^]*find Python)/, () => 'A package has to be compiled, and Python, which that needs, is not in the sandbox. Choose an image that has it, or a version of the package that is there compiled.'],
  [/npm (?:ERR!|error) code (?:ECONNREFUSED|ECONNRESET|ETIMEDOUT|EIDLETIMEOUT|ERR_SOCKET_TIMEOUT)/, () => 'The registry did not answer.'],
];
