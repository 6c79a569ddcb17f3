/** The handlers of the file commands, which command/files.ts implements. */
import * as files from '../../command/files.ts';
import type { DataStreams } from '../../command/streams.ts';
import type { Handlers } from './handler.ts';

/** `data`: the streams of the connection's data channel. */
export function fileHandlers({ data }: { readonly data?: DataStreams | undefined }) {
  return {
    'command/writeFile': (session, params, signal) => files.writeFile(session, params, signal, data),
    'command/readFile': (session, params, signal) => files.readFile(session, params, signal, data),
    'command/createDirectory': files.createDirectory,
    'command/copyFile': files.copyFile,
    'command/deleteFile': files.deleteFile,
    'command/listDirectory': files.listDirectory,
  } satisfies Partial<Handlers>;
}
