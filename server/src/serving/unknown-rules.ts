/** Warns of rules that the configuration names and scanning does not have. This file is loaded only if a configuration names rules. */
import type { Log } from '../base/log.ts';
import type { ScanPolicy } from '../policy/scan.ts';
import { unknownRules } from '../scan/known.ts';
import type { Client } from '../wire/service.ts';

export function warnOfUnknownRules({ rules, raised }: ScanPolicy, client: Pick<Client, 'logMessage'>, log: Log): void {
  for (const { id, message } of unknownRules(new Set([...Object.keys(rules), ...Object.keys(raised)]))) {
    const warning = `scan.rules.${id} has no effect: ${message}; codebeaker config check finds such`;
    log.warn(warning);
    void client.logMessage(2, warning);
  }
}
