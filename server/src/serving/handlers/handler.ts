/** The types of handlers. The subject of a method decides whether its handler gets the session or the command that the call is about. */
import type { RunningCommand } from '../../command/running-command.ts';
import type { ClientMethod, ParamsOf, ResultOf } from '../../protocol/index.ts';
import type { Session } from '../../session/session.ts';

type Served = Extract<ClientMethod, { by: 'service' }>;
type Answer<M extends Served> = Promise<ResultOf<M>> | ResultOf<M>;

interface SubjectOf {
  daemon: [];
  session: [session: Session];
  command: [command: RunningCommand];
}

type Handler<M extends Served> = (...args: [...SubjectOf[M['subject']], params: ParamsOf<M>, signal: AbortSignal]) => Answer<M>;

/** One handler for each method that the service serves. If one is missing, the daemon does not compile. */
export type Handlers = { readonly [Name in Served['name']]: Handler<Extract<Served, { name: Name }>> };
