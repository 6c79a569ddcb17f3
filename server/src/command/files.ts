/** The six file commands. Each of them is complete before the next command of its session begins. */
import { abortable } from '../base/promises.ts';
import type * as protocol from '../protocol/index.ts';
import type { ParamsOf, ResultOf } from '../protocol/index.ts';
import { MAX_FILE_BYTES } from '../runtime/ports.ts';
import type { Session } from '../session/session.ts';
import { decodeContent, encodeContent } from './content.ts';
import { blaming } from './copy-fault.ts';
import { matcher } from './glob.ts';
import { resolveEntry, resolvePath } from './paths.ts';

type Command<M extends protocol.Method> = (session: Session, params: ParamsOf<M>, signal: AbortSignal) => Promise<ResultOf<M>>;

const DEFAULT_LIST_LIMIT = 10_000;

/** Results contain the resolved paths. Invalid params are refused before the command waits for its turn. */
export const writeFile: Command<typeof protocol.WriteFile> = async (session, params, signal) => {
  const path = resolveEntry(params.path);
  const content = decodeContent(params.content, params.encoding, 'content');
  const options = { mode: params.mode ?? 'overwrite', executable: params.executable };
  await alone(session, signal, () => session.sandbox.files.write(path, content, options));
  return { path, bytes: content.length };
};

export const readFile: Command<typeof protocol.ReadFile> = async (session, params, signal) => {
  const path = resolveEntry(params.path);
  const offset = params.offset ?? 0;
  // Whoever asks for more than a message can carry wants all that is there.
  const length = params.length !== undefined && params.length <= MAX_FILE_BYTES ? params.length : undefined;
  const { bytes, size } = await alone(session, signal, () => session.sandbox.files.read(path, offset, length));
  return { path, ...encodeContent(bytes, params.encoding), size, eof: offset + bytes.length >= size };
};

export const createDirectory: Command<typeof protocol.CreateDirectory> = async (session, params, signal) => {
  const path = resolvePath(params.path);
  const created = await alone(session, signal, () => session.sandbox.files.createDirectory(path, params.recursive ?? true));
  return { path, created };
};

export const copyFile: Command<typeof protocol.CopyFile> = async (session, params, signal) => {
  const source = resolvePath(params.source);
  const destination = resolvePath(params.destination);
  const options = { recursive: params.recursive ?? false, overwrite: params.overwrite ?? true };
  const { files } = session.sandbox;
  await alone(session, signal, () => files.copy(source, destination, options).catch(async (fault: unknown) => {
    throw await blaming(fault, { files, source, destination, recursive: options.recursive });
  }));
  return { source, destination };
};

export const deleteFile: Command<typeof protocol.DeleteFile> = async (session, params, signal) => {
  const path = resolveEntry(params.path);
  const options = { recursive: params.recursive ?? false, force: params.force ?? false };
  return { path, deleted: await alone(session, signal, () => session.sandbox.files.delete(path, options)) };
};

export const listDirectory: Command<typeof protocol.ListDirectory> = async (session, params, signal) => {
  const path = resolvePath(params.path ?? '.');
  const { recursive = false, limit = DEFAULT_LIST_LIMIT, pattern } = params;
  const { entries, truncated } = await alone(session, signal, async () =>
    session.sandbox.files.list(path, { recursive, limit, accept: await matcher(pattern) }));
  return { path, entries, truncated };
};

/**
 * Runs a task as one command of the session; the next command waits until the task has ended. If the client cancels
 * the request, it is answered at once: a task that has begun goes on, and one that has not begun never will.
 */
function alone<T>(session: Session, signal: AbortSignal, task: () => Promise<T>): Promise<T> {
  const begin = async () => {
    signal.throwIfAborted();
    return task();
  };
  return abortable(signal, session.command(begin));
}
