/** The type of a row in the method table, and the functions that make rows. */
import type * as z from 'zod/mini';
import type { ErrorKind } from './errors.ts';
import { Nothing } from './lifecycle.ts';

type Schema = z.core.$ZodType;

export type Kind = 'request' | 'notification';
export type From = 'client' | 'server';
export type Section = 'Lifecycle' | 'Runtimes' | 'Sessions' | 'Commands' | 'Ports' | 'Observation';

/** What a call is about: the daemon itself, the session that the param `sessionId` names, or the command that `commandId` names. */
export type Subject = 'daemon' | 'session' | 'command';

/**
 * What a call does: `asks` changes nothing; `makes` creates a subject and `ends` ends one; `runs` starts a program;
 * `writes` changes something that exists; `tells` only informs the other side.
 */
export type Effect = 'asks' | 'makes' | 'runs' | 'writes' | 'ends' | 'tells';

/**
 * Who handles a call: the connection itself (wire/), the service behind it (serving/), or, for an alias, the method
 * that the alias stands for.
 */
export type By = 'connection' | 'service' | 'alias';

/**
 * One row of the method table. Dispatch, validation, documents and logs take everything that they need to know about a
 * method from its row.
 */
export interface Method<
  Name extends string = string,
  P extends Schema = Schema,
  R extends Schema = Schema,
  K extends Kind = Kind,
  F extends From = From,
  S extends Subject = Subject,
  B extends By = By,
> {
  readonly name: Name;
  readonly kind: K;
  /** Which side sends it. */
  readonly from: F;
  /** The section of PROTOCOL.md that describes it. */
  readonly section: Section;
  readonly subject: S;
  readonly effect: Effect;
  readonly by: B;
  readonly params: P;
  readonly result: R;
  /** Names of params whose values never appear in a log or a trace, at whatever depth they stand. */
  readonly secrets: readonly string[];
  /** The errors with which it can fail, besides those that every method with its subject has (error-guide.ts). */
  readonly errors: readonly ErrorKind[];
  /** What it does, in one or two sentences, for PROTOCOL.md and openrpc.json. */
  readonly summary: string;
}

/** Names of members of results whose values never appear in a log or a record, at whatever depth they stand. */
export const resultSecrets: readonly string[] = ['resumeToken'];

type Row<M extends Method> = Omit<M, 'kind' | 'from' | 'by' | 'secrets' | 'errors'> & Partial<Pick<M, 'by' | 'secrets' | 'errors'>>;

/** A request that the client sends. `by` defaults to `service`. */
export function request<N extends string, P extends Schema, R extends Schema, S extends Subject, B extends By = 'service'>(
  row: Row<Method<N, P, R, 'request', 'client', S, B>>,
): Method<N, P, R, 'request', 'client', S, B> {
  return { kind: 'request', from: 'client', by: 'service' as B, secrets: [], errors: [], ...row };
}

/** A notification that the client sends. `by` defaults to `service`. */
export function notification<N extends string, P extends Schema, S extends Subject, B extends By = 'service'>(
  row: Omit<Row<Method<N, P, typeof Nothing, 'notification', 'client', S, B>>, 'result'>,
): Method<N, P, typeof Nothing, 'notification', 'client', S, B> {
  return { kind: 'notification', from: 'client', by: 'service' as B, secrets: [], errors: [], result: Nothing, ...row };
}

/** A request that the daemon sends. */
export function question<N extends string, P extends Schema, R extends Schema, S extends Subject>(
  row: Omit<Row<Method<N, P, R, 'request', 'server', S, 'connection'>>, 'effect' | 'by'>,
): Method<N, P, R, 'request', 'server', S, 'connection'> {
  return { kind: 'request', from: 'server', by: 'connection', effect: 'asks', secrets: [], errors: [], ...row };
}

/** A notification that the daemon sends. */
export function announcement<N extends string, P extends Schema, S extends Subject>(
  row: Omit<Row<Method<N, P, typeof Nothing, 'notification', 'server', S, 'connection'>>, 'result' | 'effect' | 'by'>,
): Method<N, P, typeof Nothing, 'notification', 'server', S, 'connection'> {
  return { kind: 'notification', from: 'server', by: 'connection', effect: 'tells', secrets: [], errors: [], result: Nothing, ...row };
}
