/** go: modules of Go, in a cache of modules. */
import { posix } from 'node:path';
import { type Environment, invalidParam } from '../../protocol/index.ts';
import type { Manager, Order, Step } from '../ports.ts';
import { checkEach, direct, found } from './common.ts';
import { readInstalled } from './installed.ts';
import { type Meaning, meaningOf } from './meaning.ts';

const ELEMENT = '[A-Za-z0-9_~-][A-Za-z0-9._~-]*';
const MODULE = new RegExp(String.raw`^[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:/${ELEMENT})*$`);
const VERSION = /^[A-Za-z0-9][A-Za-z0-9._+-]*$/;
const MAX_LENGTH = 500;
const MAX_LINE = 10_000;

export const go: Manager = {
  id: 'go',
  languages: ['go'],
  manifests: ['go.mod'],
  probe: () => ({
    step: { command: ['go', 'version'], env: {} },
    missing: 'The sandbox has no go. In a container, choose an image that has it, such as golang:1.24; on this machine, install it (on Debian: apt install golang-go).',
  }),
  checkNames: (names) => checkEach(names, faultOf),
  async gather(path, read) {
    const manifest = await found(path, read);
    const folder = posix.dirname(path);
    if (await read(posix.join(folder, 'go.work'))) throw invalidParam('manifest', 'go.work joins folders, which are in no proxy of modules. Remove it, or choose the go.mod of another folder.');
    const local = manifest.toString('utf8').split('\n').map(replacement).find((to) => to !== undefined && /^\.{0,2}\/|^\.{1,2}$/.test(to));
    if (local !== undefined) throw invalidParam('manifest', `go.mod replaces a module with the folder ${local.slice(0, 200)}. Only modules of a proxy can be installed.`);
    const sums = await read(posix.join(folder, 'go.sum'));
    return { path, files: new Map([[path, manifest], ...(sums ? ([[posix.join(folder, 'go.sum'), sums]] as const) : [])]) };
  },
  // go.mod says the version of everything.
  isLocked: ({ names, manifest }) => names.length === 0 && manifest !== undefined,
  steps(order) {
    const { home, manifest, names } = order;
    const run = (...command: string[]): Step => ({ command, ...(manifest ? { cwd: posix.dirname(manifest.path) } : {}), env: environment(order) });
    return [
      ...(manifest ? [] : [run('go', 'mod', 'init', 'program')]),
      ...(names.length > 0 ? [run('go', 'get', '--', ...names)] : []),
      run('go', 'mod', 'download', ...every(order)),
      // The descriptions of all modules that any of them needs are there afterwards, too.
      run('go', 'list', '-m', 'all'),
      ...(manifest ? [] : [run('cp', 'go.mod', 'go.sum', home)]),
    ];
  },
  list: (order) => ({
    step: { command: ['go', 'mod', 'download', '-json', ...every(order)], ...(order.manifest ? { cwd: posix.dirname(order.manifest.path) } : {}), env: environment(order) },
    read: (stdout) => readInstalled(modulesIn(stdout)),
  }),
  view: (home, { manifest }) => ({
    variables: { GOMODCACHE: `${home}/mod`, GOPROXY: 'off', GOSUMDB: 'off', GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' },
    path: [], modules: undefined,
    files: manifest ? [] : ['go.mod', 'go.sum'].map((name) => ({ from: name, to: `/workspace/${name}` })),
  }),
  explain: (output, trouble) => meaningOf(output, trouble, meanings),
};

/** What a line of go.mod replaces a module with: `=> ../folder` or `=> example.com/module v1.2.3`. */
function replacement(line: string): string | undefined {
  const code = line.split('//')[0] ?? '';
  const at = code.indexOf('=>');
  return at < 0 ? undefined : code.slice(at + 2).trim().replace(/^(["`])(.*)\1$/, '$2');
}

/** Where there is a go.sum, go has put everything that is needed into go.mod. Otherwise it may be anything that a module needs. */
function every({ manifest, names }: Order): string[] {
  return manifest && manifest.files.size > 1 && names.length === 0 ? [] : ['all'];
}

function faultOf(text: string): string | undefined {
  const [path = '', version, ...more] = text.split('@');
  if (text.length > MAX_LENGTH || more.length > 0 || !MODULE.test(path) || path.includes('..')) return 'is no path of a Go module, such as example.com/module or example.com/module@v1.2.3';
  return version === undefined || (VERSION.test(version) && version !== 'none') ? undefined : 'has no version after the @, such as v1.2.3 or latest';
}

function environment({ home, scratch, registries, variables }: Order): Environment {
  const proxies = registries.map(({ scope, url }, at) => (at === 0 ? '' : scope === '|' ? '|' : ',') + url.replace(/\/$/, '')).join('');
  return {
    ...direct, GOPROXY: proxies, GOMODCACHE: `${home}/mod`, GOPATH: `${scratch}/go`, GOCACHE: `${scratch}/go-build`, GOENV: 'off', GOTOOLCHAIN: 'local', GOVCS: '*:off', GOWORK: 'off',
    GOFLAGS: '-mod=mod -modcacherw', HOME: scratch, TMPDIR: scratch, ...variables,
  };
}

/** One object after the other. */
function modulesIn(stdout: string): { name: unknown; version: unknown }[] {
  return stdout.split(/^\}$/m).filter((text) => text.trim() !== '').map((text) => {
    if (text.length > MAX_LINE) throw new Error('go said something that is no module');
    const { Path, Version } = JSON.parse(`${text}}`) as { Path?: unknown; Version?: unknown };
    return { name: Path, version: Version };
  });
}

const meanings: readonly Meaning[] = [
  [/verifying (\S+?):? checksum mismatch|SECURITY ERROR/, (name) => `The module ${name} that the proxy sent does not have the checksum that was expected. If go.sum was not changed by mistake, it is not the one that was meant: do not install it.`],
  [/(?:module |go: )?([\w.~/-]+@[\w.+-]+)(?:\S*)?: (?:[^\n]*: )?(?:invalid version: )?unknown revision/, (name) => `No proxy has ${name}.`, 'apparent'],
  [/no matching versions for query "([^"\n]+)"/, (version) => `No proxy has a version that fits ${version}.`, 'apparent'],
  [/(?:module |go: )([\w.~/-]+)(?:@[\w.+-]+)?: (?:reading|[^\n]*reading) [^\n]*: 40[34] [^\n]*|([\w.~/-]+\.[\w.~/-]+)@[\w.+-]+: reading [^\n]*: 40[34]/, (first, second) => `No proxy has the module ${first || second}, or this version of it.`, 'apparent'],
  [/requires go(?:@| >= | version )?\s*([\d.]+)/i, (version) => `A module needs Go ${version}, and the sandbox has an older version.`],
  [/GOVCS disallows using (\S+) for (?:public|private) ([^;\n]+)/, (_, name) => `The module ${name} is in no proxy, and a sandbox does not fetch it from where it is developed.`],
  [/errors parsing go\.mod:\n([^\n]+)/, (line) => `go.mod is not valid: ${line}.`],
  [/(?:dial tcp|connection refused|i\/o timeout|unexpected EOF)/, () => 'The proxy of modules did not answer.'],
];
