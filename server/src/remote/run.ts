/**
 * `POST /v1/run`: code in, result out, in a session of its own. Whoever accepts `text/event-stream` gets the output while
 * the program runs. When the client goes, its connection to the daemon is closed, and with it everything that it runs.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { CommandOutput, RunCode, SessionCreate, WriteFile } from '../protocol/index.ts';
import type { Answer, LocalClient } from '../wire/local.ts';
import { answerText } from './answer.ts';
import { BadRequest, readBody } from './body.ts';
import { EventSource } from './event-source.ts';
import { statusOf } from './status.ts';
import { type Connect, visit } from './visitor.ts';

/** What the body may have: members of the params of `session/create`, of `command/runCode`, and of both. */
const sessionKeys = ['language', 'runtime', 'image', 'preference', 'strict', 'limits', 'network', 'packages', 'label'];
const runKeys = ['language', 'code', 'path', 'args', 'stdin', 'env', 'timeoutMs'];
const keys = new Set([...sessionKeys, ...runKeys, 'files']);

type Body = Readonly<Record<string, unknown>>;

export interface RunParts {
  readonly connect: Connect;
  readonly clock: Clock;
  readonly maxBytes: number;
}

/** @throws BadRequest */
export async function run({ connect, clock, maxBytes }: RunParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = parse(await readBody(request, maxBytes));
  const streams = (request.headers.accept ?? '').includes('text/event-stream');
  let events: EventSource | undefined;
  const { client, served } = visit(connect, 'POST /v1/run', (method, params) => (method === CommandOutput.name ? events?.send('output', JSON.stringify(params)) : undefined));
  response.once('close', () => void served.close());
  try {
    const made = await prepare(client, body);
    if ('error' in made) return fail(response, made.error);
    if (streams) events = new EventSource(response, clock);
    const params = { sessionId: made.sessionId, ...pick(body, runKeys), ...(streams && { commandId: 'run' }) };
    const answer = await client.request(RunCode.name, params);
    if (events) await events.end('result' in answer ? 'result' : 'error', 'result' in answer ? answer.result : answer.error);
    else if ('error' in answer) fail(response, answer.error);
    else answerText(response, 200, 'application/json', `${answer.result}\n`);
  } finally {
    await served.close();
  }
}

/** Makes a session, and writes the files. */
async function prepare(client: LocalClient, body: Body): Promise<{ sessionId: string } | Extract<Answer, { error: string }>> {
  const created = await client.request(SessionCreate.name, pick(body, sessionKeys));
  if ('error' in created) return created;
  const { sessionId } = JSON.parse(created.result) as { sessionId: string };
  for (const [path, file] of Object.entries((body.files ?? {}) as Record<string, string | object>)) {
    const written = await client.request(WriteFile.name, { sessionId, path, ...(typeof file === 'string' ? { content: file } : file) });
    if ('error' in written) return written;
  }
  return { sessionId };
}

function pick(body: Body, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([name]) => names.includes(name)));
}

/** @throws BadRequest */
function parse(bytes: Buffer): Body {
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString());
  } catch {
    throw new BadRequest(400, 'The body is not JSON.');
  }
  if (!isObject(body)) throw new BadRequest(400, 'The body must be an object.');
  const unknown = Object.keys(body).find((name) => !keys.has(name));
  if (unknown !== undefined) throw new BadRequest(400, `There is no ${unknown}: the body has ${[...keys].join(', ')}.`);
  if (body['files'] !== undefined && (!isObject(body['files']) || !Object.values(body['files']).every((file) => typeof file === 'string' || isObject(file)))) {
    throw new BadRequest(400, 'files has a member for each path: its content, or an object with content and encoding.');
  }
  return body;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Where it is known when the same request may succeed, the answer says so. */
function fail(response: ServerResponse, error: string): void {
  const { data } = JSON.parse(error) as { data?: { kind?: unknown; retryAfterMs?: number } };
  const headers: Record<string, string> = data?.retryAfterMs === undefined ? {} : { 'Retry-After': `${Math.ceil(data.retryAfterMs / 1000)}` };
  answerText(response, statusOf(data?.kind), 'application/json', `{"error":${error}}\n`, headers);
}
