/** Sessions over a real runtime, with a real shelf and real package managers, whose registries are those of the test. */
import { chmodSync, existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock as clock } from '../../server/src/base/clock.ts';
import { createLog } from '../../server/src/base/log.ts';
import { RunningCommands } from '../../server/src/command/commands.ts';
import { type ExecuteContext, executeShell } from '../../server/src/command/execute.ts';
import { runCode } from '../../server/src/command/run-code.ts';
import { EventStream } from '../../server/src/events/events.ts';
import { AttachedPackages } from '../../server/src/packages/attached.ts';
import { installPackages } from '../../server/src/packages/install-packages.ts';
import { Installer } from '../../server/src/packages/installer.ts';
import { managers } from '../../server/src/packages/managers/index.ts';
import type { ManagerId, Registries } from '../../server/src/packages/ports.ts';
import { defaultBounds } from '../../server/src/packages/registries/bounds.ts';
import { diallerFor } from '../../server/src/packages/registries/dialler.ts';
import { openMirrors } from '../../server/src/packages/registries/mirrors.ts';
import type { RegistrySet } from '../../server/src/packages/registries/registry.ts';
import { measure } from '../../server/src/packages/shelf/measure.ts';
import { Shelf } from '../../server/src/packages/shelf/shelf.ts';
import { defaultLimits } from '../../server/src/policy/defaults.ts';
import { type InstallPackagesParams, type InstallPackagesResult, type LanguageId, type Limits, ProtocolError, type RunCodeParams } from '../../server/src/protocol/index.ts';
import { Keeper } from '../../server/src/runtime/machine/keeper.ts';
import type { CreateContext, Runtime, SandboxSpec } from '../../server/src/runtime/ports.ts';
import { Session } from '../../server/src/session/session.ts';
import { Turns } from '../../server/src/session/turns.ts';
import { WarmInterpreters } from '../../server/src/warm/interpreters.ts';
import { Outside } from '../network/outside.ts';
import { setOf } from './indexes/install.ts';
import { serve, type Answerer, type Files, type Served } from './indexes/serve.ts';
import { endless } from '../fakes/quota.ts';

/** What tests of one runtime need. */
export interface RealSubject {
  readonly runtime: Runtime;
  readonly image?: string;
  dispose(): Promise<void>;
}

export interface RealOptions {
  readonly before?: Answerer;
  /** Others than those of the test. */
  readonly registries?: Registries;
}

const log = createLog('error', (line) => {
  throw new Error(`logged: ${line}`);
});
const context: CreateContext = { signal: new AbortController().signal, report: () => undefined };

/** The registries of each manager, all on one server. A Gemfile calls its registry https://rubygems.org/. */
const HOST = 'http://registry.example';
const registriesOf: Readonly<Record<ManagerId, RegistrySet>> = {
  pip: setOf('pip', [`${HOST}/simple/`]),
  npm: setOf('npm', [`${HOST}/`]),
  gem: setOf('gem', [`${HOST}/gems-index/`, { scope: 'https://rubygems.org/', url: `${HOST}/gems-index/` }]),
  go: setOf('go', [`${HOST}/proxy/`], { variables: { GOSUMDB: 'off', GONOSUMDB: '', GONOPROXY: '' } }),
};

export interface RealOptions {
  readonly before?: Answerer;
  /** Others than those of the test. */
  readonly registries?: Registries;
  /** The folder of the cache, which exists; its contents are removed in the end. */
  readonly cache?: string;
}

export class RealPackages {
  readonly installer: Installer;
  readonly cache: string;
  readonly #subject: RealSubject;
  readonly #keeper = new Keeper({ process, log });
  readonly #registry: Served;
  readonly #events = new EventStream(log);
  readonly #attached = new AttachedPackages((record, path) => this.installer.options.shelf.read(record, path));
  readonly #warm = new WarmInterpreters({ enabled: false, clock, log });
  readonly #open = new Set<Session>();

  private constructor(subject: RealSubject, registry: Served, readonly outside: Outside, { registries, cache = realpathSync(mkdtempSync(join(tmpdir(), 'cache-'))) }: RealOptions) {
    outside.place('registry.example', '93.184.216.35', registry.port);
    const dialler = diallerFor(outside, clock);
    this.#subject = subject;
    this.#registry = registry;
    this.cache = cache;
    const shelf = new Shelf({ cache: this.cache, owner: this.#keeper.name, uid: process.getuid?.() ?? -1, clock, log });
    this.installer = new Installer({
      shelf, managers, cacheBytes: 2 ** 30, clock, log, judge: () => undefined,
      measure: (path, signal) => measure(path, 200_000, signal, { keeper: this.#keeper, clock }),
      registries: registries ?? { open: async (manager) => openMirrors(registriesOf[manager], { dial: dialler(registriesOf[manager]), bounds: defaultBounds, log }) },
    });
  }

  static async open(subject: RealSubject, files: Files, options: RealOptions = {}): Promise<RealPackages> {
    return new RealPackages(subject, await serve(files, options.before ? { before: options.before } : {}), await Outside.open(), options);
  }

  /** How often the registry was asked. */
  get asked(): number {
    return this.#registry.asked.length;
  }

  async session(language: LanguageId, limits: Partial<Limits> = {}): Promise<RealSession> {
    const { runtime, image } = this.#subject;
    const all = { ...defaultLimits, ...limits };
    const spec = { language, image, limits: all, workspace: undefined } as const;
    const make = (packages: SandboxSpec['packages']) => runtime.create({ ...spec, name: randomBytes(8).toString('hex'), packages }, context);
    const session = new Session({
      id: 'real', visit: 'visit', label: undefined, language, runtime: runtime.id, sandbox: await make({ kind: 'shelf', path: await this.installer.options.shelf.path() }),
      sibling: (packages, { signal, report }) => runtime.create({ ...spec, name: randomBytes(8).toString('hex'), packages }, { signal, report }),
      limits: all, env: {}, idleTimeoutMs: 0, maxLifetimeMs: 0, clock, log, turns: new Turns({ atOnce: Infinity, clock }), events: this.#events,
    });
    this.#open.add(session);
    const commands = new RunningCommands();
    const execution = (signal: AbortSignal): ExecuteContext => ({ clock, events: this.#events, commands, signal, warm: this.#warm, begins: () => undefined, aside: () => undefined, maxChunkBytes: 64 * 1024, quota: endless, stream: () => ({ send: () => Promise.resolve(), close: () => undefined }) });
    return {
      session,
      install: (params, signal = context.signal) => installPackages(session, { sessionId: 'real', ...params }, {
        ...execution(signal), installer: this.installer, attached: this.#attached, programs: () => runtime.programs(language, image), report: () => undefined,
      }),
      write: (path, text) => session.sandbox.files.write(`/workspace/${path}`, Buffer.from(text), { mode: 'overwrite', executable: undefined }),
      code: async (code, params = {}) => {
        const { exitCode, stdout, stderr } = await runCode(session, { sessionId: 'real', code, ...params }, execution(context.signal));
        return exitCode === 0 ? (stdout ?? '') : `exit code ${exitCode}: ${stdout}${stderr}`;
      },
      shell: async (command) => (await executeShell(session, { sessionId: 'real', command, stderrToStdout: true }, execution(context.signal))).stdout ?? '',
    };
  }

  /** What is left of installations that have ended. */
  left(): string[] {
    const making = join(this.cache, 'packages', 'making');
    return (existsSync(making) ? readdirSync(making) : []).flatMap((name) => readdirSync(join(making, name))).filter((name) => !name.startsWith('alive-'));
  }

  async close(): Promise<void> {
    for (const session of this.#open) await session.close('client');
    await this.installer.close();
    await this.#subject.dispose();
    await this.#keeper.close();
    await this.#registry.close();
    this.outside.close();
    const shelf = join(this.cache, 'packages', 'shelf');
    if (existsSync(shelf)) chmodSync(shelf, 0o700);
    rmSync(this.cache, { recursive: true, force: true });
  }
}

export async function faultOf(work: Promise<unknown>): Promise<ProtocolError> {
  const fault: unknown = await work.then(() => new Error('it did not reject'), (reason: unknown) => reason);
  if (fault instanceof ProtocolError) return fault;
  throw fault;
}

/** What is installed, as in `left 1.0.0`. */
export const namesOf = ({ installed }: Pick<InstallPackagesResult, 'installed'>): string[] => installed.map(({ name, version }) => `${name} ${version}`);

export interface RealSession {
  readonly session: Session;
  install(params: Omit<InstallPackagesParams, 'sessionId'>, signal?: AbortSignal): Promise<InstallPackagesResult>;
  write(path: string, text: string): Promise<void>;
  /** What a program prints, or how it failed. */
  code(code: string, params?: Partial<RunCodeParams>): Promise<string>;
  shell(command: string): Promise<string>;
}
