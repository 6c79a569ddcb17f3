/** The kinds of records. The command line knows them without loading anything else of the audit log. */

export const auditKinds = ['log', 'client', 'session', 'command', 'file', 'install', 'port', 'network', 'denial'] as const;
export type AuditKind = (typeof auditKinds)[number];
