/** Why a program lacks the other files of its folder, in words. */
import { basename, dirname } from 'node:path';
import type { Code } from '../base/code.ts';
import type { Disk } from './sandbox/disk.ts';
import type { Source } from './source/source.ts';

/** @returns undefined if it lacks none */
export async function withheldWords({ l10n }: Code, disk: Disk, { withheld, uri }: Source): Promise<string | undefined> {
  if (withheld === undefined) return undefined;
  if (withheld === 'virtual') return l10n.t('it is not on the disk of this machine');
  if (await disk.isOnlyEntry(dirname(uri.fsPath), basename(uri.fsPath))) return undefined;
  if (withheld === 'untrusted') return l10n.t('the workspace is in Restricted Mode; if you trust it, they are copied (Workspaces: Manage Workspace Trust)');
  return l10n.t('the folder is not open in the editor; open it to have it copied');
}
