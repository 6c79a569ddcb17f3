/** How long a step takes in a program that is debugged, with all that an editor asks for then: the stack, the scopes and the variables. */
import { strict as assert } from 'node:assert';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DapClient, ProtocolDebug } from '../../test/debug/dap-client.ts';
import type { RawClient } from '../../test/e2e/raw-client.ts';
import type { Bench, Part } from '../bench.ts';
import { alternate } from '../measure.ts';
import { DebuggerProcess, plainDebugger, toFirstLine } from '../peers/debugger.ts';
import { type Row, row, type Skipped } from '../row.ts';

/** Programs that never end, and the most that a step may take in each. */
const programs: Readonly<Record<'python' | 'javascript' | 'go' | 'ruby', { readonly code: string; readonly p50: number }>> = {
  python: { code: 'total = 0\nwhile True:\n    total += 1\n    total -= 1\n', p50: 40 },
  javascript: { code: 'let total = 0;\nwhile (true) {\n  total += 1;\n  total -= 1;\n}\n', p50: 10 },
  go: { code: 'package main\n\nfunc main() {\n\ttotal := 0\n\tfor total < 5 {\n\t\ttotal += 1\n\t\ttotal -= 1\n\t}\n}\n', p50: 30 },
  ruby: { code: 'total = 0\nwhile true\n  total += 1\n  total -= 1\nend\n', p50: 10 },
};
type Language = keyof typeof programs;
/** What of them the debugger of this machine needs. */
const needs: Readonly<Partial<Record<Language, string>>> = { python: '/usr/lib/python3/dist-packages/debugpy/adapter/__main__.py', go: '/usr/bin/dlv' };

export const stepping: Part = {
  name: 'stepping',
  async run(bench) {
    const client = await bench.daemon({}, { debug: { adapter: true } });
    const rows: (Row | Skipped)[] = [];
    for (const runtime of ['docker', 'native']) {
      for (const language of Object.keys(programs) as Language[]) rows.push(await steps(bench, client, runtime, language));
    }
    return rows;
  },
};

async function steps(bench: Bench, client: RawClient, runtime: string, language: Language): Promise<Row | Skipped> {
  const name = `a step in ${language} in ${runtime}, with stack, scopes and variables`;
  bench.say(name);
  const needed = needs[language];
  const lack = (await bench.lacks(runtime)) ?? (needed === undefined || existsSync(needed) ? undefined : `this machine has no debugger for ${language}`);
  if (lack !== undefined) return { name, against: '', skipped: lack };
  const { code, p50 } = programs[language];
  const { sessionId } = await client.request('session/create', { runtime, language });
  client.onNotification = () => undefined;
  const debug = new ProtocolDebug(client, sessionId, { checked: false });
  await client.request('debug/start', { sessionId, code, stopOnEntry: true, debugId: sessionId });
  const floor = language === 'python' || language === 'javascript' ? await plainDebugger(language) : undefined;
  const plain = floor && new DebuggerProcess(floor.command);
  const file = join(bench.folder, `stepping.${language === 'python' ? 'py' : 'js'}`);
  if (floor) writeFileSync(file, code);
  const ours = { run: await stepper(debug.client, {}) };
  const theirs = floor && plain && { run: await stepper(plain.client, floor.launch(file)) };
  const times = await alternate<'ours' | 'theirs'>({ ours, theirs: theirs ?? { run: () => Promise.resolve() } }, { runs: bench.few * 4, pauseMs: 0 });
  await debug.client.ask('disconnect');
  await plain?.client.ask('disconnect', { terminateDebuggee: true });
  await plain?.end();
  await client.request('session/close', { sessionId });
  return row({ name, ours: times.ours, target: { p50 }, ...(floor ? { against: floor.name, theirs: times.theirs } : {}) });
}

/** Takes the program to where its variable is. The returned function takes a step, and asks for what an editor shows then. */
async function stepper(client: DapClient, launch: object): Promise<() => Promise<void>> {
  const first = client.event('stopped');
  await toFirstLine(client, launch);
  const { threadId } = await first;
  const step = async () => {
    const stopped = client.event('stopped');
    await client.ask('next', { threadId });
    await stopped;
    const [frame] = (await client.ask('stackTrace', { threadId })).stackFrames;
    const { scopes } = await client.ask('scopes', { frameId: frame.id });
    const inScopes = await Promise.all(scopes.filter(({ expensive }: { expensive: boolean }) => !expensive).map(({ variablesReference }: { variablesReference: number }) => client.ask('variables', { variablesReference })));
    assert.ok(inScopes.some(({ variables }) => variables.some((each: { name: string }) => each.name === 'total')), 'the variable is not there');
  };
  for (let at = 0; at < 3; at++) await step().catch(() => undefined);
  return step;
}
