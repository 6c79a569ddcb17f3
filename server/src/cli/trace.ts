/** `codebeaker trace FILE`: shows the conversations that were recorded with `--record`. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { RecordedMessage, RecordHead } from '../wire/record.ts';
import { RECORD_VERSION } from '../wire/record.ts';
import type { TraceArguments } from './actions.ts';
import { Conversation, type Exchange } from './conversation.ts';
import { UsageError } from './quantities.ts';
import { printable } from './text.ts';

type Print = (text: string) => Promise<number>;

/** @throws UsageError if the file is no record */
export async function trace({ file, method, session, json }: TraceArguments, print: Print): Promise<number> {
  const { head, exchanges } = await read(file);
  const shown = exchanges.filter((each) => (method === undefined || each.method === method || (method.endsWith('*') && each.method.startsWith(method.slice(0, -1)))) && (session === undefined || each.sessionId === session));
  if (json) return print(`${JSON.stringify({ version: head.version, startedAt: head.startedAt, exchanges: shown })}\n`);
  const title = `codebeaker ${head.version}, ${head.startedAt}: ${shown.length} of ${exchanges.length} shown`;
  return print([title, ...shown.map(lineFor)].map((line) => `${printable(line)}\n`).join(''));
}

async function read(file: string): Promise<{ head: RecordHead; exchanges: readonly Exchange[] }> {
  const conversation = new Conversation();
  let head: RecordHead | undefined;
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      const value = parsed(line);
      if (!head) {
        head = value as unknown as RecordHead;
        if (head.recorded !== 'codebeaker') throw new UsageError(`${file} is no record of codebeaker --record`);
        if (head.v !== RECORD_VERSION) throw new UsageError(`${file} is a record of version ${head.v}, and this program reads version ${RECORD_VERSION}`);
      } else conversation.add(value as unknown as RecordedMessage);
    }
  } catch (fault) {
    const { code } = fault as { code?: string };
    if (code === undefined) throw fault;
    throw new UsageError(`${file} cannot be read (${code})`);
  }
  if (!head) throw new UsageError(`${file} is no record of codebeaker --record: it is empty`);
  return { head, exchanges: conversation.exchanges };
}

/** The last line of a record may be cut off. */
function parsed(line: string): Record<string, unknown> {
  const damaged = { skipped: 'the line of the record is damaged', at: 0, from: 'client' };
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : damaged;
  } catch {
    return damaged;
  }
}

const arrows = { client: '→', server: '←' };

function lineFor({ at, client, from, method, number, count, params, durationMs, outcome }: Exchange): string {
  const took = durationMs === undefined ? '' : `${durationMs.toFixed(1)} ms`;
  const name = `${method}${number === undefined ? '' : ` #${number}`}${count > 1 ? ` ×${count}` : ''}`;
  return [`${(at / 1000).toFixed(3).padStart(9)} s`, ...(client === undefined ? [] : [`client ${client}`.padEnd(9)]), arrows[from], name.padEnd(32), took.padStart(11), ...(outcome === undefined ? [] : [outcome]), ...(params === '{}' ? [] : [params])].join('  ').trimEnd();
}
