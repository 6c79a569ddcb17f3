/** The shapes of scanning: what was found in code before or while it runs, and what the configuration says of it. */
import type { Diagnostic as LspDiagnostic } from 'vscode-languageserver-protocol';
import * as z from 'zod/mini';
import { keepingAll } from './keeping-all.ts';
import { LanguageId } from './languages.ts';
import { later } from './later.ts';
import type { ShapeNotes } from './note.ts';
import { count, positive } from './values.ts';

/** From the worst to the mildest, in the order of LSP's DiagnosticSeverity, which counts from 1. */
export const scanSeverities = ['error', 'warning', 'information', 'hint'] as const;
export const ScanSeverity = z.enum(scanSeverities);
export type ScanSeverity = z.infer<typeof ScanSeverity>;

export const scanCategories = ['credential', 'evaluation', 'command', 'deserialization', 'tls', 'sql', 'metadata', 'obfuscation', 'destruction', 'exhaustion', 'mining'] as const;
export const ScanCategory = z.enum(scanCategories);
export type ScanCategory = z.infer<typeof ScanCategory>;

export const scanModes = ['off', 'advise', 'block'] as const;
export const ScanMode = z.enum(scanModes);
export type ScanMode = z.infer<typeof ScanMode>;

const position = () => z.object({ line: count(), character: count() });

/** `Diagnostic` of LSP, with the members that are always there. */
export const Diagnostic = later(() => z.object({
  range: z.object({ start: position(), end: position() }),
  severity: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]),
  code: z.string(),
  codeDescription: z.optional(z.object({ href: z.string() })),
  source: z.literal('codebeaker'),
  message: z.string(),
}));
export type Diagnostic = z.infer<typeof Diagnostic>;
({}) as Diagnostic satisfies LspDiagnostic;

export const CommandDiagnosticsParams = later(() => z.object({
  sessionId: z.string(),
  commandId: z.string(),
  path: z.optional(z.string()),
  language: LanguageId,
  diagnostics: z.array(Diagnostic),
  skipped: z.optional(z.string()),
}));
export type CommandDiagnosticsParams = z.infer<typeof CommandDiagnosticsParams>;

/** Larger texts are never scanned, whatever the configuration says. */
export const MAX_SCAN_BYTES = 1024 * 1024;

export const ScanConfig = later(() => z.strictObject({
  mode: z.optional(ScanMode),
  block: z.optional(z.strictObject({ severity: z.optional(ScanSeverity), categories: z.optional(z.array(ScanCategory)) })),
  rules: z.optional(keepingAll(z.record(z.string().check(z.regex(/^[a-z]+\/[a-z0-9-]+$/, 'a rule is named as in python/unsafe-yaml')), z.enum(['off', ...scanSeverities])))),
  maxBytes: z.optional(positive().check(z.lte(MAX_SCAN_BYTES))),
}));
export type ScanConfig = z.infer<typeof ScanConfig>;

/** The notes of these shapes (see notes.ts). */
export const scanNotes = (): ShapeNotes => ({
  ScanSeverity: { '': 'How bad a finding is: `error`, `warning`, `information` or `hint`.' },
  ScanCategory: { '': 'What a finding is about: `credential`, `evaluation`, `command`, `deserialization`, `tls`, `sql`, `metadata`, `obfuscation`, `destruction`, `exhaustion` or `mining`.' },
  ScanMode: { '': 'What scanning does: `off` nothing, `advise` tells what it finds, `block` also refuses to run it.' },
  Diagnostic: {
    '': 'A finding in code, as a Diagnostic of LSP.',
    range: 'Where it is, in lines and UTF-16 code units, both counted from 0.',
    severity: '1 error, 2 warning, 3 information, 4 hint.',
    code: 'The rule, such as `python/unsafe-yaml`. The page docs/scanning.md lists the rules.',
    codeDescription: 'Where more is said of the weakness.',
    message: 'What was found and what is better. A credential that was found is never repeated in it.',
  },
  CommandDiagnosticsParams: {
    path: 'The `path` of the command. Absent: its `code` or its command line.',
    language: 'The language as which the text was read.',
    diagnostics: 'What was found, in the order of the text, at most 100. Empty: nothing.',
    skipped: 'Why the text was not scanned. Then `diagnostics` is empty.',
  },
  ScanConfig: {
    '': 'Whether code that runs is scanned for dangerous patterns and credentials.',
    mode: '`off`, `advise` (findings are sent to clients that want them, and delay nothing), or `block` (findings that `block` names are refused before anything runs). A project’s file and a client can only make it stricter. Default: `advise`.',
    block: 'What is refused with the mode `block`: findings of this `severity` or a worse one, and findings of these `categories`. Default: the severity `error`; where only `categories` are given, only those.',
    'block.severity': 'Findings of this severity, or a worse one. Default: `error`, unless `categories` are given.',
    'block.categories': 'Findings of these categories, whatever their severity. Default: none.',
    rules: 'For each rule that is not to count as it is: `off`, or its severity. A project’s file and a client can only raise one. Default: each counts as it is.',
    maxBytes: 'Larger texts are not scanned, and with the mode `block` they are refused. Default: 262 144 (256 KiB). At most 1 MiB.',
  },
});
