/** `codebeaker doctor`: shows what this machine can run, how well it is isolated, and what to do about what is missing. */
import type { RuntimeInfo } from '../protocol/index.ts';
import type { DebuggerReport } from '../debug/host.ts';
import { calibrate } from '../runtime/choice/calibrate.ts';
import type { Daemon } from './daemon.ts';
import { type LanguageReport, languageReports, languageTable } from './doctor-languages.ts';
import { weaknessNotes } from './doctor-weaknesses.ts';
import { installCommand } from './install.ts';
import type { Surroundings } from './surroundings.ts';
import { columns, wrap } from './text.ts';

const WIDTH = 80;

export async function doctor(daemon: Daemon, { clock, env }: Pick<Surroundings, 'clock' | 'env'>, json: boolean, print: (text: string) => Promise<number>): Promise<number> {
  const { catalog, runtimes, log } = daemon;
  await catalog.lookAtAll();
  // The runtimes are measured one after the other, because they would slow each other down.
  for (const runtime of runtimes.filter((each) => each.info().available)) {
    await calibrate(runtime, clock, (quantity, value) => catalog.record(runtime.id, quantity, value))
      .catch((fault: unknown) => log.warn(`${runtime.id} could not be measured`, fault));
  }
  const infos = catalog.infos();
  const languages = languageReports(catalog, infos, (language) => installCommand(language, env.PATH));
  const debuggers = await (await daemon.debuggers()).report(infos);
  await daemon.close();
  const printed = await print(json ? `${JSON.stringify({ runtimes: infos, languages, debug: debuggers.map(({ language, runtimes, hint }) => ({ language, here: runtimes.length > 0, runtimes, ...(runtimes.length > 0 ? {} : { hint }) })) })}\n` : report(infos, languages, debuggers));
  return printed || (infos.some(({ available }) => available) ? 0 : 1);
}

function report(infos: readonly RuntimeInfo[], languages: readonly LanguageReport[], debuggers: readonly DebuggerReport[]): string {
  const ready = infos.filter(({ available }) => available);
  const notes = [...missing(infos), ...infos.flatMap(weak)];
  const holes = weaknessNotes(infos).flatMap((text) => wrap(text, WIDTH));
  const end = ready.length > 0 ? [] : ['No runtime is available. Install Docker, or run npm install to get Deno.'];
  const parts = [table(infos), languageTable(languages, WIDTH), debugging(debuggers), ready.length > 0 ? figures(ready) : [], notes, holes, end];
  return `${parts.filter((lines) => lines.length > 0).map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function table(infos: readonly RuntimeInfo[]): string[] {
  const rows = infos.map((info) => [
    info.id,
    info.available ? 'yes' : 'no',
    info.version ?? '-',
    info.available ? `${info.isolation.score}/10` : '-',
    info.languages.map(({ id }) => id).join(' ') || '-',
  ]);
  return columns([['RUNTIME', 'READY', 'VERSION', 'ISOLATION', 'LANGUAGES'], ...rows], WIDTH);
}

/** What this machine can debug and in which runtimes, and how to get the rest. */
function debugging(debuggers: readonly DebuggerReport[]): string[] {
  const here = debuggers.filter(({ runtimes }) => runtimes.length > 0);
  const lines = here.length > 0 ? [`Programs can be debugged (codebeaker dap): ${here.map(({ language, runtimes }) => `${language} in ${runtimes.join(', ')}`).join('; ')}.`] : [];
  return [...lines, ...debuggers.filter(({ runtimes }) => runtimes.length === 0).map(({ language, hint }) => `To debug ${language}: ${hint}.`)].flatMap((line) => wrap(line, WIDTH));
}

/** How long each runtime takes to create a sandbox and to run the first program in it, and the memory of an idle sandbox. */
function figures(infos: readonly RuntimeInfo[]): string[] {
  const rows = infos.map(({ id, startup, memoryBytes }) => [
    id,
    `${Math.round(startup.coldMs)} ms`,
    `${Math.round(startup.warmMs)} ms`,
    `${(memoryBytes / 2 ** 20).toFixed(1)} MiB`,
    startup.measured ? 'measured here' : 'estimated',
  ]);
  return columns([['RUNTIME', 'SANDBOX', 'FIRST PROGRAM', 'IDLE MEMORY', ''], ...rows], WIDTH).map((line) => line.trimEnd());
}

/** Why runtimes are not available. Runtimes with the same reason share a line. */
function missing(infos: readonly RuntimeInfo[]): string[] {
  const ids = new Map<string, string[]>();
  for (const { id, available, reason = 'not available' } of infos) if (!available) ids.set(reason, [...(ids.get(reason) ?? []), id]);
  return [...ids].flatMap(([reason, all]) => wrap(`${all.join(', ')}: ${reason}`, WIDTH));
}

/** The layers that an available runtime does not fully enforce. */
function weak({ id, available, isolation }: RuntimeInfo): string[] {
  const layers = isolation.layers.filter(({ state }) => state !== 'enforced');
  if (!available || layers.length === 0) return [];
  return wrap(`${id}: not fully enforced: ${layers.map(({ name, state }) => `${name} (${state})`).join(', ')}`, WIDTH);
}
