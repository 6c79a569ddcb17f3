/** Shows the messages that the daemon sends for the person. */
import type { Code } from '../base/code.ts';

/** The params of LSP's `window/showMessage`. `type`: 1 error, 2 warning, 3 and 4 anything else. */
export interface ShownMessage {
  readonly type: number;
  readonly message: string;
}

export function showMessage({ window }: Code, { type, message }: ShownMessage): void {
  const show = type === 1 ? window.showErrorMessage : type === 2 ? window.showWarningMessage : window.showInformationMessage;
  void show(message);
}
