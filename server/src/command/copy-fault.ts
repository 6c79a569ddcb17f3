/** Says which of its two paths a copy has failed for. Runtimes know the fault, and not always the path. */
import { ProtocolError } from '../protocol/index.ts';
import type { Files } from '../runtime/ports.ts';

export interface Copy {
  readonly files: Pick<Files, 'list' | 'read'>;
  readonly source: string;
  readonly destination: string;
  readonly recursive: boolean;
}

/** Returns the same fault, with the path that it is about. */
export async function blaming(fault: unknown, copy: Copy): Promise<unknown> {
  if (!(fault instanceof ProtocolError)) return fault;
  const path = await culprit(fault, copy);
  const told = fault.data['path'];
  if (path === undefined || path === told || typeof told !== 'string') return fault;
  return new ProtocolError(fault.kind, fault.message.replace(told, () => path), { ...fault.data, path });
}

/** undefined: the runtime knows better. */
async function culprit({ kind }: ProtocolError, { files, source, destination, recursive }: Copy): Promise<string | undefined> {
  if (kind === 'FileNotFound') return source;
  if (kind === 'FileExists') return destination;
  if (kind !== 'WrongFileType') return undefined;
  return (await mayBeCopied(files, source, recursive)) ? destination : source;
}

async function mayBeCopied(files: Copy['files'], source: string, recursive: boolean): Promise<boolean> {
  const succeeds = (attempt: Promise<unknown>) => attempt.then(() => true, () => false);
  if (await succeeds(files.read(source, 0, 0))) return true;
  return recursive && succeeds(files.list(source, { recursive: false, limit: 1, accept: () => true }));
}
