/** `codebeaker usage`: what was used on this machine, by days, and what a program will probably use. */
import { join } from 'node:path';
import { EventStream } from '../events/events.ts';
import { createLog } from '../base/log.ts';
import { loadConfig } from '../policy/config-file.ts';
import { ownFolder } from '../policy/own-folder.ts';
import { createPolicy, type Policy } from '../policy/policy.ts';
import type { QuotaState, UsageEstimateResult, Used } from '../protocol/index.ts';
import { Allowances } from '../usage/allowances.ts';
import { nothing, sum } from '../usage/amounts.ts';
import { daysBefore } from '../usage/day.ts';
import { estimate } from '../usage/estimate.ts';
import { Journal } from '../usage/journal.ts';
import { Ledger } from '../usage/ledger.ts';
import { usedOf } from '../usage/prices.ts';
import { Runs } from '../usage/runs.ts';
import type { UsageArguments } from './actions.ts';
import { Exit } from './exit-codes.ts';
import { Report } from './report.ts';
import { countOpenSessions } from './open-sessions.ts';
import { CannotRun, findSource } from './source.ts';
import type { Surroundings } from './surroundings.ts';
import { columns, duration } from './text.ts';

type Print = (text: string) => Promise<number>;

const WIDTH = 100;

export async function usage(surroundings: Surroundings, args: UsageArguments, stdin: NodeJS.ReadableStream, print: Print): Promise<number> {
  const { env, home } = surroundings;
  const config = loadConfig({ flag: args.config, env, home });
  const stateFolder = config.stateDir ?? ownFolder('XDG_STATE_HOME', { env, home });
  const folder = join(stateFolder, 'usage');
  const policy = createPolicy(config);
  return args.file === undefined ? report(surroundings, args, stateFolder, policy, print) : foresee(surroundings, { ...args, file: args.file }, stdin, folder, policy, print);
}

async function report({ clock, writeLog }: Surroundings, { since, json }: UsageArguments, stateFolder: string, policy: Policy, print: Print): Promise<number> {
  const log = createLog('warn', writeLog);
  const ledger = new Ledger({ events: new EventStream(log), clock, log, journal: new Journal(join(stateFolder, 'usage')) });
  const first = daysBefore(clock.now(), since - 1);
  const days = [...(await ledger.days())].filter(([day]) => day >= first);
  const used = days.map(([day, amounts]) => ({ day, ...usedOf(amounts, policy.prices) }));
  const total = usedOf(days.map(([, amounts]) => amounts).reduce(sum, nothing), policy.prices);
  const { sessions } = policy.quotas;
  const open = sessions < Infinity ? [await countOpenSessions(stateFolder, clock, log).state(sessions)] : [];
  const quotas = [...open, ...new Allowances(policy.quotas, ledger).states()];
  if (json) return print(`${JSON.stringify({ days: used, total, quotas })}\n`);
  const hasCost = policy.prices !== undefined;
  const rows = [...used.map((each) => row(each.day, each, hasCost)), row('total', total, hasCost)];
  const head = ['DAY', 'SESSIONS', 'COMMANDS', 'PROCESSOR', 'MEMORY', 'OUTPUT', 'NETWORK', ...(hasCost ? ['COST'] : [])];
  const lines = [...columns([head, ...rows], WIDTH), ...(quotas.length > 0 ? [''] : []), ...quotas.map(quotaLine)];
  return print(lines.map((line) => `${line}\n`).join(''));
}

function row(name: string, { sessions = 0, commands, cpuSeconds, memoryGiBSeconds, outputBytes = 0, networkBytes = 0, estimatedCost: { amount, currency } }: Used, hasCost: boolean): string[] {
  const cells = [name, `${sessions}`, `${commands}`, `${cpuSeconds.toFixed(1)} s`, `${memoryGiBSeconds.toFixed(1)} GiB s`, size(outputBytes), size(networkBytes)];
  return hasCost ? [...cells, `${amount} ${currency}`] : cells;
}

function quotaLine({ quota, limit, used, resetsAt }: QuotaState): string {
  return `${quota}: ${used} of ${limit}${resetsAt === undefined ? '' : `, until ${resetsAt}`}`;
}

async function foresee({ clock, writeLog }: Surroundings, args: UsageArguments & { readonly file: string }, stdin: NodeJS.ReadableStream, folder: string, { prices }: Policy, print: Print): Promise<number> {
  try {
    const { language, file } = await findSource(args, stdin, new AbortController().signal);
    const pieces: Uint8Array[] = [];
    for await (const piece of file.pieces()) pieces.push(piece);
    const runs = new Runs({ folder: join(folder, 'runs'), clock, log: createLog('warn', writeLog) });
    const result = estimate({ language, program: Buffer.concat(pieces), runtime: args.runtime }, runs, prices);
    return await print(args.json ? `${JSON.stringify({ language, ...result })}\n` : foreseen(result, prices !== undefined, args.runtime).map((line) => `${line}\n`).join(''));
  } catch (fault) {
    if (!(fault instanceof CannotRun)) throw fault;
    writeLog(`codebeaker: ${fault.message}`);
    if (args.json) {
      const report = new Report();
      report.failed(fault, false);
      await print(report.line());
    }
    return Exit.notStarted;
  }
}

function foreseen({ basis, runs, durationMs, cpuSeconds, memoryBytes, cost }: UsageEstimateResult, hasCost: boolean, runtime: string | undefined): string[] {
  if (!durationMs || !cpuSeconds || !memoryBytes || !cost) return [`Nothing is known yet: no program in this language has been run ${runtime === undefined ? 'here' : `in ${runtime} here`}.`];
  const of = basis === 'program' ? 'of this program' : 'of other programs in this language';
  const rows = [
    ['duration', duration(durationMs.p50), duration(durationMs.p95)],
    ['processor', duration(cpuSeconds.p50 * 1000), duration(cpuSeconds.p95 * 1000)],
    ['memory', size(memoryBytes.p50), size(memoryBytes.p95)],
    ...(hasCost ? [['cost', `${cost.p50} ${cost.currency}`, `${cost.p95} ${cost.currency}`]] : []),
  ];
  return [`Told from the last ${runs === 1 ? 'run' : `${runs} runs`} ${of}:`, ...columns([['', 'HALF AT MOST', '95 IN 100 AT MOST'], ...rows], WIDTH)];
}

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

function size(bytes: number): string {
  const unit = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** unit).toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}
