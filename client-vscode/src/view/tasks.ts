/** Tasks of the type `codebeaker`: each runs a file in a sandbox and ends with the exit code of its program. */
import type { Clock } from '../base/clock.ts';
import type { Code, vscode } from '../base/code.ts';
import type { Client } from '../client/client.ts';
import type { ChosenRuntimes } from '../run/chosen.ts';
import { Run } from '../run/run.ts';
import type { SandboxSupply } from '../run/sandbox/claim.ts';
import { languageOf } from '../run/source/language.ts';
import { type RunSpec, runSpecOf } from '../run/source/run-spec.ts';
import { Screen } from '../run/terminal/screen.ts';

export const TASK_TYPE = 'codebeaker';

/** A task as it is written in tasks.json. */
interface Definition extends vscode.TaskDefinition {
  /** Relative to the workspace folder, or absolute. */
  readonly file: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

export interface TaskParts {
  readonly code: Code;
  readonly client: Client;
  readonly clock: Clock;
  readonly supply: SandboxSupply;
  readonly chosen: ChosenRuntimes;
  /** The same run, with what it needs. */
  complete(spec: RunSpec): Promise<RunSpec>;
  newId(): string;
  random(): number;
}

/** The exit code of a task whose program could not be run. Docker uses the same. */
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

/** Closes the sandbox as soon as the program has ended: nobody looks into the sandbox of a task. */
async function runTask(parts: TaskParts, definition: Definition, folder: vscode.WorkspaceFolder | undefined, screen: Screen): Promise<void> {
  const { code, client, clock, supply, chosen, complete, newId, random } = parts;
  const { file, args = [], env = {}, stdin } = definition;
  const fail = (message: string) => {
    screen.write(`${message}\r\n`);
    screen.end(NOT_RUN);
  };
  const uri = file.startsWith('/') || !folder ? code.Uri.file(file) : code.Uri.joinPath(folder.uri, file);
  const document = await Promise.resolve(code.workspace.openTextDocument(uri)).catch(() => undefined);
  if (!document) return fail(code.l10n.t('{0} cannot be read', file));
  const spec = runSpecOf(code, document, stdin === undefined ? { args, env } : { args, env, stdin });
  if (!spec) return fail(code.l10n.t('{0} is in a language that cannot be run in a sandbox', file));
  const run = new Run(await complete(spec), { code, clock, screen, random, supply, chosen, id: newId() });
  screen.onClose(() => run.stop());
  const result = await client.use(async (connection) => {
    try {
      return (await run.runInSandbox(connection))?.result;
    } finally {
      if (run.session) connection.request('session/close', { sessionId: run.session.sessionId }).catch(() => undefined);
    }
  }).catch(() => undefined);
  screen.end(result?.exitCode ?? NOT_RUN);
}
