/** gem and Bundler: packages of Ruby, in a folder of gems. */
import { posix } from 'node:path';
import { type Environment, invalidParam } from '../../protocol/index.ts';
import type { Manager, Manifest, Order, Step } from '../ports.ts';
import { checkEach, direct, found } from './common.ts';
import { gemfileFault, gemFault, lockFault } from './gem-names.ts';
import { readInstalled } from './installed.ts';
import { type Meaning, meaningOf } from './meaning.ts';

/** Bundler reads its settings below this folder, because names of mirrors are no names of variables. */
const settingsFolder = '/tmp/.codebeaker-bundle';
/** Bundler is a part of Ruby, also where the system has no command `bundle`. */
const BUNDLE = ['ruby', '-e', 'load Gem.activate_bin_path("bundler", "bundle", ">= 0.a")', '--'];
/** Files that a Gemfile may read to learn the version of Ruby. */
const versionFiles = ['.ruby-version', '.tool-versions'];

const LIST = `
require 'json'
specs = Dir[File.join(ARGV[0], 'specifications', '*.gemspec')].map { |file| Gem::Specification.load(file) }.compact
print JSON.generate(specs.map { |each| { name: each.name, version: each.version.to_s } })
`;

export const gem: Manager = {
  id: 'gem',
  languages: ['ruby'],
  manifests: ['Gemfile', 'gems.rb'],
  tool: 'gem',
  probe: ({ manifest }) =>
    manifest
      ? { step: { command: [...BUNDLE, '--version'], cwd: '/tmp', env: {} }, missing: 'The sandbox has no Bundler, which a Gemfile needs. In a container, choose an image that has it, such as ruby:3.3; on this machine, install Ruby, which has it (on Debian: apt install ruby).' }
      : { step: { command: ['gem', '--version'], env: {} }, missing: 'The sandbox has no gem. In a container, choose an image that has it, such as ruby:3.3; on this machine, install Ruby (on Debian: apt install ruby).' },
  checkNames: (names) => checkEach(names, gemFault),
  async gather(path, read) {
    const manifest = await found(path, read);
    const files = new Map([[path, manifest]]);
    check(posix.basename(path), gemfileFault(manifest.toString('utf8')));
    for (const name of [lockName(path), ...versionFiles.map((each) => posix.join(posix.dirname(path), each))]) {
      const contents = await read(name);
      if (!contents) continue;
      if (name === lockName(path)) check(posix.basename(name), lockFault(contents.toString('utf8')));
      files.set(name, contents);
    }
    return { path, files };
  },
  isLocked: ({ names, manifest }) => names.length === 0 && manifest !== undefined && manifest.files.has(lockName(manifest.path)),
  steps(order) {
    const { manifest, names } = order;
    const steps: Step[] = [];
    if (manifest) steps.push(bundleInstall(order, manifest));
    if (names.length > 0) {
      const sources = order.registries.filter(({ scope }) => scope === undefined).flatMap(({ url }) => ['--source', url]);
      steps.push({ command: ['gem', 'install', '--norc', '--no-document', '--bindir', `${folder(order.home)}/bin`, '--clear-sources', ...sources, ...names], env: environment(order) });
    }
    return steps;
  },
  list: ({ home }) => ({
    step: { command: ['ruby', '-e', LIST, folder(home)], env: {} },
    read: (stdout) => readInstalled(JSON.parse(stdout)),
  }),
  // What ends with a separator is in addition to the folders that Ruby has itself.
  view: (home) => ({ variables: { GEM_PATH: `${folder(home)}:` }, path: [`${folder(home)}/bin`], modules: undefined, files: [] }),
  explain: (output, trouble) => meaningOf(output, trouble, meanings),
};

const folder = (home: string) => `${home}/gems`;
const lockName = (manifest: string) => (posix.basename(manifest) === 'gems.rb' ? posix.join(posix.dirname(manifest), 'gems.locked') : `${manifest}.lock`);

function check(name: string, fault: string | undefined): void {
  if (fault) throw invalidParam('manifest', `${name} has ${fault}. Only gems of registries can be installed.`);
}

function environment({ home, scratch, variables }: Order): Environment {
  return { ...direct, GEM_HOME: folder(home), GEM_PATH: folder(home), GEM_SPEC_CACHE: `${scratch}/specs`, HOME: scratch, TMPDIR: scratch, ...variables };
}

function bundleInstall(order: Order, { path, files }: Manifest): Step {
  const lock = files.get(lockName(path))?.toString('utf8');
  return {
    command: [...BUNDLE, 'install'],
    cwd: posix.dirname(path),
    env: {
      ...environment(order), BUNDLE_GEMFILE: path, BUNDLE_APP_CONFIG: settingsFolder, BUNDLE_USER_HOME: `${order.scratch}/bundle`, BUNDLE_PATH__SYSTEM: 'true',
      BUNDLE_SILENCE_ROOT_WARNING: 'true', BUNDLE_DISABLE_VERSION_CHECK: 'true', BUNDLE_RETRY: '1', BUNDLE_TIMEOUT: '60', ...(lock === undefined ? {} : { BUNDLE_FROZEN: 'true' }),
    },
    files: {
      [`${settingsFolder}/config`]: settings(order),
      // The version of Bundler that wrote the file is not to be fetched: the one that is there reads it, too.
      ...(lock === undefined ? {} : { [lockName(path)]: lock.replace(/\nBUNDLED WITH\n[ \t]+\S+/, '') }),
    },
  };
}

/** A mirror for each address that a Gemfile can name. */
function settings({ registries }: Order): string {
  const lines = registries.map(({ scope, origin, url }) => `BUNDLE_MIRROR__${(scope ?? origin).toUpperCase().replaceAll('-', '___').replaceAll('.', '__')}: "${url}"\n`);
  return `---\n${lines.join('')}`;
}

const meanings: readonly Meaning[] = [
  [/Could not find a valid gem '([^'\n]+)' \(>= 0\)/, (name) => `The registry has no gem ${name}.`, 'apparent'],
  [/Could not find a valid gem '([^'\n]+)' \(([^)\n]+)\)/, (name, version) => `The registry has no version of ${name} that fits ${version}.`, 'apparent'],
  [/Could not find gem '([^'\n]+)' in[^]*?The source contains the following gems matching/, (name) => `The registry has no version of ${name} that fits.`, 'apparent'],
  [/Could not find gem '([^'\n]+)'/, (name) => `The registry has no gem ${name}.`, 'apparent'],
  [/Could not find ([\w.-]+-\d[\w.-]*) in/, (name) => `The registry has no ${name}, which the lock file names.`, 'apparent'],
  [/could not find compatible versions|Could not find compatible versions|conflicting dependencies/, () => 'The gems need different versions of something, so they can\'t be installed together.'],
  [/(?:frozen mode|deployment mode|frozen is set|lockfile can't be updated because frozen)/i, () => 'The lock file does not fit the Gemfile. Run bundle install where the project is worked on, and keep the lock file that it writes.'],
  [/(?:checksum|digest)[^\n]*(?:mismatch|does not match|doesn't match)|MismatchedChecksums/i, () => 'A gem that the registry sent does not have the checksum that was expected. Do not install it.'],
  [/mkmf\.rb can't find header files for ruby|cannot load such file -- mkmf/, () => 'A gem has to be compiled, and the header files of Ruby are not in the sandbox. Choose an image that has them (on Debian: ruby-dev).'],
  [/Your Ruby version is ([\d.]+), but your Gemfile specified ([^\n]+)/, (is, wanted) => `The Gemfile asks for Ruby ${wanted}, and the sandbox has ${is}.`],
  [/requires Ruby version ([^.\n]+(?:\.\d+)*)/, (version) => `A gem needs Ruby ${version}, and the sandbox has another version.`],
  [/cannot load such file -- bundler|can't find gem bundler/, () => 'The sandbox has no Bundler, which a Gemfile needs.'],
];
