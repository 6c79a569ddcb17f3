/** The launch configurations that nobody has to write: a file is debugged without a launch.json. */
import type { Code, vscode } from '../base/code.ts';
import { languageOf } from '../run/source/language.ts';
import { debuggableLanguages } from './languages.ts';
import { DEBUG_TYPE } from './launch.ts';
import type { LaunchConfiguration } from './launch-members.ts';

/** What a document is debugged with that has no configuration. */
export function configurationOf({ uri }: vscode.TextDocument): LaunchConfiguration {
  return {
    type: DEBUG_TYPE,
    request: 'launch',
    name: uri.path.split('/').at(-1) ?? '',
    program: uri.scheme === 'file' ? uri.fsPath : uri.toString(),
    // How it ended, and what was left out, is said there.
    internalConsoleOptions: 'openOnSessionStart',
  };
}

/** The editor would show the Debug Console in the place of the terminal in which the program reads. */
function besideTerminal({ console }: vscode.DebugConfiguration): { readonly internalConsoleOptions?: string } {
  return console === 'integratedTerminal' ? { internalConsoleOptions: 'neverOpen' } : {};
}

export interface ConfigurationsParts {
  readonly code: Code;
  /** Whether the person may debug now. If not, it has been said why. */
  mayDebug(document: vscode.TextDocument): boolean;
}

export function debugConfigurations({ code, mayDebug }: ConfigurationsParts): vscode.DebugConfigurationProvider {
  const { l10n, window } = code;
  const isDebuggable = ({ languageId }: vscode.TextDocument) => debuggableLanguages.some((id) => id === languageOf(languageId));
  return {
    provideDebugConfigurations() {
      const document = window.activeTextEditor?.document;
      return document && isDebuggable(document) ? [{ ...configurationOf(document), name: l10n.t('Debug {0} in Sandbox', configurationOf(document).name) }] : [];
    },
    /** Without a launch.json the editor gives an empty configuration. */
    resolveDebugConfiguration(_folder, configuration) {
      const document = window.activeTextEditor?.document;
      const isEmpty = Boolean(configuration.type) === false && Boolean(configuration.request) === false;
      if (!isEmpty) return { ...(configuration.program === undefined && document ? configurationOf(document) : {}), ...besideTerminal(configuration), ...configuration };
      if (!document || !mayDebug(document)) return undefined;
      return { ...configuration, ...configurationOf(document) };
    },
  };
}
