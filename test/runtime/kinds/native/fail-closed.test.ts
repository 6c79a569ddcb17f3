/** Where bubblewrap is missing or can't make a sandbox, what needs it is unavailable, and no program runs without it (F-F2, F-F6). */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../../server/src/base/clock.ts';
import { createLog } from '../../../../server/src/base/log.ts';
import { createBunRuntime } from '../../../../server/src/runtime/kinds/bun/bun.ts';
import type { Findings } from '../../../../server/src/runtime/kinds/native/findings.ts';
import { createNativeRuntime } from '../../../../server/src/runtime/kinds/native/native.ts';
import type { NativeOptions } from '../../../../server/src/runtime/kinds/native/runtime.ts';
import type { Runtime } from '../../../../server/src/runtime/ports.ts';
import { need, npmPackage } from '../../../require.ts';
import { create, rejects } from '../../contract/harness.ts';
import { bubblewrap, nativeSubject } from './subject.ts';

const log = createLog('error', () => undefined);
const kinds: Record<string, (options: NativeOptions) => Runtime> = {
  native: createNativeRuntime,
  bun: (options) => createBunRuntime(process.env.PATH, options),
};

describe('without a bubblewrap that works', () => {
  before(need('bubblewrap', bubblewrap));
  before(need('bun', npmPackage('bun')));
  let folder: string;
  let subject: Awaited<ReturnType<typeof nativeSubject>>;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'no-bubblewrap-'));
    subject = await nativeSubject(createNativeRuntime);
  });
  after(async () => {
    await subject.dispose();
    rmSync(folder, { recursive: true });
  });

  /** Refuses as bubblewrap does where the system forbids user namespaces. */
  function forbidden(): string {
    const path = join(folder, 'bwrap');
    writeFileSync(path, '#!/bin/sh\necho "bwrap: setting up uid map: Permission denied" >&2\nexit 1\n');
    chmodSync(path, 0o755);
    return path;
  }

  const hosts: Record<string, [found: () => Promise<Findings>, reason: RegExp]> = {
    'is not installed': [() => Promise.reject(new Error('bubblewrap is not installed')), /^bubblewrap is not installed$/],
    'is forbidden to make namespaces': [() => Promise.resolve({ ...subject.findings, program: forbidden() }), /Permission denied/],
    'runs its program as it is': [() => Promise.resolve({ ...subject.findings, program: '/bin/true' }), /./],
  };
  for (const [id, make] of Object.entries(kinds)) {
    for (const [why, [findings, reason]] of Object.entries(hosts)) {
      it(`${id} is unavailable, and runs nothing, where bubblewrap ${why} (F-F2, F-F6)`, async () => {
        const runtime = make({ findings, clock: systemClock, log });
        const info = await runtime.refresh(new AbortController().signal);
        expect(info.available).to.equal(false);
        expect(info.reason).to.match(reason);
        const fault = await rejects(create({ runtime, leftovers: async () => [], dispose: async () => undefined }), 'RuntimeUnavailable');
        expect(fault.data).to.include({ runtime: id });
        await runtime.close();
      });
    }
  }
});
