/** The handlers of the file commands, which command/files.ts implements. */
import * as files from '../../command/files.ts';
import type { DataStreams } from '../../command/streams.ts';
import type { Session } from '../../session/session.ts';
import type { Handlers } from './handler.ts';

/** `data`: the streams of the data channel of the connection that a session has now. */
export function fileHandlers(data: (session: Session) => DataStreams | undefined) {
  return {
    'command/writeFile': (session, params, signal) => files.writeFile(session, params, signal, data(session)),
    'command/readFile': (session, params, signal) => files.readFile(session, params, signal, data(session)),
    'command/createDirectory': files.createDirectory,
    'command/copyFile': files.copyFile,
    'command/deleteFile': files.deleteFile,
    'command/listDirectory': files.listDirectory,
  } satisfies Partial<Handlers>;
}
