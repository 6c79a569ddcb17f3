/** Brings files of a sandbox into a folder of this machine, and asks before a file that is newer there is replaced. */
import { posix } from 'node:path';
import type { Code } from '../base/code.ts';
import { messageOf } from '../base/log.ts';
import type { Connection } from '../client/connection.ts';
import { type Refusal, Refused, type Target, targetIn, writeHome } from './home.ts';
import { readPieces } from './read.ts';

type Pieces = ReturnType<typeof readPieces>;

export interface SaveFile {
  /** Absolute in the sandbox. */
  readonly path: string;
  /** Where it goes, below the folder, POSIX. */
  readonly below: string;
  readonly mtimeMs: number;
  /** Whether the program has changed its copy of the file that is in the folder. */
  readonly isChangedCopy: boolean;
}

export interface SaveParts {
  readonly code: Code;
  readonly connection: Connection;
  readonly sessionId: string;
}

/** How many names a message has at most. */
const MAX_NAMES = 10;

/** @param folder absolute, on this machine @returns how many files were written */
export async function saveFiles({ code, connection, sessionId }: SaveParts, files: readonly SaveFile[], folder: string): Promise<number> {
  const { l10n, window } = code;
  const faults: string[] = [];
  const attempt = async <T>(file: SaveFile, work: Promise<T>): Promise<T | undefined> => {
    try {
      return await work;
    } catch (fault) {
      faults.push(`${file.below}: ${fault instanceof Refused ? words(code, fault.why) : messageOf(fault)}`);
      return undefined;
    }
  };
  const placed: { file: SaveFile; target: Target }[] = [];
  for (const file of files) {
    const target = await attempt(file, targetIn(folder, file.below));
    if (target) placed.push({ file, target });
  }
  const kept = await whichToKeep(code, placed.filter(needsQuestion).map(({ file }) => file));
  if (!kept) return 0;
  const within = await limitTo(connection, sessionId);
  let count = 0;
  for (const { file } of placed.filter((each) => !kept.includes(each.file))) {
    const written = await attempt(file, writeHome(folder, file.below, within(readPieces(connection, sessionId, file.path))).then(() => true));
    if (written) count += 1;
  }
  if (faults.length > 0) void window.showWarningMessage(l10n.t('Not everything was saved. {0}', list(faults)));
  else if (count > 0) code.window.setStatusBarMessage(l10n.t('{0} saved', list(placed.filter((each) => !kept.includes(each.file)).map(({ file }) => file.below))), 5_000);
  return count;
}

/**
 * A file with holes can be larger than any disk. Of all files together no more is read than the sandbox may hold.
 * @throws what the daemon answers
 */
async function limitTo(connection: Connection, sessionId: string): Promise<(pieces: Pieces) => Pieces> {
  const { sessions } = await connection.request('session/list', {});
  let left = sessions.find((session) => session.sessionId === sessionId)?.limits.diskBytes ?? Infinity;
  return async function* within(pieces) {
    for await (const piece of pieces) {
      left -= piece.bytes.length;
      if (left < 0) throw new Refused('holes');
      yield piece;
    }
  };
}

/** A file that is no copy of what is there, or that is older, replaces nothing without a question. */
function needsQuestion({ file, target }: { readonly file: SaveFile; readonly target: Target }): boolean {
  return target.mtimeMs !== undefined && !(file.isChangedCopy && target.mtimeMs <= file.mtimeMs);
}

/** @returns the files that are left as they are; undefined if nothing is to be saved */
async function whichToKeep({ l10n, window }: Code, there: readonly SaveFile[]): Promise<readonly SaveFile[] | undefined> {
  if (there.length === 0) return [];
  const replace = l10n.t('Replace');
  const keep = l10n.t('Keep Mine');
  const names = list(there.map(({ below }) => below));
  const message = l10n.t('In your folder there are already files of these names, which are newer or not what the program began with: {0}', names);
  const answer = await window.showWarningMessage(message, { modal: true }, replace, keep);
  if (answer === undefined) return undefined;
  return answer === replace ? [] : there;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).join(', ');
  return names.length > MAX_NAMES ? `${shown} …` : shown;
}

function words({ l10n }: Code, why: Refusal): string {
  const all: Readonly<Record<Refusal, string>> = {
    outside: l10n.t('it would be outside of the folder'),
    git: l10n.t('nothing is written into .git, because Git runs programs from there'),
    throughLink: l10n.t('a folder on its way there is a link or a file'),
    name: l10n.t('its name is not UTF-8'),
    holes: l10n.t('the files are larger than the disk limit of the sandbox, because they have holes'),
    notFile: l10n.t('in its place there is a link, a folder or a device'),
  };
  return all[why];
}

/** The files below a folder of the sandbox, or the file itself. Links and devices are left out. @throws what the daemon answers */
export async function filesBelow(connection: Connection, sessionId: string, folder: string): Promise<readonly { readonly path: string; readonly below: string; readonly mtimeMs: number }[]> {
  const { entries } = await connection.request('command/listDirectory', { sessionId, path: folder, recursive: true });
  return entries.filter(({ type }) => type === 'file').map(({ path, mtimeMs }) => ({ path, below: posix.relative(folder, path), mtimeMs }));
}
