/** pip: packages of Python, in a virtual environment. */
import { type Environment, invalidParam } from '../../protocol/index.ts';
import type { Manager, Order, Step } from '../ports.ts';
import { checkEach, direct, found } from './common.ts';
import { readInstalled } from './installed.ts';
import { type Meaning, meaningOf } from './meaning.ts';
import { pipFault } from './pip-names.ts';
import { LIST, PROJECT, RUN_PIP, START_PIP } from './pip-programs.ts';
import { gatherRequirements, hasHashes } from './pip-requirements.ts';

const isProject = (path: string) => path.endsWith('.toml');

export const pip: Manager = {
  id: 'pip',
  languages: ['python'],
  manifests: ['requirements.txt', 'pyproject.toml'],
  tool: 'pip',
  probe: () => ({
    step: { command: ['python3', '-c', 'import pip, venv'], env: {} },
    missing: 'The sandbox has no pip for its python3. In a container, choose an image that has it, such as python:3.12; on this machine, install pip and venv (on Debian: apt install python3-pip python3-venv).',
  }),
  checkNames: (names) => checkEach(names, pipFault),
  async gather(path, read) {
    const manifest = await found(path, read);
    return isProject(path) ? { path, files: new Map([[path, manifest]]) } : gatherRequirements(path, manifest, read);
  },
  isLocked: ({ names, manifest }) => names.length === 0 && manifest !== undefined && !isProject(manifest.path) && hasHashes(manifest),
  steps(order) {
    const { home, scratch, manifest, names, constraints } = order;
    const env = environment(order);
    const written = `${scratch}/requirements.txt`;
    const project: Step[] = manifest && isProject(manifest.path) ? [{ command: ['python3', '-c', PROJECT, manifest.path, written], env }] : [];
    const wanted = manifest ? ['-r', project.length > 0 ? written : manifest.path] : [];
    return [
      { command: ['python3', '-m', 'venv', '--without-pip', home], env },
      ...project,
      { command: ['python3', '-c', START_PIP, `${home}/bin/python`, RUN_PIP, 'install', ...wanted, '--', ...names], env, ...(constraints === undefined ? {} : { files: { [CONSTRAINTS]: constraints } }) },
    ];
  },
  list: ({ home }) => ({
    step: { command: [`${home}/bin/python`, '-I', '-c', LIST], env: {} },
    read: (stdout) => readInstalled(JSON.parse(stdout)),
  }),
  view: (home) => ({ variables: { VIRTUAL_ENV: home }, path: [`${home}/bin`], modules: undefined, files: [] }),
  explain: (output, trouble) => meaningOf(output, trouble, meanings),
};

/** Where the constraints of this machine are put. */
const CONSTRAINTS = '/tmp/.codebeaker-constraints.txt';

/** What an image can say to pip that would lead it elsewhere. An empty variable says nothing. */
const nothing = Object.fromEntries(['EXTRA_INDEX_URL', 'FIND_LINKS', 'NO_INDEX', 'INDEX_URL', 'PROXY', 'CERT', 'TARGET', 'PREFIX', 'ROOT', 'USER', 'CONSTRAINT', 'REQUIREMENT', 'PYTHON', 'NO_DEPS', 'REQUIRE_VIRTUALENV'].map((name) => [`PIP_${name}`, '']));

/** Nothing of the sandbox's own set-up counts. */
function environment({ registries, scratch, variables, constraints }: Order): Environment {
  const urls = (scope: string | undefined) => registries.filter((each) => each.scope === scope).map(({ url }) => url);
  const [index, ...more] = urls(undefined);
  const [extra, links] = [[...more, ...urls('extra')], urls('links')];
  if (index === undefined && links.length === 0) throw invalidParam('manager', 'pip is set up without any registry on this machine');
  return {
    ...direct, ...nothing, PIP_CONFIG_FILE: '/dev/null', PIP_NO_INPUT: '1', PIP_NO_CACHE_DIR: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_COLOR: '1',
    PIP_PROGRESS_BAR: 'off', PIP_NO_WARN_SCRIPT_LOCATION: '1', PIP_ROOT_USER_ACTION: 'ignore', PIP_RETRIES: '2', PIP_TIMEOUT: '60',
    PIP_NO_PYTHON_VERSION_WARNING: '1',
    // The environment has no setuptools, with which older versions of pip build.
    PIP_USE_PEP517: '1', TMPDIR: scratch, HOME: scratch,
    ...(index === undefined ? { PIP_NO_INDEX: '1' } : { PIP_INDEX_URL: index }),
    ...(extra.length > 0 ? { PIP_EXTRA_INDEX_URL: extra.join(' ') } : {}),
    ...(links.length > 0 ? { PIP_FIND_LINKS: links.join(' ') } : {}),
    ...(constraints === undefined ? {} : { PIP_CONSTRAINT: CONSTRAINTS }),
    ...variables,
  };
}

const meanings: readonly Meaning[] = [
  [/^ERROR: ((?:This Python|pyproject\.toml|the dependencies).*)$/m, (words) => words],
  [/DO NOT MATCH THE HASHES/, () => 'A file that the registry sent does not have the hash that was expected. If the manifest was not changed by mistake, the file is not the one that was meant: do not install it.', 'apparent'],
  [/Hashes are required in --require-hashes mode/, () => 'Some of the requirements have a hash, so all of them need one, and all that they need, too.'],
  [/Could not find a version that satisfies the requirement (\S+)[^\n]*\(from versions: none\)/, (name) => `The registry has no package ${name} that can be installed here: there is none of this name, or none for this version of Python and this platform.`, 'apparent'],
  [/Could not find a version that satisfies the requirement ([^\n(]+?) \(from versions: ([^\n)]*)\)/, (name, versions) => `The registry has no version of ${name} that fits. It has, for this version of Python: ${versions?.split(', ').slice(-8).join(', ')}.`, 'apparent'],
  [/No matching distribution found for ([^\n]+)/, (name) => `The registry has nothing that fits ${name}.`, 'apparent'],
  [/Cannot install ([^\n]+?) because these package versions have conflicting dependencies/, (names) => `These packages can't be installed together, because they need different versions of something: ${names}.`],
  [/ResolutionImpossible|conflicting dependencies/, () => 'The packages need different versions of something, so they can\'t be installed together.'],
  [/Invalid requirement: '?([^'\n]+)/, (text) => `pip does not understand this requirement: ${text}.`],
  [/No module named (?:pip|'pip')/, () => pip.probe({ names: [], manifest: undefined }).missing],
];
