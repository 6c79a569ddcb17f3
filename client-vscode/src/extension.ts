/** The entry point that VS Code loads: the only file that imports the editor's API as a value. */
import { randomInt, randomUUID } from 'node:crypto';
import * as code from 'vscode';
import { systemClock as clock } from './base/clock.ts';
import { disposable } from './base/code.ts';
import { createParts } from './parts.ts';

export function activate(context: code.ExtensionContext): void {
  const parts = createParts({ code, context, clock, process, newId: randomUUID, random: () => randomInt(2 ** 31) });
  // This is not awaited: a daemon whose input ends closes its sandboxes by itself.
  context.subscriptions.push(disposable(() => void parts.stop()));
  parts.start();
}
