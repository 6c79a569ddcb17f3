/** Clients that others wrote converse with the daemon: from initialize to exit, with output, an error and a cancellation (C1). */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { controlGroups, daemonEnvironment, folders, processes, until } from '../e2e/environment.ts';
import { daemonPath } from '../e2e/raw-client.ts';
import { bundles, need, program } from '../require.ts';
import { type Client, clients } from './table.ts';

/** It prints a line, waits for one, and prints that: so its output must have come while it was running. */
const PROGRAM = 'echo one; read -r line; echo "$line"; exit 7';
const FILE_NOT_FOUND = 1021;
/** A client that has not ended by then is killed. */
const DEADLINE_MS = 40_000;

describe('the daemon, with a client that others wrote', () => {
  let folder: string;
  const text = (name: string) => readFileSync(join(folder, name), 'utf8');

  before(need('the bundles', bundles));
  before(need('bubblewrap', program('bwrap')));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'clients-'));
    writeFileSync(join(folder, 'daemon'), daemonScript(folder));
    chmodSync(join(folder, 'daemon'), 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function converse({ command: [name = '', ...args], env }: Client): Promise<string> {
    const given = { ...process.env, ...daemonEnvironment(), ...env, DAEMON: join(folder, 'daemon'), REPORT: join(folder, 'report'), PROGRAM };
    const client = spawn(name, args, { env: given, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], timeout: DEADLINE_MS, killSignal: 'SIGKILL' });
    let said = '';
    for (const stream of [client.stdout, client.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await new Promise((resolve) => client.on('close', resolve));
    return said;
  }

  for (const [name, client] of Object.entries(clients)) {
    describe(name, () => {
      before(need(name, client.probe));
      it('holds a whole conversation, after which nothing is left', async () => {
        const said = await converse(client);
        const report: unknown = await new Promise((resolve) => resolve(JSON.parse(text('report')))).catch(() => said);
        expect(report, said).to.deep.equal({
          output: 'one\ntwo\n', exitCode: 7, error: FILE_NOT_FOUND, closed: true,
          ...(client.cancels ? { cancelled: 'cancelled' } : {}),
          ...(client.kills ? {} : { daemon: 0 }),
        });
        expect(text('stderr')).to.equal('');
        if (!client.kills) expect(text('status')).to.equal('0\n');
        const daemon = Number(text('pid'));
        await until('nothing is left', () => processes(`codebeaker-${daemon}-`).length === 0 && folders(daemon).length === 0 && controlGroups(daemon).length === 0);
        expect(processes(daemonPath)).not.to.include(daemon);
      });
    });
  }
});

/** What a client starts as the daemon: it records the daemon's process id, its stderr and its exit code. */
function daemonScript(folder: string): string {
  return [
    '#!/bin/sh',
    'exec 3<&0',
    `'${process.execPath}' '${daemonPath}' --stdio <&3 2>'${folder}/stderr' &`,
    `echo $! >'${folder}/pid'`,
    'exec 3<&- >&-',
    'wait $!',
    'status=$?',
    `echo $status >'${folder}/status'`,
    'exit $status',
    '',
  ].join('\n');
}
