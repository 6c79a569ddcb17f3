/** A step of the gate that is there only while traces are collected: it tells of each request, with the command and the programs that it ran. */
import type { Clock } from '../../base/clock.ts';
import type { EventStream } from '../../events/events.ts';
import type { SpanRecord, Tracer } from '../../telemetry/spans.ts';
import { errorOf, type Step } from './gate.ts';

export interface SpanParts {
  readonly visit: string;
  readonly tracer: Tracer;
  readonly events: EventStream;
  readonly clock: Clock;
}

/** What is known of a command or a new session, by its id. Times are by the monotonic clock. */
interface Known {
  readonly begin: number;
  end: number;
  readonly runtime: string;
  /** Whether it is a sandbox that was prepared in advance. */
  readonly warm: boolean;
}

/** Whoever does not ask for what is known of a command is not waited for. */
const MAX_KNOWN = 1_000;

interface Result {
  readonly sessionId?: string;
  readonly commandId?: string;
  readonly outcome?: string;
  readonly durationMs?: number;
  readonly phases?: readonly { readonly name: string; readonly durationMs: number }[];
}

/** Calling `stop` ends the listening of the step. */
export function span({ visit, tracer, events, clock }: SpanParts): { readonly step: Step; stop(): void } {
  const known = new Map<string, Known>();
  const know = (id: string, about: Known) => {
    known.set(id, about);
    const [oldest] = known.keys();
    if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
  };
  const stop = events.listen((event) => {
    const now = clock.monotonic();
    if (event.kind === 'sessionMade' && event.session.visit === visit) know(event.session.sessionId, { begin: now - event.tookMs, end: now, ...event.session });
    else if (event.kind === 'commandBegan' && event.command.visit === visit) know(event.command.commandId, { begin: now, end: now, ...event.command });
    else if (event.kind === 'commandEnded' && event.command.visit === visit) {
      const command = known.get(event.command.commandId);
      if (command) command.end = now;
    }
  });

  const step: Step = async (call, next) => {
    const { method: { kind, name, effect }, params, traceparent } = call;
    if (kind === 'notification') return next();
    const begin = clock.monotonic();
    const epoch = clock.now() - begin;
    const { sessionId, commandId } = params as Result;
    const told = (result: Result, error?: string) => {
      const id = (effect === 'makes' ? result.sessionId : result.commandId) ?? '';
      const about = known.get(id);
      known.delete(id);
      tracer.record({
        name, start: epoch + begin, end: epoch + clock.monotonic(), error, parts: about ? [partOf(about, result, epoch, effect === 'makes')] : [],
        attributes: { 'rpc.system': 'jsonrpc', 'rpc.method': name, 'error.type': error, 'codebeaker.visit': visit, 'codebeaker.request': call.request, 'codebeaker.session': sessionId ?? result.sessionId, 'codebeaker.command': commandId ?? result.commandId, 'codebeaker.outcome': result.outcome },
      }, traceparent);
    };
    try {
      const result = await next();
      told(result ?? {});
      return result;
    } catch (fault) {
      told({}, errorOf(call, fault));
      throw fault;
    }
  };
  return { step, stop };
}

/** The sandbox that was made, or the command with the programs that it ran, one after the other. */
function partOf({ begin, end, runtime, warm }: Known, { phases, outcome, durationMs = end - begin }: Result, epoch: number, makes: boolean): SpanRecord {
  const attributes = { 'codebeaker.runtime': runtime };
  if (makes) return { name: 'sandbox', start: epoch + begin, end: epoch + end, attributes: { ...attributes, 'codebeaker.start': warm ? 'warm' : 'cold' }, parts: [] };
  let at = begin;
  const programs = (phases ?? [{ name: 'run', durationMs: Math.min(durationMs, end - begin) }]).map((phase): SpanRecord => {
    const start = at;
    at = Math.min(end, at + phase.durationMs);
    return { name: `${runtime} ${phase.name}`, start: epoch + start, end: epoch + at, attributes, parts: [] };
  });
  return { name: 'command', start: epoch + begin, end: epoch + end, attributes: { ...attributes, 'codebeaker.outcome': outcome }, parts: programs };
}
