/** `codebeaker scan FILE...`: shows what scanning finds in files, without running them. */
import { readFile, stat } from 'node:fs/promises';
import { createLog } from '../base/log.ts';
import { languageOfPath } from '../command/language.ts';
import { loadConfig } from '../policy/config-file.ts';
import { isAtLeast, judge, scanPolicy } from '../policy/scan.ts';
import type { Finding } from '../scan/finding.ts';
import { ScanFault, Scanner } from '../scan/scanner.ts';
import { startThread } from '../scan/worker.ts';
import type { ScanArguments } from './actions.ts';
import { findingLine } from './findings.ts';
import { languageOfShebang } from './shebang.ts';
import type { Surroundings } from './surroundings.ts';

interface Scanned {
  readonly file: string;
  readonly findings: readonly Finding[];
  /** Why it was not scanned. */
  readonly skipped?: string;
}

/** @returns the exit code: 1 where something of the severity or worse was found, or a file could not be scanned */
export async function scan(surroundings: Surroundings, { files, language, severity, json, config }: ScanArguments, print: (text: string) => Promise<number>): Promise<number> {
  const { env, home, clock } = surroundings;
  const policy = scanPolicy(loadConfig({ flag: config, env, home }));
  const scanner = new Scanner({ start: startThread, clock, log: createLog('error', surroundings.writeLog) });
  const look = async (file: string): Promise<Scanned> => {
    const bytes = await contentOf(file, policy.maxBytes);
    const known = language ?? languageOfPath(file) ?? languageOfShebang(bytes);
    if (!known) throw new ScanFault('its extension and its first line do not say which language it is; --language does');
    return { file, findings: judge(policy, await scanner.scan({ language: known, path: file, code: bytes.toString() })) };
  };
  const all: Scanned[] = [];
  try {
    for (const file of files) {
      all.push(await look(file).catch((fault: unknown) => {
        if (!(fault instanceof ScanFault)) throw fault;
        return { file, findings: [], skipped: fault.message };
      }));
    }
  } finally {
    await scanner.close();
  }
  const bad = all.some(({ findings, skipped }) => skipped !== undefined || findings.some((finding) => isAtLeast(finding.severity, severity)));
  const text = json ? `${JSON.stringify({ files: all })}\n` : all.flatMap((each) => linesFor(each)).join('');
  return (await print(text)) || (bad ? 1 : 0);
}

/** @throws ScanFault */
async function contentOf(file: string, maxBytes: number): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > maxBytes) throw new ScanFault(`it is larger than ${maxBytes} bytes (scan.maxBytes)`);
    return await readFile(file);
  } catch (fault) {
    if (fault instanceof ScanFault) throw fault;
    throw new ScanFault(`it cannot be read (${(fault as { code?: string }).code})`);
  }
}

function linesFor({ file, findings, skipped }: Scanned): string[] {
  if (skipped !== undefined) return [`${file}: it was not scanned: ${skipped}\n`];
  return findings.map((finding) => `${findingLine(file, { ...finding, code: finding.rule })}\n`);
}
