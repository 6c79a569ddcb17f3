/** The handlers of the file commands, which command/files.ts implements. */
import * as files from '../../command/files.ts';
import type { Handlers } from './handler.ts';

export const fileHandlers = {
  'command/writeFile': files.writeFile,
  'command/readFile': files.readFile,
  'command/createDirectory': files.createDirectory,
  'command/copyFile': files.copyFile,
  'command/deleteFile': files.deleteFile,
  'command/listDirectory': files.listDirectory,
} satisfies Partial<Handlers>;
