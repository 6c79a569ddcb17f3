/** Tasks of the type `codebeaker`: a file run in a sandbox, with the exit code of its program. */
import type { Code, vscode } from '../base/code.ts';
import type { Clock } from '../base/clock.ts';
import type { Client } from '../client/client.ts';
import type { Disk } from '../run/disk.ts';
import { gather } from '../run/gather.ts';
import { Run } from '../run/run.ts';
import { Screen } from '../run/screen.ts';
import { languageOf } from '../run/language.ts';

export const TASK_TYPE = 'codebeaker';

/** As in tasks.json. `file` is relative to the workspace folder, or absolute. */
interface Definition extends vscode.TaskDefinition {
  readonly file: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

export interface TaskParts {
  readonly code: Code;
  readonly client: Client;
  readonly clock: Clock;
  readonly disk: Disk;
  newId(): string;
  random(): number;
  /** See `SessionHelp`. */
  makeRoom(): Promise<boolean>;
}

const NOT_RUN = 125;

export function taskProvider(parts: TaskParts): vscode.TaskProvider {
  const { code } = parts;
  return {
    provideTasks() {
      const document = code.window.activeTextEditor?.document;
      const folder = document && code.workspace.getWorkspaceFolder(document.uri);
      if (!document || !folder || !languageOf(document.languageId)) return [];
      const file = code.workspace.asRelativePath(document.uri, false);
      return [createTask(parts, { type: TASK_TYPE, file }, folder)];
    },
    resolveTask({ definition, scope }) {
      const folder = typeof scope === 'object' ? scope : code.workspace.workspaceFolders?.[0];
      return typeof definition.file === 'string' ? createTask(parts, definition as Definition, folder) : undefined;
    },
  };
}

function createTask(parts: TaskParts, definition: Definition, folder: vscode.WorkspaceFolder | undefined): vscode.Task {
  const { Task, CustomExecution, TaskScope, l10n } = parts.code;
  const execution = new CustomExecution(async (resolved) => {
    const screen = new Screen(parts.code);
    void screen.opened.then(() => runTask(parts, resolved as Definition, folder, screen));
    return screen.pty;
  });
  const task = new Task(definition, folder ?? TaskScope.Workspace, l10n.t('run {0}', definition.file), TASK_TYPE, execution);
  task.detail = l10n.t('Run in Sandbox');
  return task;
}

/** The session goes with the program: a task is nothing to look into. */
async function runTask(parts: TaskParts, definition: Definition, folder: vscode.WorkspaceFolder | undefined, screen: Screen): Promise<void> {
  const { code, client, clock, disk, newId, random, makeRoom } = parts;
  const { file, args = [], env = {}, stdin } = definition;
  const fail = (message: string) => {
    screen.write(`${message}\r\n`);
    screen.end(NOT_RUN);
  };
  const uri = file.startsWith('/') || !folder ? code.Uri.file(file) : code.Uri.joinPath(folder.uri, file);
  const document = await Promise.resolve(code.workspace.openTextDocument(uri)).catch(() => undefined);
  if (!document) return fail(code.l10n.t('{0} cannot be read', file));
  const ask = gather(code, document, stdin === undefined ? { args, env } : { args, env, stdin });
  if (!ask) return fail(code.l10n.t('{0} is in no language that can be run', file));
  const run = new Run(ask, { code, clock, screen, random, id: newId(), help: { disk, makeRoom } });
  screen.onClose(() => run.stop());
  const result = await client.use(async (link) => {
    try {
      return (await run.go(link))?.result;
    } finally {
      if (run.session) link.request('session/close', { sessionId: run.session.sessionId }).catch(() => undefined);
    }
  }).catch(() => undefined);
  screen.end(result?.exitCode ?? NOT_RUN);
}
