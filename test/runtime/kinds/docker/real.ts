/** Sandboxes on the real engine, and what the engine reports about them. */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { systemClock } from '../../../../server/src/base/clock.ts';
import { createLog } from '../../../../server/src/base/log.ts';
import { languageIds } from '../../../../server/src/protocol/index.ts';
import type { Sandbox, SandboxSpec } from '../../../../server/src/runtime/ports.ts';
import { DAEMON_LABEL } from '../../../../server/src/runtime/kinds/docker/container.ts';
import { Engine } from '../../../../server/src/runtime/kinds/docker/engine.ts';
import { type EngineAddress, resolveEngine } from '../../../../server/src/runtime/kinds/docker/address.ts';
import { type ContainerKind, containerKinds } from '../../../../server/src/runtime/kinds/docker/kinds.ts';
import { type DockerOptions, DockerRuntime } from '../../../../server/src/runtime/kinds/docker/runtime.ts';
import { Keeper } from '../../../../server/src/runtime/machine/keeper.ts';
import type { Json } from '../../../fakes/engine.ts';
import { context, spec } from './subject.ts';

export const debian = 'codebeaker-test';
export const busybox = 'codebeaker-busybox';

export const docker = (...args: string[]): string => execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

/** What matters of the mounts that the engine reports. */
export const mountsOf = (mounts: readonly Json[]) => mounts
  .map(({ Type, Destination, RW, Propagation }) => ({ Type, Destination, RW, Propagation }))
  .sort((a, b) => (a.Destination < b.Destination ? -1 : 1));

/** The kinds that need no configuration. */
export const [plain, gvisor] = containerKinds() as [ContainerKind, ContainerKind];

export interface Real {
  readonly engine: Engine;
  readonly runtime: DockerRuntime;
  readonly daemonId: string;
  create(change?: Partial<SandboxSpec>): Promise<Sandbox>;
  /** The ids of its containers. */
  containers(): string[];
  /** The folders with sockets that belong to them. */
  folders(): Promise<string[]>;
  /** What the engine reports about its only container. */
  inspect(): Json;
  close(): Promise<void>;
}

/** The engine of this machine. */
export const address = (): EngineAddress => resolveEngine({ configured: undefined, env: process.env, home: '/nowhere', platform: process.platform });

export function real(image: string, where = address(), kind = plain, more: Pick<DockerOptions, 'credentials'> = {}): Real {
  const daemonId = `test.${process.pid}.${randomUUID().slice(0, 8)}`;
  const log = createLog('error', (line) => {
    throw new Error(`logged: ${line}`);
  });
  const keeper = new Keeper({ process, log });
  const engine = new Engine(where, systemClock);
  const runtime = new DockerRuntime({
    kind,
    engine,
    daemonId,
    ...more,
    images: Object.fromEntries(languageIds.map((id) => [id, image])),
    clock: systemClock,
    log,
    sweepOnDeath: () => Promise.resolve(),
    keeper,
  });
  const containers = () => docker('ps', '-aq', '--no-trunc', '--filter', `label=${DAEMON_LABEL}=${daemonId}`).split('\n').filter(Boolean);
  return {
    engine,
    runtime,
    daemonId,
    containers,
    create: (change = {}) => {
      const { reports: _reports, ...rest } = context();
      return runtime.create({ ...spec, image, name: `test-${randomUUID()}`, ...change }, rest);
    },
    folders: async () => readdirSync(await keeper.folder()).filter((name) => name.startsWith('socket-')),
    close: async () => {
      await runtime.close();
      await keeper.close();
    },
    inspect: () => JSON.parse(docker('inspect', ...containers()))[0],
  };
}
