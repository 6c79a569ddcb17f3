/** Describes a session in the Sessions view: a short line, and a table as its tooltip. */
import type { Isolation, Session } from 'codebeaker/protocol';
import type { Code, vscode } from '../base/code.ts';
import { age, bytes, duration } from '../base/units.ts';

export function describe(session: Session, now: number): string {
  const { runtime, createdAt, limits } = session;
  return [runtime, age(now - Date.parse(createdAt)), bytes(limits.memoryBytes)].join(' · ');
}

export function details(code: Code, session: Session, now: number): vscode.MarkdownString {
  const { l10n } = code;
  const { label, sessionId, runtime, runtimeReason, image, createdAt, expiresAt, limits, network, isolation, commandCount } = session;
  const rows: [string, string][] = [
    [l10n.t('Runtime'), image === undefined ? runtime : `${runtime}, ${image}`],
    ...(runtimeReason === undefined ? [] : [[l10n.t('Why this runtime'), runtimeReason] satisfies [string, string]]),
    [l10n.t('Isolation'), l10n.t('{0} of 10', isolation.score)],
    [l10n.t('Age'), age(now - Date.parse(createdAt))],
    [l10n.t('Closes in'), age(Date.parse(expiresAt) - now)],
    [l10n.t('Network'), network.hosts?.length ? `${network.mode}: ${network.hosts.join(', ')}` : network.mode],
    [l10n.t('Memory'), bytes(limits.memoryBytes)],
    [l10n.t('Processors'), String(limits.cpus)],
    [l10n.t('Disk'), bytes(limits.diskBytes)],
    [l10n.t('Time limit'), limits.timeoutMs === 0 ? l10n.t('no limit') : duration(limits.timeoutMs)],
    [l10n.t('Commands'), String(commandCount)],
  ];
  const text = table(code, label ?? sessionId, rows);
  const weak = weakLayers(isolation);
  if (weak !== '') text.appendMarkdown(`\n${l10n.t('Not fully enforced')}: ${escapeCell(weak)}`);
  return text;
}

/** The layers of isolation that are not fully enforced, in one line; empty if all are. */
export function weakLayers({ layers }: Isolation): string {
  return layers.filter(({ state }) => state !== 'enforced').map(({ name, state }) => `${name} (${state})`).join(', ');
}

/** A table of two columns below a title. */
export function table(code: Code, title: string, rows: readonly (readonly [name: string, value: string])[]): vscode.MarkdownString {
  const text = new code.MarkdownString();
  text.appendMarkdown('**').appendText(title).appendMarkdown('**\n\n| | |\n|---|---|\n');
  for (const [name, value] of rows) text.appendMarkdown(`| ${name} | ${escapeCell(value)} |\n`);
  return text;
}

function escapeCell(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+!|<>]/g, '\\$&');
}
