/** Records who the client of a visit is, and tells that client when nothing can be recorded any more. */
import type { Audit } from '../../audit/audit.ts';
import { asDenial, ruleOf } from '../../audit/denials.ts';
import { Initialize, type InitializeParams } from '../../protocol/index.ts';
import type { Client } from '../../wire/service.ts';

/** Records that a client asked for more in `initialize` than the rules allow. */
export function recordRefused(audit: Audit, { clientInfo, processId }: InitializeParams, fault: unknown): void {
  const denial = asDenial(fault);
  if (!denial) return;
  audit.record({ kind: 'denial', event: 'refused', fields: { method: Initialize.name, error: denial.kind, rule: ruleOf(denial), name: clientInfo?.name, version: clientInfo?.version, processId } });
}

/** Calling the returned function records that the client has left, and ends it. */
export function recordVisit(audit: Audit, visit: string, { clientInfo, processId, trusted, workspaceFolders }: InitializeParams, client: Client): () => void {
  audit.record({
    kind: 'client', event: 'connected',
    fields: { visit, name: clientInfo?.name, version: clientInfo?.version, processId, trusted: trusted ?? true, folders: workspaceFolders?.map(({ uri }) => uri) },
  });
  const stop = audit.onTrouble(({ code, words }) => {
    const effect = audit.refuses ? 'Until that is mended, nothing is run or written' : 'Until that is mended, work goes on without being recorded';
    void client.showMessage(2, `CodeBeaker can't write its audit log: ${words} (${code}). ${effect}.`);
  });
  return () => {
    stop();
    audit.record({ kind: 'client', event: 'left', fields: { visit } });
  };
}
