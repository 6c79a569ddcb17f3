/** The members of a launch configuration: each is checked before anything is started. A person wrote them, so nothing of them is sure. */
import type { Network, PartialLimits } from 'codebeaker/protocol';
import type { Code, vscode } from '../base/code.ts';
import { isObject } from './dap.ts';

/** As it stands in launch.json, with its variables replaced. */
export type LaunchConfiguration = vscode.DebugConfiguration;

/** The members that count, with the kinds that they must have. */
export interface LaunchMembers {
  /** A path, or the URI of a document that is no file. */
  readonly program?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** false: the program goes alone. */
  readonly folder?: string | false;
  readonly language?: string;
  readonly runtime?: string;
  readonly image?: string;
  readonly stopOnEntry?: boolean;
  readonly justMyCode?: boolean;
  /** `internalConsole`: the program has no input. */
  readonly console?: 'internalConsole' | 'integratedTerminal';
  readonly limits?: PartialLimits;
  readonly network?: Network;
  readonly packages?: readonly string[] | { readonly names?: readonly string[]; readonly manifest?: string };
  readonly secrets?: Readonly<Record<string, string>>;
  readonly secretNames?: readonly string[];
}

/** The configuration can't be used. The message is for people. */
export class LaunchFault extends Error {}

interface Kind {
  /** What it must be. */
  words(l10n: Code['l10n']): string;
  is(value: unknown): boolean;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText);
const isPackages = (value: unknown) => isObject(value) && isTexts(value.names ?? []) && isText(value.manifest ?? '');

const text: Kind = { words: (l10n) => l10n.t('a text'), is: isText };
const path: Kind = { words: (l10n) => l10n.t('an absolute path'), is: (value) => isText(value) && isAbsolute(value) };
const flag: Kind = { words: (l10n) => l10n.t('true or false'), is: (value) => typeof value === 'boolean' };
const object: Kind = { words: (l10n) => l10n.t('an object'), is: isObject };
const texts: Kind = { words: (l10n) => l10n.t('a list of texts'), is: isTexts };
const textsByName: Kind = { words: (l10n) => l10n.t('an object of texts'), is: (value) => isObject(value) && Object.values(value).every(isText) };

/** What is in `limits` and `network` the daemon checks. */
const kinds: Readonly<Record<keyof LaunchMembers, Kind>> = {
  program: text, args: texts, env: textsByName, cwd: path, language: text, runtime: text, image: text, stopOnEntry: flag, justMyCode: flag, limits: object, network: object,
  folder: { words: (l10n) => l10n.t('the absolute path of a folder, or false'), is: (value) => value === false || path.is(value) },
  packages: { words: (l10n) => l10n.t('a list of texts, or an object with names and manifest'), is: (value) => isTexts(value) || isPackages(value) },
  secrets: textsByName, secretNames: texts,
  console: { words: (l10n) => l10n.t('internalConsole or integratedTerminal'), is: (value) => value === 'internalConsole' || value === 'integratedTerminal' },
};

export const launchMemberNames: readonly string[] = Object.keys(kinds);

/** As with `codebeaker dap`, a member that is null or an empty text is not there, and others are ignored. @throws LaunchFault */
export function launchMembers({ l10n }: Code, configuration: LaunchConfiguration): LaunchMembers {
  const members = Object.entries(kinds).flatMap(([name, { words, is }]) => {
    const value: unknown = configuration[name];
    if (value === undefined || value === null || value === '') return [];
    if (!is(value)) throw new LaunchFault(l10n.t('{0} in the launch configuration must be {1}.', name, words(l10n)));
    return [[name, value]];
  });
  return Object.fromEntries(members) as LaunchMembers;
}

export function isAbsolute(path: string): boolean {
  return /^(?:[\\/]|[A-Za-z]:[\\/])/.test(path);
}
