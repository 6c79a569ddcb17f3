/** A step of the gate: it records each call that does something: that it began, and how it ended, in one record if that was within a moment. Where nothing can be recorded, the policy may have it refused. */
import type { Audit } from '../../audit/audit.ts';
import { fieldsOfParams, fieldsOfResult, isRecorded, kindOf, mayBeRefused } from '../../audit/calls.ts';
import { asDenial, Denials } from '../../audit/denials.ts';
import type { Fields } from '../../audit/entry.ts';
import type { Clock } from '../../base/clock.ts';
import { denied } from '../../policy/policy.ts';
import { errorOf, type Step } from './gate.ts';

export interface AuditParts {
  readonly audit: Audit;
  readonly visit: string;
  readonly clock: Clock;
}

export function audit({ audit: log, visit, clock }: AuditParts): Step {
  const denials = new Denials(log, visit);
  const recorded: Step = async (call, next) => {
    const { method, params } = call;
    const id = log.nextCall();
    const kind = kindOf(method);
    const begin = clock.monotonic();
    const { sessionId } = params as { sessionId?: string };
    const common = { visit, sessionId, call: id, method: method.name };
    const began = log.record({ kind, event: 'began', fields: () => ({ ...common, ...fieldsOfParams(method, params) }) });
    if (log.refuses && mayBeRefused(method)) requireWritten(log);
    const ended = (fields: () => Fields) => {
      const durationMs = Math.round(clock.monotonic() - begin);
      if (began.replace({ kind, event: 'done', fields: () => ({ ...common, durationMs, ...fieldsOfParams(method, params), ...fields() }) })) return;
      log.record({ kind, event: 'ended', fields: () => ({ ...common, durationMs, ...fields() }) });
    };
    try {
      const result = await next();
      ended(() => fieldsOfResult(method, result));
      return result;
    } catch (fault) {
      const denial = asDenial(fault);
      if (denial) denials.record(method, params, denial, began.replace(undefined) ? undefined : id);
      else ended(() => ({ error: errorOf(call, fault) }));
      throw fault;
    }
  };
  const unrecorded: Step = ({ method, params }, next) => next().catch((fault: unknown) => {
    const denial = asDenial(fault);
    if (denial) denials.record(method, params, denial, undefined);
    throw fault;
  });
  return (call, next) => (isRecorded(call.method) ? recorded(call, next) : unrecorded(call, next));
}

/** @throws ProtocolError PolicyDenied */
function requireWritten(log: Audit): void {
  const reason = log.flush();
  if (!reason) return;
  throw denied('audit', `nothing may begin that can't be recorded, and the audit log can't be written: ${reason.words} (${reason.code}); mend that, or set audit.onFailure to continue in the configuration file`, { rule: 'audit.onFailure' });
}
