/** What a row of the method table says of its method. */
import type * as z from 'zod/mini';
import type { ErrorKind } from './errors.ts';
import { Nothing } from './lifecycle.ts';

type Schema = z.core.$ZodType;

export type Kind = 'request' | 'notification';
export type From = 'client' | 'server';
export type Section = 'Lifecycle' | 'Runtimes' | 'Sessions' | 'Commands' | 'Observation';

/** What a call is about. The daemon itself needs no name; a session is named by `sessionId`, a command by `commandId`. */
export type Subject = 'daemon' | 'session' | 'command';

/** What a call does: `asks` changes nothing; `runs` starts a program; `writes` changes what is there; `makes` and `ends` a subject; `tells` reports. */
export type Effect = 'asks' | 'makes' | 'runs' | 'writes' | 'ends' | 'tells';

/** Who answers: the connection itself, the service behind it, or the method that an alias stands for. */
export type By = 'connection' | 'service' | 'alias';

/** Everything about a method that dispatch, validation, documents and logs ask for. They ask this row and guess nothing. */
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
  /** Who sends it. */
  readonly from: F;
  /** Where PROTOCOL.md lists it. */
  readonly section: Section;
  readonly subject: S;
  readonly effect: Effect;
  readonly by: B;
  readonly params: P;
  readonly result: R;
  /** Params whose values are shown to nobody, at any depth. */
  readonly secrets: readonly string[];
  /** The errors it can give besides those that its subject and effect imply (error-guide.ts). */
  readonly errors: readonly ErrorKind[];
  readonly summary: string;
}

type Row<M extends Method> = Omit<M, 'kind' | 'from' | 'by' | 'secrets' | 'errors'> & Partial<Pick<M, 'by' | 'secrets' | 'errors'>>;

/** A request of the client's. `by` defaults to the service. */
export function request<N extends string, P extends Schema, R extends Schema, S extends Subject, B extends By = 'service'>(
  row: Row<Method<N, P, R, 'request', 'client', S, B>>,
): Method<N, P, R, 'request', 'client', S, B> {
  return { kind: 'request', from: 'client', by: 'service' as B, secrets: [], errors: [], ...row };
}

/** A notification of the client's. `by` defaults to the service. */
export function notification<N extends string, P extends Schema, S extends Subject, B extends By = 'service'>(
  row: Omit<Row<Method<N, P, typeof Nothing, 'notification', 'client', S, B>>, 'result'>,
): Method<N, P, typeof Nothing, 'notification', 'client', S, B> {
  return { kind: 'notification', from: 'client', by: 'service' as B, secrets: [], errors: [], result: Nothing, ...row };
}

/** A notification of the daemon's. */
export function announcement<N extends string, P extends Schema, S extends Subject>(
  row: Omit<Row<Method<N, P, typeof Nothing, 'notification', 'server', S, 'connection'>>, 'result' | 'effect' | 'by'>,
): Method<N, P, typeof Nothing, 'notification', 'server', S, 'connection'> {
  return { kind: 'notification', from: 'server', by: 'connection', effect: 'tells', secrets: [], errors: [], result: Nothing, ...row };
}
