/** Docker as a runtime: the contract, on Debian's userland and on busybox's. */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { systemClock } from '../../server/src/base/clock.ts';
import { createLog } from '../../server/src/base/log.ts';
import { DAEMON_LABEL } from '../../server/src/runtime/docker/container.ts';
import { Engine } from '../../server/src/runtime/docker/engine.ts';
import { resolveEngine } from '../../server/src/runtime/docker/host.ts';
import { DockerRuntime } from '../../server/src/runtime/docker/runtime.ts';
import { languageIds } from '../../server/src/protocol/index.ts';
import { dockerImage, need } from '../require.ts';
import { contract, type Subject } from './contract.ts';
import { sh } from './contract/dialects.ts';

/** A runtime whose containers nobody else looks after: what the tests leave would stay. */
async function dockerSubject(image: string): Promise<Subject> {
  const daemonId = `contract.${process.pid}.${randomUUID().slice(0, 8)}`;
  const address = resolveEngine({ configured: undefined, env: process.env, home: '/nonexistent', platform: process.platform });
  const runtime = new DockerRuntime({
    engine: new Engine(address, systemClock),
    daemonId,
    images: Object.fromEntries(languageIds.map((id) => [id, image])),
    clock: systemClock,
    log: createLog('error', (line) => {
      throw new Error(`logged: ${line}`);
    }),
    guard: () => Promise.resolve(),
  });
  await runtime.refresh(new AbortController().signal);
  const containers = () =>
    execFileSync('docker', ['ps', '-aq', '--filter', `label=${DAEMON_LABEL}=${daemonId}`], { encoding: 'utf8' }).split('\n').filter(Boolean);
  return {
    runtime,
    image,
    leftovers: () => Promise.resolve(containers()),
    destroy: () => Promise.resolve(void execFileSync('docker', ['rm', '-f', ...containers()])),
    dispose: () => runtime.close(),
  };
}

describe('docker', () => {
  const features = { shell: true, pty: true, enforces: ['memory', 'cpu', 'pids', 'disk'], links: 'followed', dialect: sh } as const;

  describe('with Debian', () => {
    before(need('docker', dockerImage('codebeaker-test')));
    contract('docker', { make: () => dockerSubject('codebeaker-test'), features: { ...features, languages: languageIds } });
  });

  describe('with busybox', () => {
    before(need('docker', dockerImage('codebeaker-busybox')));
    contract('docker, busybox', { make: () => dockerSubject('codebeaker-busybox'), features: { ...features, languages: ['shellscript'] } });
  });
});
