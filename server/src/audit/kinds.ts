/** The kinds of records. */

export const auditKinds = ['log', 'client', 'session', 'command', 'file', 'install', 'port', 'network', 'denial'] as const;
export type AuditKind = (typeof auditKinds)[number];
