/** Where the source code of a run is: the file that the client names, or one that is made for the run and removed afterwards. */
import { posix } from 'node:path';
import { type LanguageId, languages, ProtocolError } from '../protocol/index.ts';
import type { Program, SourceFile, Toolchain } from '../runtime/ports.ts';
import { sourcePath } from '../runtime/scratch.ts';
import type { Session } from '../session/session.ts';
import type { WarmInterpreter } from '../warm/interpreter.ts';
import type { TemporaryFiles } from './temporary.ts';

/** The source code: a file that exists, or text. */
export type Source = { readonly path: string; readonly code: undefined } | { readonly path: undefined; readonly code: Buffer };

interface Parts {
  readonly session: Session;
  readonly toolchain: Toolchain;
  readonly language: LanguageId;
  readonly source: Source;
  readonly settings: Pick<Program, 'cwd'>;
  readonly temporary: TemporaryFiles;
}

/** Whether the toolchain would take the file for one of another language. */
export function needsCopy({ minds }: Toolchain, language: LanguageId, path: string): boolean {
  return minds === 'extension' && !languages[language].extensions.some((extension) => extension === posix.extname(path));
}

/** So much of a file is looked at, if the toolchain wants to see it at all. */
const MAX_TEXT_BYTES = 64 * 1024;

/**
 * Finds or makes the file. `waiting`: the interpreter that waits, whose file is made if possible.
 * @throws ProtocolError FileNotFound, WrongFileType where the file or the working directory is none; whatever writing throws
 */
export async function place({ session: { sandbox }, toolchain, language, source: { path, code }, settings: { cwd }, temporary }: Parts, waiting: WarmInterpreter | undefined): Promise<SourceFile> {
  const { files } = sandbox;
  const looked = toolchain.phasesFor ? MAX_TEXT_BYTES : 0;
  if (path === undefined) {
    await requireDirectory(files, cwd);
    const { text, file } = waiting?.expected ?? {};
    const made = text && file !== undefined && posix.dirname(file) === cwd ? file : sourcePath(cwd, toolchain);
    return { path: await temporary.source(made, code), text: code.toString('utf8', 0, looked) };
  }
  const strange = needsCopy(toolchain, language, path);
  const { bytes } = await files.read(path, 0, strange ? undefined : looked).catch((fault: unknown) => {
    // What can't be read here, because a link leads to it or its user may not, is left to the interpreter.
    if (fault instanceof ProtocolError && fault.kind === 'InvalidPath' && !strange) return { bytes: Buffer.alloc(0) };
    throw fault;
  });
  const text = bytes.toString('utf8', 0, looked);
  if (!strange) return { path, text };
  const named = `${path}${toolchain.extension}`;
  const copy = await temporary.source(named, bytes).catch((fault: unknown) => {
    if (!(fault instanceof ProtocolError) || fault.kind !== 'FileExists') throw fault;
    return temporary.source(sourcePath(posix.dirname(path), toolchain), bytes);
  });
  return { path: copy, text };
}

/** The folders that every sandbox has. */
const MADE = ['/workspace', '/tmp'];

/** Writing a file would make the folder, and a program that waits elsewhere would only find out. @throws ProtocolError FileNotFound, WrongFileType */
export async function requireDirectory(files: Session['sandbox']['files'], path: string): Promise<void> {
  if (MADE.includes(path)) return;
  try {
    await files.list(path, { recursive: false, limit: 0, accept: () => false });
  } catch (fault) {
    if (!(fault instanceof ProtocolError) || (fault.kind !== 'FileNotFound' && fault.kind !== 'WrongFileType')) throw fault;
    throw new ProtocolError(fault.kind, `the working directory ${path} ${fault.kind === 'FileNotFound' ? 'does not exist' : 'is not a directory'}`, { path });
  }
}
