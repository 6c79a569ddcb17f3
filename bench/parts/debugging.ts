/** How long it takes from `debug/start` until a program stands before its first line, compared with the same debugger without a sandbox and with a run. */
import { strict as assert } from 'node:assert';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProtocolDebug } from '../../test/debug/dap-client.ts';
import type { RawClient } from '../../test/e2e/raw-client.ts';
import type { Bench, Part } from '../bench.ts';
import { alternate, type Side } from '../measure.ts';
import { DebuggerProcess, plainDebugger, toFirstLine } from '../peers/debugger.ts';
import { hellos } from '../peers/plain.ts';
import { percentiles, type Row, row, type Skipped } from '../row.ts';

/** A person pauses at least as long between two sessions. In this time the next debugger starts. */
const PAUSE_MS = 1000;
/** An empty pool would mean that nothing is prepared in advance. */
const prepared = { pool: { native: { python: 1 } } };

const cases = [['docker', 'python'], ['native', 'python'], ['docker', 'javascript'], ['native', 'javascript']] as const;
type Case = { readonly runtime: string; readonly language: 'python' | 'javascript' };

export const debugging: Part = {
  name: 'debugging',
  async run(bench) {
    const warm = await bench.daemon(prepared, { debug: { adapter: true } });
    const cold = await bench.daemon({}, { debug: { adapter: true } });
    const rows: (Row | Skipped)[] = [];
    for (const [runtime, language] of cases) rows.push(...(await begin(bench, { warm, cold }, { runtime, language })));
    return rows;
  },
};

async function begin(bench: Bench, { warm, cold }: { readonly warm: RawClient; readonly cold: RawClient }, { runtime, language }: Case): Promise<(Row | Skipped)[]> {
  const name = `debug/start of a ${language} hello world in ${runtime} until it stands before its first line`;
  bench.say(name);
  const floor = await plainDebugger(language);
  const lack = await bench.lacks(runtime);
  if (lack !== undefined || !floor) return [{ name, against: floor?.name ?? '', skipped: lack ?? `this machine has no debugger for ${language}` }];
  const [ahead, fresh] = [new Debugged(warm, language), new Debugged(cold, language)];
  await Promise.all([ahead.create(runtime), fresh.create(runtime)]);
  const file = join(bench.folder, hellos[language].file);
  writeFileSync(file, hellos[language].source);
  let other: DebuggerProcess;
  const sides: Record<'ahead' | 'fresh' | 'plain' | 'run', Side> = {
    ahead: { run: () => ahead.begin(), after: () => ahead.end() },
    fresh: { run: () => fresh.begin(), after: () => fresh.end() },
    plain: {
      run: async () => {
        other = new DebuggerProcess(floor.command);
        await toFirstLine(other.client, floor.launch(file));
      },
      after: async () => {
        await other.client.ask('disconnect', { terminateDebuggee: true });
        await other.end();
      },
    },
    run: { run: () => fresh.runCode() },
  };
  const times = await alternate(sides, { runs: bench.few, pauseMs: PAUSE_MS });
  await Promise.all([ahead.close(), fresh.close()]);
  return [
    row({ name, against: floor.name, ours: times.ahead, theirs: times.plain, note: ahead.note }),
    row({ name: `${name}, nothing prepared`, against: floor.name, ours: times.fresh, theirs: times.plain, note: fresh.note }),
    row({ name, against: 'command/runCode of the same program, nothing prepared', ours: times.ahead, theirs: times.run }),
  ];
}

const STEPS = ['debug/start', 'initialize', 'initialized', 'stopped'] as const;

/** Debugs the hello world of a language in one session, again and again. */
class Debugged {
  readonly #client: RawClient;
  readonly #language: Case['language'];
  readonly #steps = new Map<string, number[]>(STEPS.map((step) => [step, []]));
  #sessionId = '';
  #debug: ProtocolDebug | undefined;
  #count = 0;

  constructor(client: RawClient, language: Case['language']) {
    this.#client = client;
    this.#language = language;
  }

  async create(runtime: string): Promise<void> {
    this.#sessionId = (await this.#client.request('session/create', { runtime, language: this.#language })).sessionId;
  }

  async begin(): Promise<void> {
    const debugId = `${this.#sessionId}-${this.#count++}`;
    this.#client.onNotification = () => undefined;
    this.#debug = new ProtocolDebug(this.#client, debugId, { checked: false });
    let last = performance.now();
    const passed = (step: string) => {
      const now = performance.now();
      this.#steps.get(step)?.push(now - last);
      last = now;
    };
    await this.#client.request('debug/start', { sessionId: this.#sessionId, code: hellos[this.#language].source, stopOnEntry: true, debugId });
    passed('debug/start');
    await toFirstLine(this.#debug.client, {}, passed);
  }

  async end(): Promise<void> {
    await this.#debug?.client.ask('disconnect');
    await this.#debug?.ended;
  }

  async runCode(): Promise<void> {
    assert.equal((await this.#client.request('command/runCode', { sessionId: this.#sessionId, code: hellos[this.#language].source })).stdout, 'hello\n');
  }

  async close(): Promise<void> {
    await this.#client.request('session/close', { sessionId: this.#sessionId });
  }

  /** How long each step took. */
  get note(): string {
    return [...this.#steps].map(([step, times]) => `${step} ${percentiles(times).p50.toFixed(0)} ms`).join(', then ');
  }
}
