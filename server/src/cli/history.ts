/** `codebeaker history`: shows what was run on this machine, runs it again, and removes what is kept of it. */
import { join } from 'node:path';
import { createLog } from '../base/log.ts';
import { History } from '../history/history.ts';
import { loadConfig } from '../policy/config-file.ts';
import { historyPolicy } from '../policy/history.ts';
import { ownFolder } from '../policy/own-folder.ts';
import { FAILED, type HistoryEntry, type HistoryListResult } from '../protocol/index.ts';
import type { HistoryArguments } from './actions.ts';
import { Exit } from './exit-codes.ts';
import { sinceTime } from './quantities.ts';
import type { HistoryCommandParts } from './rerun.ts';
import type { Surroundings } from './surroundings.ts';
import { columns, duration, printable } from './text.ts';

const WIDTH = 120;
/** So much of an id is shown, which tells entries apart. */
const ID_LENGTH = 8;
/** One question is answered with so many entries at most. */
const PAGE = 1000;

/** @returns the exit code */
export async function history(surroundings: Surroundings, args: HistoryArguments, parts: HistoryCommandParts): Promise<number> {
  const { env, home, clock, writeLog } = surroundings;
  const config = loadConfig({ flag: args.config, env, home });
  const folder = join(config.stateDir ?? ownFolder('XDG_STATE_HOME', { env, home }), 'history');
  const kept = new History({ folder, policy: historyPolicy(config), clock, log: createLog('warn', writeLog) });
  const now = clock.now();
  try {
    if (args.action === 'rerun') return await (await import('./rerun.ts')).rerun(kept, surroundings, args, parts);
    if (args.action === 'clear') {
      const removed = await kept.clear(args.before === undefined ? undefined : sinceTime(args.before, now, '--before'));
      return await parts.print(args.json ? `${JSON.stringify({ removed })}\n` : `${removed} ${removed === 1 ? 'entry was' : 'entries were'} removed from the history\n`);
    }
    const { entries, unreadable } = await collected(kept, args, args.since === undefined ? undefined : sinceTime(args.since, now));
    if (args.json) return await parts.print(`${JSON.stringify({ entries, ...(unreadable === undefined ? {} : { unreadable }) })}\n`);
    return await parts.print(told(entries, unreadable, now).map((line) => `${line}\n`).join(''));
  } catch (fault) {
    const { code } = fault as { code?: unknown };
    if (typeof code !== 'string') throw fault;
    const message = `the history in ${folder} can't be read or changed: ${code}`;
    return (await parts.print(args.json ? `${JSON.stringify({ error: { message } })}\n` : `${message}\n`)) || Exit.fault;
  }
}

async function collected(kept: History, { session, language, runtime, failed, most }: HistoryArguments, since: number | undefined): Promise<HistoryListResult> {
  const entries: HistoryEntry[] = [];
  const wanted = { ...(session === undefined ? {} : { sessionId: session }), ...(language ? { language } : {}), ...(runtime === undefined ? {} : { runtime }), ...(since === undefined ? {} : { since: new Date(since).toISOString() }) };
  for (let before: string | undefined; ; ) {
    const page = await kept.list({ ...wanted, limit: PAGE, ...(before === undefined ? {} : { before }) });
    entries.push(...page.entries.filter((entry) => !failed || !hasSucceeded(entry)).slice(0, most - entries.length));
    if (page.entries.length < PAGE || entries.length >= most) return { entries, ...(page.unreadable === undefined ? {} : { unreadable: page.unreadable }) };
    before = page.entries.at(-1)?.entryId;
  }
}

function hasSucceeded({ outcome, exitCode }: HistoryEntry): boolean {
  return outcome === 'exited' && exitCode === 0;
}

function told(entries: readonly HistoryEntry[], unreadable: number | undefined, now: number): string[] {
  const rows = entries.map((entry) => [entry.entryId.slice(0, ID_LENGTH), when(entry.at, now), entry.language ?? '-', entry.runtime, how(entry), duration(entry.durationMs), printable(what(entry))]);
  const note = unreadable === undefined ? [] : [`${unreadable} ${unreadable === 1 ? 'line of the history is' : 'lines of the history are'} damaged, or written by a newer CodeBeaker`];
  if (rows.length === 0) return ['nothing was run that is kept in the history', ...note];
  return [...columns([['ID', 'ENDED', 'LANGUAGE', 'RUNTIME', 'OUTCOME', 'TIME', 'WHAT'], ...rows], WIDTH), ...note];
}

/** The time of day, with the day if it is another one, by the clock of this machine. */
function when(at: string, now: number): string {
  const date = new Date(at);
  const two = (part: number) => `${part}`.padStart(2, '0');
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return date.toDateString() === new Date(now).toDateString() ? time : `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`;
}

function how({ outcome, error, exitCode, signal }: HistoryEntry): string {
  if (outcome === 'exited') return `exit ${exitCode}`;
  if (outcome === 'signaled') return signal ?? outcome;
  return outcome === FAILED ? (error ?? outcome) : outcome;
}

function what({ method, path, uri, args = [], code, codeBytes = 0, command, packages = [], manifest, redacted }: HistoryEntry): string {
  const words = (all: readonly string[]) => all.map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
  const hidden = redacted ? ' (with a secret)' : '';
  if (command !== undefined) return `${typeof command === 'string' ? command : words(command)}${hidden}`;
  if (method.endsWith('installPackages')) return `install ${words([...packages, ...(manifest === undefined ? [] : [manifest])])}${hidden}`;
  const file = uri?.startsWith('file://') ? decoded(uri.slice('file://'.length).replace(/#.*/, ' (a part)')) : path;
  const program = file ?? (code === undefined ? `${method.endsWith('runCode') ? 'code' : 'a command'} of ${codeBytes} bytes` : (code.trim().split('\n')[0] ?? ''));
  return [program, words(args)].filter((part) => part !== '').join(' ') + hidden;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
