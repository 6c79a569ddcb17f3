/** Scans what a connection runs: findings are told to the client, and those that the policy names are blocked. */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Scan, Scanned } from '../command/script.ts';
import { denied } from '../policy/policy.ts';
import { judge, blocked, type ScanPolicy } from '../policy/scan.ts';
import { CommandDiagnostics, type Diagnostic, ProtocolError, scanSeverities } from '../protocol/index.ts';
import type { Finding } from '../scan/finding.ts';
import { ScanFault, type TextScanner } from '../scan/scanner.ts';
import type { Session } from '../session/session.ts';
import type { Client } from '../wire/service.ts';

export interface ScanningParts {
  /** What holds at each moment. */
  readonly policy: ScanPolicy;
  /** The client of a session at this moment. */
  clientOf(session: Session): Pick<Client, 'capabilities' | 'notify'>;
  readonly clock: Clock;
  readonly log: Log;
  scanner(): Promise<TextScanner>;
}

/** A run that goes on is scanned after this time, and one that is shorter when it has ended. So no run competes with its own scan when it begins. */
const ADVICE_AFTER_MS = 300;

export function scanning(parts: ScanningParts): Scan {
  const { policy, clientOf } = parts;
  return (session, scanned) => {
    if (policy.mode === 'block') return block(parts, session, scanned);
    if (policy.mode === 'off' || !clientOf(session).capabilities.command?.diagnostics) return undefined;
    void advise(parts, session, scanned);
    return undefined;
  };
}

/** @throws ProtocolError PolicyDenied */
async function block(parts: ScanningParts, session: Session, scanned: Scanned): Promise<void> {
  const { policy } = parts;
  const findings = await find(parts, session, scanned).catch((fault: unknown) => {
    if (!(fault instanceof ScanFault)) throw fault;
    tell(parts, session, scanned, [], fault.message);
    throw refused('unscanned', `the code was not run, because it has to be scanned before: ${fault.message}`, []);
  });
  tell(parts, session, scanned, findings);
  const [worst, ...others] = blocked(policy, findings).sort((one, other) => scanSeverities.indexOf(one.severity) - scanSeverities.indexOf(other.severity));
  if (!worst) return;
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  const { range: { start }, message } = worst;
  throw refused(worst.rule, `the code was not run, because the configuration refuses it: line ${start.line + 1}, column ${start.character + 1}: ${message} (${worst.rule}${more})`, [worst, ...others].map(toDiagnostic));
}

async function advise(parts: ScanningParts, session: Session, scanned: Scanned): Promise<void> {
  let stop = () => undefined as void;
  await Promise.race([scanned.done, new Promise<void>((resolve) => (stop = parts.clock.after(ADVICE_AFTER_MS, resolve)))]);
  stop();
  try {
    tell(parts, session, scanned, await find(parts, session, scanned));
  } catch (fault) {
    if (!(fault instanceof ScanFault)) parts.log.error('scanning failed', fault);
    tell(parts, session, scanned, [], fault instanceof ScanFault ? fault.message : 'the text could not be scanned');
  }
}

/** @throws ScanFault */
async function find({ policy, scanner }: ScanningParts, session: Session, { language, path, code }: Scanned): Promise<Finding[]> {
  const text = code ?? (await read(session, path, policy.maxBytes));
  if (Buffer.byteLength(text) > policy.maxBytes) throw new ScanFault(`it is larger than ${policy.maxBytes} bytes (scan.maxBytes)`);
  return judge(policy, await (await scanner()).scan({ language, path, code: text }));
}

async function read({ sandbox }: Session, path: string, maxBytes: number): Promise<string> {
  try {
    return (await sandbox.files.read(path, 0, maxBytes + 1)).bytes.toString();
  } catch (fault) {
    throw new ScanFault(`${path} could not be read (${fault instanceof ProtocolError ? fault.kind : 'the sandbox failed'})`);
  }
}

function tell({ clientOf }: ScanningParts, session: Session, { commandId, path, language }: Scanned, findings: readonly Finding[], skipped?: string): void {
  const client = clientOf(session);
  if (!client.capabilities.command?.diagnostics) return;
  void client.notify(CommandDiagnostics, {
    sessionId: session.id, commandId, ...(path === undefined ? {} : { path }), language, diagnostics: findings.map(toDiagnostic), ...(skipped === undefined ? {} : { skipped }),
  });
}

export function toDiagnostic({ rule, severity, message, url, range }: Finding): Diagnostic {
  return {
    range, severity: (scanSeverities.indexOf(severity) + 1) as Diagnostic['severity'], code: rule,
    ...(url === undefined ? {} : { codeDescription: { href: url } }), source: 'codebeaker', message,
  };
}

function refused(rule: string, message: string, findings: readonly Diagnostic[]): ProtocolError {
  return denied('scan', message, { rule, findings });
}
