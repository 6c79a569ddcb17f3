/** `codebeaker audit`: what it prints of a log, and its exit codes. */
import { expect } from 'chai';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditArguments } from '../../server/src/cli/actions.ts';
import { live } from '../../server/src/base/live.ts';
import { audit } from '../../server/src/cli/audit.ts';
import { createAudit, recordReload } from '../../server/src/cli/create-audit.ts';
import { sinceTime, UsageError } from '../../server/src/cli/quantities.ts';
import type { Surroundings } from '../../server/src/cli/surroundings.ts';
import type { Config } from '../../server/src/protocol/index.ts';
import { filesIn } from '../audit/log-bench.ts';
import { FakeClock } from '../fakes/clock.ts';
import { temporaryFolder } from '../policy/folder.ts';
import { recordingLog } from '../wire/server.ts';

describe('codebeaker audit', () => {
  const folder = temporaryFolder();
  const clock = new FakeClock();
  const state = () => join(folder(), 'codebeaker');
  const surroundings = () => ({ env: { XDG_STATE_HOME: folder(), XDG_CONFIG_HOME: folder() }, home: folder(), uid: process.getuid?.() ?? -1, version: '1', clock, process }) as unknown as Surroundings;
  const make = (config: Config = {}) => createAudit({ surroundings: surroundings(), stateFolder: state(), config, log: recordingLog([]) });
  const run = async (args: Partial<AuditArguments> & Pick<AuditArguments, 'action'>) => {
    let text = '';
    const code = await audit(surroundings(), { command: 'audit', since: undefined, session: undefined, kind: undefined, json: false, config: undefined, ...args }, async (printed) => Number((text += printed) === ''));
    return { code, text };
  };

  it('shows what was recorded, by time, session and kind', async () => {
    const log = make();
    log.record({ kind: 'file', event: 'done', fields: { sessionId: 'one', path: '/workspace/a b\u001b[2J\u202e', bytes: 3 } });
    log.flush();
    await clock.advance(3 * 3_600_000);
    log.record({ kind: 'command', event: 'done', fields: { sessionId: 'two', outcome: 'exited', words: { count: 2 } } });
    await log.close();
    const all = (await run({ action: 'show' })).text.trimEnd().split('\n');
    expect(all).to.have.length(4);
    expect(all[1]).to.equal('2030-01-01T00:00:00.000Z  file     done       one               path="/workspace/a b\\u001b[2J\\u{202e}"  bytes=3');
    expect(all[2]).to.equal('2030-01-01T03:00:00.000Z  command  done       two               outcome=exited  words={"count":2}');
    expect((await run({ action: 'show', since: '2h' })).text.split('\n')).to.have.length(3);
    expect((await run({ action: 'show', session: 'one' })).text).to.contain('file').and.not.to.contain('command');
    expect((await run({ action: 'show', kind: 'command' })).text.split('\n')).to.have.length(2);
    const { records } = JSON.parse((await run({ action: 'show', json: true, kind: 'command' })).text);
    expect(records[0]).to.deep.include({ kind: 'command', event: 'done', sessionId: 'two', words: { count: 2 } }).and.to.have.property('segment');
    expect(await run({ action: 'show', kind: 'code' }).catch((fault: Error) => fault.message)).to.equal('--kind: one of log, client, session, command, file, install, port, network, denial');
    expect((await run({ action: 'show', since: '2029-01-01', session: 'none' })).text).to.equal('nothing that fits was recorded since 2029-01-01T00:00:00.000Z; --since looks further back\n');
    expect((await run({ action: 'show', since: '2031-01-01' })).text).to.equal('nothing was recorded since 2031-01-01T00:00:00.000Z; --since looks further back\n');
  });

  it('shows of a session also how the call began that made it, and of other files of the log how many there are', async () => {
    for (const id of ['one', 'two']) {
      const log = make();
      log.record({ kind: 'session', event: 'began', fields: { call: 1, language: 'python', image: id } });
      log.record({ kind: 'session', event: 'ended', fields: { call: 1, sessionId: id } });
      log.record({ kind: 'session', event: 'began', fields: { call: 2, image: 'refused' } });
      await log.close();
    }
    expect((await run({ action: 'show', session: 'two' })).text.trimEnd().split('\n').map((line) => line.replace(/ +/g, ' ').slice(25))).to.deep.equal([
      'session began - call=1 language=python image=two', 'session ended two call=1',
    ]);
    expect((await run({ action: 'show', kind: 'log' })).text).to.match(/ others=1$/m);
  });

  it('says what is wrong, and exits with 1', async () => {
    const log = make();
    log.record({ kind: 'file', event: 'done', fields: { path: 'a' } });
    await log.close();
    expect(await run({ action: 'verify' })).to.deep.equal({ code: 0, text: `3 records in 1 file in ${state()}/audit: everything is as it was written\n` });
    const [path = ''] = filesIn(join(state(), 'audit'));
    writeFileSync(path, readFileSync(path, 'utf8').replace('"a"', '"b"'));
    expect(await run({ action: 'verify' })).to.deep.equal({ code: 1, text: `wrong: ${path}, line 2: this record was changed, or the one before it\n1 record in 1 file in ${state()}/audit: the log is not as it was written\n` });
    const { code, text } = await run({ action: 'verify', json: true });
    expect([code, JSON.parse(text)]).to.deep.equal([1, { intact: false, segments: 1, removed: 0, records: 1, faults: [{ file: path, line: 2, message: 'this record was changed, or the one before it' }], notes: [] }]);
  });

  it('says that it can not read the log', async () => {
    await make().close();
    rmSync(state(), { recursive: true, force: true });
    writeFileSync(state(), 'a file where the folder should be');
    expect(await run({ action: 'verify' })).to.deep.equal({ code: 1, text: `the audit log in ${state()}/audit can't be read: ENOTDIR\n` });
    rmSync(state());
    const log = make();
    log.record({ kind: 'file', event: 'done', fields: {} });
    await log.close();
    const [path = ''] = filesIn(join(state(), 'audit'));
    rmSync(path);
    const { mkdirSync } = await import('node:fs');
    mkdirSync(path);
    expect(await run({ action: 'verify' })).to.deep.equal({ code: 1, text: `the audit log in ${state()}/audit can't be read: EISDIR\n` });
    expect(JSON.parse((await run({ action: 'show', json: true })).text).error.message).to.contain('EISDIR');
  });

  it('has the configuration by a digest, which does not depend on credentials', async () => {
    const digests = [];
    const registry = (password: string): Config => ({ packages: { registries: { pip: { url: 'https://x/', username: 'me', password } } } });
    for (const config of [{}, registry('one'), registry('two'), { preference: 'speed' as const }]) {
      rmSync(state(), { recursive: true, force: true });
      const log = make(config);
      log.record({ kind: 'file', event: 'done', fields: {} });
      await log.close();
      const text = readFileSync(filesIn(join(state(), 'audit'))[0] ?? '', 'utf8');
      digests.push(/"configuration":"([0-9a-f]{64})"/.exec(text)?.[1]);
    }
    expect([digests[1] === digests[2], new Set(digests).size]).to.deep.equal([true, 3]);
  });

  it('takes times as they are typed', () => {
    const now = Date.UTC(2030, 0, 10);
    expect(['30m', '2h', '1d', '1w', '2030-01-01', '2030-01-01T06:00Z'].map((given) => now - sinceTime(given, now))).to.deep.equal([1_800_000, 7_200_000, 86_400_000, 604_800_000, 9 * 86_400_000, 9 * 86_400_000 - 6 * 3_600_000]);
    for (const given of ['', 'yesterday', '2030-13-01', '5', '-1h', '5y']) expect(() => sinceTime(given, now), given).to.throw(UsageError);
  });

  it('has the digest of the configuration as it was read again, in its record and in the next file', async () => {
    let config: Config = { limits: { cpus: 1 }, audit: { rotateBytes: 4096 } };
    const log = make(live(() => config));
    log.record({ kind: 'file', event: 'done', fields: { path: 'a' } });
    log.flush();
    config = { ...config, limits: { cpus: 0.5 } };
    recordReload(log, config);
    await clock.advance(24 * 3_600_000);
    log.record({ kind: 'file', event: 'done', fields: { path: 'b' } });
    await log.close();
    const records = (JSON.parse((await run({ action: 'show', since: '7d', json: true })).text) as { records: { event: string; configuration?: string }[] }).records;
    const digests = records.filter(({ configuration }) => configuration !== undefined).map(({ event, configuration }) => [event, configuration] as const);
    expect(digests.map(([event]) => event)).to.deep.equal(['opened', 'reloaded', 'opened']);
    expect(digests[0]?.[1]).not.to.equal(digests[1]?.[1]);
    expect(digests[1]?.[1]).to.equal(digests[2]?.[1]);
  });
});
