/** Runs the code in the editor in a sandbox. */
import * as vscode from 'vscode';

export function activate(context: vscode.ExtensionContext): void {
  context.subscriptions.push(vscode.commands.registerCommand('codebeaker.run', run));
}

/** What was registered goes with the context's subscriptions. */
export function deactivate(): void {}

async function run(): Promise<void> {
  await vscode.window.showInformationMessage('Run in Sandbox is coming…');
}
