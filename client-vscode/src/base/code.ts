/** The editor's API, passed as a value: `extension.ts` alone imports it, so tests hand in their own. */
import type * as vscode from 'vscode';

export type Code = typeof vscode;

/** The parts of the API that only exist as types. */
export type { vscode };

export function disposable(dispose: () => void): vscode.Disposable {
  return { dispose };
}
