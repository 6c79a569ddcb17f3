/** When the runtime deno is available, and when it is not. */
import { expect } from 'chai';
import { chmod, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../../../server/src/base/clock.ts';
import { createLog } from '../../../../server/src/base/log.ts';
import { findDeno, isRecent } from '../../../../server/src/runtime/kinds/deno/binary.ts';
import { createDenoRuntime } from '../../../../server/src/runtime/kinds/deno/runtime.ts';
import { Keeper } from '../../../../server/src/runtime/machine/keeper.ts';
import type { Runtime } from '../../../../server/src/runtime/ports.ts';
import { need, npmPackage } from '../../../require.ts';
import { rejects, specFor } from '../../contract/harness.ts';
import { denoSubject } from './subject.ts';

/** A clock on which long deadlines pass quickly. */
const impatient: Clock = { ...systemClock, after: (ms, callback) => systemClock.after(ms >= 10_000 ? 1_000 : ms, callback) };

describe('the deno runtime', () => {
  let place: string;
  let keeper: Keeper;
  const never = new AbortController().signal;
  const context = { signal: never, report: () => undefined };

  before(need('deno', npmPackage('deno')));
  before(async () => {
    place = await realpath(await mkdtemp(join(tmpdir(), 'deno-runtime-')));
    keeper = new Keeper({ process, log: createLog('error', () => undefined) });
  });
  after(async () => {
    await keeper?.close();
    await rm(place, { recursive: true });
  });

  /** A runtime with another program in the place of Deno. */
  async function runtimeWith(script: string | undefined, clock: Clock): Promise<Runtime> {
    const binary = join(place, 'deno');
    if (script !== undefined) {
      await writeFile(binary, `#!/bin/sh\n${script}\n`);
      await chmod(binary, 0o755);
    }
    return createDenoRuntime({
      keeper, clock, log: createLog('error', () => undefined), env: {},
      find: () => Promise.resolve(script === undefined ? undefined : binary),
    });
  }

  it('knows nothing before a refresh, and afterwards also how fast it is, and that it is no boundary (F-F1)', async () => {
    const { runtime, dispose } = await denoSubject();
    try {
      expect(runtime.info()).to.include({ available: false, reason: 'not looked at yet' });
      expect(runtime.prepared('javascript')).to.equal(false);
      const info = await runtime.refresh(never);
      expect(info.version).to.match(/^2\.\d+\.\d+$/);
      expect(info.startup.measured).to.equal(true);
      expect(info.startup.coldMs).to.be.within(0, 10_000);
      expect(info.startup.warmMs).to.be.within(1, 10_000);
      expect(info.memoryBytes).to.be.greaterThan(1024 * 1024);
      expect(info.isolation.score).to.be.at.most(4);
      expect(info.isolation.layers.filter(({ state }) => state === 'enforced').map(({ name }) => name)).to.deep.equal(['environment']);
      expect([runtime.prepared('javascript'), runtime.prepared('typescript'), runtime.prepared(undefined), runtime.prepared('python')]).to.deep.equal([true, true, true, false]);
    } finally {
      await dispose();
    }
  });

  it('refreshes by itself if a sandbox is wanted before', async () => {
    const subject = await denoSubject();
    try {
      const sandbox = await subject.runtime.create(specFor(subject), context);
      expect(sandbox.isolation.score).to.equal(subject.runtime.info().isolation.score);
    } finally {
      await subject.dispose();
    }
  });

  const real = findDeno(undefined);
  const unusable: Record<string, [script: (real: string) => string | undefined, reason: RegExp]> = {
    'that is not there': [() => undefined, /no deno on this host/],
    'that does not start': [() => 'exit 1', /does not start/],
    'that is too old (F-A6)': [() => 'echo "deno 2.7.11 (stable, release)"', /2\.7\.11 is too old; 2\.8 or later/],
    'that never ends': [() => 'exec sleep 600', /does not answer/],
    'that never ends a program': [() => '[ "$1" = --version ] && echo "deno 2.9.0" && exit; exec sleep 600', /does not answer/],
    'that says nothing': [() => '[ "$1" = --version ] && echo "deno 2.9.0"; exit 0', /does not run a program as it should/],
    'that grants everything': [
      (path) => `[ "$1" = --version ] && exec "${path}" --version; for last; do :; done; exec "${path}" run -A "$last"`,
      /programs can read files outside, write files outside, .*start programs/,
    ],
    'that lets the main file import anything': [
      (path) => `[ "$1" = --version ] && exec "${path}" --version
        file=$(printf %s "$CODEBEAKER_MAIN" | sed 's#^file://##'); set -- "$@"; n=$#
        while [ $n -gt 0 ]; do a=$1; shift; case $a in *bootstrap.mjs) a=$file ;; esac; set -- "$@" "$a"; n=$((n-1)); done
        exec "${path}" "$@"`,
      /programs can import files outside/,
    ],
  };
  for (const [name, [script, reason]] of Object.entries(unusable)) {
    it(`is not available with a deno ${name}`, async () => {
      const runtime = await runtimeWith(script((await real) ?? ''), name.includes('never ends') ? impatient : systemClock);
      const info = await runtime.refresh(never);
      expect(info.available).to.equal(false);
      expect(info.reason).to.match(reason).and.not.to.contain(place);
      const fault = await rejects(runtime.create(specFor({ runtime, leftovers: async () => [], dispose: async () => undefined }), context), 'RuntimeUnavailable');
      expect(fault.data).to.include({ runtime: 'deno', reason: info.reason }).and.to.have.property('hint');
      await runtime.close();
      expect((await readdir(await keeper.folder())).filter((each) => each.startsWith('sandbox-'))).to.deep.equal([]);
    });
  }

  it('makes no sandbox after it was closed', async () => {
    const subject = await denoSubject();
    await subject.runtime.refresh(never);
    await subject.runtime.close();
    await rejects(subject.runtime.create(specFor(subject), context), 'RuntimeUnavailable');
    await subject.dispose();
  });

  it('leaves nothing when a sandbox is cancelled while it is made', async () => {
    const subject = await denoSubject();
    await subject.runtime.refresh(never);
    const folder = await mkdtemp(join(place, 'large-'));
    for (let file = 0; file < 200; file++) await writeFile(join(folder, `${file}`), 'x');
    const abort = new AbortController();
    const making = subject.runtime.create(specFor(subject, { workspace: { path: folder, access: 'copy' } }), {
      signal: abort.signal,
      report: () => abort.abort(new Error('cancelled by the test')),
    });
    const fault = await making.then(() => undefined, (reason: Error) => reason);
    expect(fault?.message).to.equal('cancelled by the test');
    expect(await subject.leftovers()).to.deep.equal([]);
    await subject.dispose();
  });

  it('compares versions as numbers', () => {
    expect(['2.8.0', '2.10.1', '3.0.0', '2.8.0-rc.1'].map(isRecent)).to.deep.equal([true, true, true, true]);
    expect(['2.7.11', '1.46.3', '', 'x'].map(isRecent)).to.deep.equal([false, false, false, false]);
  });
});
