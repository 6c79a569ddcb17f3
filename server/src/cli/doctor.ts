/** `codebeaker doctor`: what this machine can run, how well it is isolated, and what to do about what is missing. */
import type { RuntimeInfo } from '../protocol/index.ts';
import type { Daemon } from './daemon.ts';

export async function doctor(daemon: Daemon, json: boolean, write: (text: string) => void): Promise<number> {
  await daemon.looked;
  const infos = daemon.runtimes.map((runtime) => runtime.info());
  await daemon.close();
  write(json ? `${JSON.stringify({ runtimes: infos })}\n` : table(infos));
  return infos.some(({ available }) => available) ? 0 : 1;
}

function table(infos: readonly RuntimeInfo[]): string {
  const rows = infos.map((info) => [
    info.id,
    info.available ? 'yes' : 'no',
    info.version ?? '-',
    info.available ? `${info.isolation.score}/10` : '-',
    info.languages.map(({ id }) => id).join(' ') || '-',
  ]);
  const lines = columns([['RUNTIME', 'READY', 'VERSION', 'ISOLATION', 'LANGUAGES'], ...rows], 80);
  const notes = infos.flatMap((info) => [
    ...(info.available ? [] : wrap(`${info.id}: ${info.reason ?? 'not available'}`, 80)),
    ...weak(info),
  ]);
  const end = infos.some(({ available }) => available)
    ? []
    : ['', 'Nothing can run code here. Install Docker, or run npm install to get Deno.'];
  return `${[...lines, ...(notes.length > 0 ? ['', ...notes] : []), ...end].join('\n')}\n`;
}

/** What an available runtime enforces less than fully. */
function weak({ id, available, isolation }: RuntimeInfo): string[] {
  const layers = isolation.layers.filter(({ state }) => state !== 'enforced');
  if (!available || layers.length === 0) return [];
  return wrap(`${id}: not fully enforced: ${layers.map(({ name, state }) => `${name} (${state})`).join(', ')}`, 80);
}

/** Aligned columns; the last one is wrapped under itself. */
function columns(rows: readonly (readonly string[])[], width: number): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const indent = widths.slice(0, -1).reduce((sum, each) => sum + each + 2, 0);
  return rows.flatMap((row) => {
    const head = row.slice(0, -1).map((cell, column) => cell.padEnd((widths[column] ?? 0) + 2)).join('');
    return wrap(row.at(-1) ?? '', width - indent).map((line, index) => (index === 0 ? head : ' '.repeat(indent)) + line);
  });
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
