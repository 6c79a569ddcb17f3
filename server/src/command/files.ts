/** The six file commands. Each of them is complete before the next command of its session begins. */
import { abortable } from '../base/promises.ts';
import type * as protocol from '../protocol/index.ts';
import { invalidParam, type ParamsOf, type ResultOf } from '../protocol/index.ts';
import { MAX_FILE_BYTES } from '../runtime/ports.ts';
import type { Session } from '../session/session.ts';
import { decodeContent, encodeContent } from './content.ts';
import { blaming } from './copy-fault.ts';
import { matcher } from './glob.ts';
import { resolveEntry, resolvePath } from './paths.ts';
import { receiveFile, sendFile } from './stream-files.ts';
import { type DataStreams, endingWith, requireStreams } from './streams.ts';

type Command<M extends protocol.Method> = (session: Session, params: ParamsOf<M>, signal: AbortSignal) => Promise<ResultOf<M>>;

/** A command whose content may go over the data channel. */
type Transfer<M extends protocol.Method> = (...args: [...Parameters<Command<M>>, streams?: DataStreams | undefined]) => ReturnType<Command<M>>;

const DEFAULT_LIST_LIMIT = 10_000;

/** Results contain the resolved paths. Invalid params are refused before the command waits for its turn. */
export const writeFile: Transfer<typeof protocol.WriteFile> = async (session, params, signal, streams) => {
  const { content, stream, mode = 'overwrite', executable } = params;
  if (stream !== undefined && content !== '') throw invalidParam('content', 'it must be empty, because the content comes on a stream');
  const path = resolveEntry(params.path);
  const options = { mode, executable };
  if (stream !== undefined) {
    const incoming = requireStreams(streams, 'stream').receive(stream);
    // A client that cancels, or a session that closes, ends the stream, so nothing of a new file is left.
    return endingWith(signal, incoming, () => alone(session, signal, async () => ({ path, ...(await receiveFile(session.sandbox.files, path, options, incoming)) })));
  }
  const bytes = decodeContent(content, params.encoding, 'content');
  await alone(session, signal, () => session.sandbox.files.write(path, bytes, options));
  return { path, bytes: bytes.length };
};

export const readFile: Transfer<typeof protocol.ReadFile> = async (session, params, signal, streams) => {
  const { offset = 0, stream } = params;
  const path = resolveEntry(params.path);
  const { files } = session.sandbox;
  if (stream !== undefined) {
    const outgoing = requireStreams(streams, 'stream').send(stream);
    // A stream that has not been ended is given up.
    return endingWith(signal, { close: () => outgoing.reset() }, async () => {
      const { size, bytes } = await alone(session, signal, () => sendFile(files, path, { offset, length: params.length ?? Infinity }, outgoing));
      outgoing.end();
      return { path, content: '', encoding: 'utf-8', size, eof: offset + bytes >= size, bytes };
    });
  }
  // Whoever asks for more than a message can carry wants all that is there.
  const length = params.length !== undefined && params.length <= MAX_FILE_BYTES ? params.length : undefined;
  const { bytes, size } = await alone(session, signal, () => files.read(path, offset, length));
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
