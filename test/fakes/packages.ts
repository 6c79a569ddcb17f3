/** A real installer with a real shelf, for fake runtimes: its one manager runs the scripts that a test gives it. */
import { chmodSync, existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../server/src/base/clock.ts';
import { abortable } from '../../server/src/base/promises.ts';
import type { Log } from '../../server/src/base/log.ts';
import { Installer } from '../../server/src/packages/installer.ts';
import type { Advisory, Manager, Mirrors } from '../../server/src/packages/ports.ts';
import type { Measured } from '../../server/src/packages/shelf/measure.ts';
import { Shelf } from '../../server/src/packages/shelf/shelf.ts';
import { invalidParam } from '../../server/src/protocol/index.ts';

export interface FakePackages {
  /** What the manager runs; by default `echo installing`. */
  scripts: readonly string[];
  measured: Measured;
  advisories: readonly Advisory[] | undefined;
  trouble: string | undefined;
  judge: ((advisories: readonly Advisory[]) => void) | undefined;
  /** What the service tells that is asked where the manager can't tell. undefined: that it can't. `nobody`: it never answers. */
  told: readonly Advisory[] | 'nobody' | undefined;
  /** How often it was asked. */
  asked: number;
  locked: boolean;
  /** The folder of the cache. */
  readonly cache: string;
  make(parts: { clock: Clock; log: Log }): Installer;
  /** What is in the folder in which environments are made. */
  making(): string[];
  dispose(): void;
}

export function fakePackages(): FakePackages {
  const cache = realpathSync(mkdtempSync(join(tmpdir(), 'cache-')));
  const packages = join(cache, 'packages');
  let number = 0;
  const fake: FakePackages = {
    scripts: ['echo installing'],
    measured: { bytes: 0, files: 0, hidden: false },
    advisories: undefined,
    trouble: undefined,
    judge: undefined,
    told: undefined,
    asked: 0,
    locked: true,
    cache,
    make: ({ clock, log }) => new Installer({
      shelf: new Shelf({ cache, owner: `codebeaker-1-${(number++).toString(16).padStart(12, '0')}`, uid: process.getuid?.() ?? -1, clock, log }),
      managers: [manager(fake)],
      registries: { open: async () => mirrors(fake) },
      cacheBytes: 2 ** 30,
      clock,
      log,
      measure: async () => fake.measured,
      advise: async (_manager, _installed, signal) => {
        fake.asked += 1;
        return fake.told === 'nobody' ? abortable(signal, new Promise(() => undefined)) : fake.told;
      },
      judge: fake.judge,
    }),
    making: () => {
      const folder = join(packages, 'making');
      return (existsSync(folder) ? readdirSync(folder) : []).flatMap((name) => readdirSync(join(folder, name))).filter((name) => !name.startsWith('alive-'));
    },
    dispose: () => {
      if (existsSync(join(packages, 'shelf'))) chmodSync(join(packages, 'shelf'), 0o700);
      rmSync(cache, { recursive: true, force: true });
    },
  };
  return fake;
}

const step = (script: string) => ({ command: ['fake', script], env: {} });

function manager(fake: FakePackages): Manager {
  return {
    id: 'pip',
    languages: ['python'],
    manifests: ['requirements.txt'],
    tool: 'pip',
    probe: () => ({ step: step('exit 0'), missing: 'there is no pip' }),
    checkNames: (names) => {
      const wrong = names.find((name) => !/^[a-z=0-9.]+$/.test(name));
      if (wrong !== undefined) throw invalidParam('packages', `${wrong} is no name of a package`);
    },
    gather: async (path, read) => ({ path, files: new Map([[path, (await read(path)) ?? Buffer.alloc(0)]]) }),
    isLocked: () => fake.locked,
    steps: () => fake.scripts.map(step),
    list: ({ names, manifest }) => ({
      step: step('echo list'),
      read: () => [...names, ...(manifest ? manifest.files.get(manifest.path)?.toString().trim().split('\n') ?? [] : [])].map((name) => ({ name, version: '1' })),
    }),
    audit: () => fake.advisories && { step: step('echo audit'), read: () => fake.advisories ?? [] },
    view: (home) => ({ variables: { HOME_OF_PACKAGES: home }, path: [`${home}/bin`], modules: undefined, files: [] }),
    explain: (_, trouble) => trouble,
  };
}

function mirrors(fake: FakePackages): Mirrors {
  return { all: [{ scope: undefined, origin: 'https://registry.example', path: '/simple/', accept: (connection) => void connection.destroy() }], variables: {}, notes: [], trouble: () => fake.trouble, close: () => undefined };
}
