/** Reads in the output of a program which module it did not find, and says which package has it. */
import type { LanguageId } from '../../protocol/index.ts';
import type { ManagerId } from '../ports.ts';
import { go } from '../managers/go.ts';
import { gem } from '../managers/gem.ts';
import { npm } from '../managers/npm.ts';
import { pip } from '../managers/pip.ts';
import { ownOfPython, packageOf } from './python.ts';

export interface Missing {
  readonly manager: ManagerId;
  /** As the program names it. */
  readonly module: string;
  /** What is to be installed. Nothing says that the registry has it. */
  readonly packages: readonly string[];
}

/** A client shows the name. It is whatever the program has printed. */
const SHOWABLE = /^[\x21-\x7e]{1,300}$/;

/** So many packages are told at most. */
const MAX_PACKAGES = 20;

/** The end of the output is what counts. */
const MAX_TEXT = 32 * 1024;

/** Names that projects give to files of their own. Whoever did not find one of these does not mean the package of this name. */
const ownOfProjects: ReadonlySet<string> = new Set([
  'app', 'base', 'code', 'common', 'config', 'constants', 'core', 'data', 'helper', 'helpers', 'lib', 'main', 'model', 'models', 'module', 'modules', 'my_module', 'mymodule', 'package', 'project', 'scripts', 'settings', 'setup',
  'shared', 'solution', 'src', 'test', 'tests', 'tools', 'util', 'utils',
]);

/** `text` is what the program printed on stderr, or its end. */
export function missingModule(language: LanguageId, text: string): Missing | undefined {
  const end = text.slice(-MAX_TEXT).replaceAll(/\u001b\[[0-9;]*m/g, '');
  switch (language) {
    case 'python':
      return inPython(end);
    case 'javascript':
    case 'typescript':
      return inNode(end);
    case 'ruby':
      return inRuby(end);
    case 'go':
      return inGo(end);
    case 'csharp':
    case 'shellscript':
      return undefined;
  }
}

function inPython(text: string): Missing | undefined {
  const module = /^(?:ModuleNotFoundError|ImportError): No module named '?([\w.]+)'?(?:;[^\n]*)?\s*$/.exec(lastLine(text))?.[1];
  if (module === undefined) return undefined;
  const [top = ''] = module.split('.');
  if (top.startsWith('_') || ownOfPython.has(top)) return undefined;
  for (const name of [...imported(text, module), module]) {
    const parts = name.split('.');
    for (let length = parts.length; length > 0; length--) {
      const found = lookUp(packageOf, parts.slice(0, length).join('.'));
      if (found !== undefined) return offered('pip', module, [found]);
    }
  }
  return ownOfProjects.has(top) ? undefined : offered('pip', module, [top]);
}

/** Of `from google.cloud import storage` Python misses `google`. The line says what was meant, and stands shortly before the message. */
function imported(text: string, module: string): string[] {
  const lines = text.trimEnd().split(/\r?\n/).slice(-4, -1).reverse();
  const [, from, name, plain] = lines.map((line) => /^\s+(?:from\s+([\w.]+)\s+import\s+\(?\s*(\w+)|import\s+([\w.]+))/.exec(line)).find((found) => found) ?? [];
  return [...(from === undefined ? [] : [`${from}.${name}`]), plain ?? ''].filter((each) => each.startsWith(`${module}.`));
}

function lookUp(table: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function lastLine(text: string): string {
  return text.trimEnd().split(/\r?\n/).at(-1) ?? '';
}

/** In the words of Node, Bun and Deno. */
const inJavaScript = [
  /(?:^|\n)(?:[^\n]{0,500}?Error(?: \[ERR_MODULE_NOT_FOUND\])?: |error: )Cannot find (?:module|package) ['"]([^'"\n]+)['"]/g,
  /(?:^|\n)(?:error: |TypeError: )?(?:Relative import path|Import) "([^"\n]+)" (?:not prefixed with|not a dependency)/g,
];

function inNode(text: string): Missing | undefined {
  const module = inJavaScript.flatMap((pattern) => [...text.matchAll(pattern)]).at(-1)?.[1];
  if (module === undefined || /^[./#]|^[A-Za-z][\w+.-]*:|^[A-Za-z]:\\/.test(module)) return undefined;
  const [first = '', second] = module.split('/');
  const name = first.startsWith('@') ? `${first}/${second ?? ''}` : first;
  return ownOfProjects.has(name) ? undefined : offered('npm', module, [name]);
}

/** What is required → the gem. Where nothing is listed, it is the first part of what is required. */
const gemOf: Readonly<Record<string, string>> = {
  action_controller: 'actionpack', action_dispatch: 'actionpack', action_mailer: 'actionmailer', action_view: 'actionview', active_job: 'activejob', active_model: 'activemodel', active_record: 'activerecord',
  active_support: 'activesupport', 'aws-sdk': 'aws-sdk', capybara: 'capybara', dotenv: 'dotenv', factory_bot: 'factory_bot', 'google/protobuf': 'google-protobuf', httparty: 'httparty', jwt: 'jwt', mini_magick: 'mini_magick',
  'net/ftp': 'net-ftp', 'net/imap': 'net-imap', 'net/pop': 'net-pop', 'net/scp': 'net-scp', 'net/sftp': 'net-sftp', 'net/smtp': 'net-smtp', 'net/ssh': 'net-ssh', 'rack/test': 'rack-test', rubygems: '', spec_helper: '',
  rails_helper: '', test_helper: '', 'selenium/webdriver': 'selenium-webdriver', 'selenium-webdriver': 'selenium-webdriver', sinatra: 'sinatra', 'sinatra/base': 'sinatra', thor: 'thor',
};

function inRuby(text: string): Missing | undefined {
  const module = [...text.matchAll(/cannot load such file -- ([^\s()]{1,300})/g)].at(-1)?.[1];
  if (module === undefined || /^[./~]|^[A-Za-z]:|\.\./.test(module)) return undefined;
  const parts = module.split('/');
  const [top = ''] = parts;
  const found = lookUp(gemOf, parts.slice(0, 2).join('/')) ?? lookUp(gemOf, top);
  if (found === '' || (found === undefined && (ownOfProjects.has(top) || module.endsWith('.so')))) return undefined;
  return offered('gem', module, [found ?? top]);
}

function inGo(text: string): Missing | undefined {
  const found = text.matchAll(/(?:no required module provides package|cannot find module providing package) ([^\s;:"]{1,300})|cannot find package "([^"\s]{1,300})"/g);
  const paths = [...new Set([...found].map(([, first, second]) => first ?? second ?? ''))].filter((path) => isFine('go', path)).slice(0, MAX_PACKAGES);
  const [module] = paths;
  return module === undefined ? undefined : offered('go', module, paths);
}

function offered(manager: ManagerId, module: string, packages: readonly string[]): Missing | undefined {
  return SHOWABLE.test(module) && packages.every((name) => isFine(manager, name)) ? { manager, module, packages } : undefined;
}

const managers = { pip, npm, gem, go };

function isFine(manager: ManagerId, name: string): boolean {
  try {
    managers[manager].checkNames([name]);
    return true;
  } catch {
    return false;
  }
}
