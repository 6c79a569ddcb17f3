/** `codebeaker audit`: verifies and shows the audit log. */
import type { Verdict } from '../audit/findings.ts';
import { auditKinds } from '../audit/kinds.ts';
import { type AuditPlaces, auditPlaces } from '../audit/places.ts';
import { recordsFor, type ShownRecord } from '../audit/show.ts';
import { verify } from '../audit/verify.ts';
import { auditPolicy } from '../policy/audit.ts';
import { loadConfig } from '../policy/config-file.ts';
import { ownFolder } from '../policy/own-folder.ts';
import type { AuditArguments } from './actions.ts';
import { Exit } from './exit-codes.ts';
import { sinceTime, UsageError } from './quantities.ts';
import type { Surroundings } from './surroundings.ts';
import { printable } from './text.ts';

type Print = (text: string) => Promise<number>;

/** @returns the exit code: 1 where something in the log was changed, removed or put in, or the log can't be read */
export async function audit(surroundings: Surroundings, args: AuditArguments, print: Print): Promise<number> {
  if (args.kind !== undefined && !auditKinds.some((kind) => kind === args.kind)) throw new UsageError(`--kind: one of ${auditKinds.join(', ')}`);
  const { env, home, clock } = surroundings;
  const config = loadConfig({ flag: args.config, env, home });
  const stateFolder = config.stateDir ?? ownFolder('XDG_STATE_HOME', { env, home });
  const places = auditPlaces(stateFolder, auditPolicy(config).anchor);
  try {
    return await carryOut(args, { places, stateFolder, now: clock.now(), print });
  } catch (fault) {
    const { code } = fault as { code?: string };
    if (code === undefined) throw fault;
    const message = `the audit log in ${places.records} can't be read: ${code}`;
    return (await print(args.json ? `${JSON.stringify({ error: { message } })}\n` : `${message}\n`)) || Exit.fault;
  }
}

interface Work {
  readonly places: AuditPlaces;
  readonly stateFolder: string;
  readonly now: number;
  readonly print: Print;
}

async function carryOut(args: AuditArguments, { places, stateFolder, now, print }: Work): Promise<number> {
  if (args.action === 'verify') {
    const verdict = await verify(places, [auditPlaces(stateFolder, undefined).heads]);
    const code = verdict.faults.length > 0 ? Exit.fault : 0;
    return (await print(args.json ? `${JSON.stringify({ intact: code === 0, ...verdict })}\n` : lines(told(verdict, places.records)))) || code;
  }
  const since = sinceTime(args.since ?? '24h', now);
  const records = await recordsFor(places, { since, sessionId: args.session, kind: args.kind });
  return print(args.json ? `${JSON.stringify({ records })}\n` : lines(records.length > 0 ? records.map(lineFor) : [noneOf(args, since)]));
}

function noneOf({ session, kind }: AuditArguments, since: number): string {
  const wanted = session === undefined && kind === undefined ? 'nothing was recorded' : 'nothing that fits was recorded';
  return `${wanted} since ${new Date(since).toISOString()}; --since looks further back`;
}

function told({ segments, removed, records, faults, notes }: Verdict, folder: string): string[] {
  const shown = (findings: Verdict['faults'], word: string) => findings.map(({ file, line, message }) => `${word}: ${file}${line === undefined ? '' : `, line ${line}`}: ${message}`);
  const gone = removed > 0 ? ` (${removed} more were removed for their age or size)` : '';
  const all = `${counted(records, 'record')} in ${counted(segments, 'file')} in ${folder}${gone}`;
  if (segments === 0 && faults.length === 0) return [`there is no audit log in ${folder}`];
  return [...shown(faults, 'wrong'), ...shown(notes, 'note'), faults.length > 0 ? `${all}: the log is not as it was written` : `${all}: everything is as it was written`];
}

/** The fields that have a column of their own. */
const ahead = ['seq', 'time', 'kind', 'event', 'sessionId', 'segment', 'visit'];

function lineFor(record: ShownRecord): string {
  const { time, kind, event, sessionId } = record;
  const rest = Object.entries(record).filter(([name]) => !ahead.includes(name)).map(([name, value]) => `${name}=${inOneWord(value)}`);
  return printable([time, kind.padEnd(7), event.padEnd(9), (typeof sessionId === 'string' ? sessionId : '-').padEnd(16), ...rest].join('  '));
}

/** Of heads of segments their number is shown; all of them are in the JSON. */
function inOneWord(value: unknown): string {
  if (typeof value === 'string' && /^[\w./:-]+$/.test(value)) return value;
  return Array.isArray(value) && value.some((each) => typeof each === 'object') ? `${value.length}` : JSON.stringify(value);
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('');
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
