/** The editor's API as a type. Only `extension.ts` imports it as a value; the other files get it as a parameter, so that tests can pass their own. */
import type * as vscode from 'vscode';

export type Code = typeof vscode;

export type { vscode };

export function disposable(dispose: () => void): vscode.Disposable {
  return { dispose };
}
