/** The editor's API, whose messages show names as they are: what a program or a file is called becomes no link, and hides nothing beside it. */
import type { Code, vscode } from './code.ts';

/** Control characters, those that end a line, and those that turn the direction of what follows. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu;

/** The editor makes a link of `[text](target)` in a message, and its target may be a command. A blank between the two keeps it text. */
export function plain(text: string): string {
  return text.replace(CONTROLS, ' ').replaceAll('](', '] (');
}

/** Everything else is the given API. */
export function withPlainMessages(code: Code): Code {
  const { window } = code;
  const messages = (['showInformationMessage', 'showWarningMessage', 'showErrorMessage'] as const).map((name) => {
    const show = window[name] as (message: string, ...rest: unknown[]) => unknown;
    return [name, (message: string, ...rest: unknown[]) => show(plain(message), ...rest)] as const;
  });
  const plainly = {
    ...Object.fromEntries(messages),
    showInputBox: (options: vscode.InputBoxOptions = {}, token?: vscode.CancellationToken) =>
      window.showInputBox({ ...options, ...(options.prompt === undefined ? {} : { prompt: plain(options.prompt) }) }, token),
    withProgress: <T>(options: vscode.ProgressOptions, task: (progress: Progress, token: vscode.CancellationToken) => Thenable<T>) =>
      window.withProgress({ ...options, ...(options.title === undefined ? {} : { title: plain(options.title) }) }, (progress, token) =>
        task({ report: ({ message, ...rest }) => progress.report(message === undefined ? rest : { ...rest, message: plain(message) }) }, token)),
  };
  return instead(code, { window: instead(window, plainly) });
}

type Progress = vscode.Progress<{ message?: string; increment?: number }>;

/** What `others` does not have is read from `whole` each time. */
function instead<T extends object>(whole: T, others: object): T {
  return Object.create(whole, Object.getOwnPropertyDescriptors(others)) as T;
}
