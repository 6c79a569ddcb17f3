/** Makes native sandboxes: one bubblewrap each, its first process a held shell whose stdin is the lease. */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import { type Isolation, ProtocolError } from '../../../protocol/index.ts';
import { removeIfThere } from '../../machine/remove.ts';
import { spawn, type Spawned } from '../../machine/spawn.ts';
import { walkerFor } from '../../machine/walk.ts';
import type { findToolchain } from '../../languages.ts';
import type { CreateContext, Sandbox, SandboxSpec } from '../../ports.ts';
import { type Facts, newMark, openSandbox, PipeFolder, quote } from '../../shell/index.ts';
import { copyFolder } from '../../workspace/copy-in.ts';
import { furnish, type Furnishing } from '../../workspace/furnish.ts';
import { becomeNobody, bubblewrapOptions, type BubblewrapPlan } from './bubblewrap.ts';
import type { ControlGroup } from './cgroup.ts';
import type { Findings } from './findings.ts';
import { firstShell, PipedShells } from './shells.ts';
import type { Bind } from './toolchains.ts';

/** What one kind of native sandbox has besides what all of them have. */
export interface Equipment {
  readonly binds: readonly Bind[];
  /** Before the rest of PATH. */
  readonly path: readonly string[];
  readonly findToolchain?: typeof findToolchain;
  isolation(facts: Facts, spec: SandboxSpec): Isolation;
}

export interface SandboxesOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Told when it is gone. */
  removed(sandbox: Sandbox): void;
}

const MAX_OPEN_FILES = 4096;
const OPTIONS_FD = 7;
const FILTER_FD = 8;
/** Of what bubblewrap says when it can't. */
const MAX_COMPLAINT_LENGTH = 2000;

/** @throws ProtocolError SandboxFailed. Nothing of it is left then. */
export async function createNative(spec: SandboxSpec, context: CreateContext, findings: Findings, equipment: Equipment, options: SandboxesOptions): Promise<Sandbox> {
  const { signal } = context;
  signal.throwIfAborted();
  const furnishing = await furnish(spec);
  const sandbox = await start(spec, furnishing, context, findings, equipment, options);
  try {
    await furnishing.finish(sandbox, context);
    signal.throwIfAborted();
    return sandbox;
  } catch (fault) {
    await sandbox.close();
    throw fault;
  }
}

async function start(spec: SandboxSpec, furnishing: Furnishing, { signal, report }: CreateContext, findings: Findings, equipment: Equipment, { clock, log, removed }: SandboxesOptions): Promise<Sandbox> {
  report('starting the sandbox');
  const { keeper, groups, fifos } = findings;
  const folder = await mkdtemp(join(await keeper.folder(), 'sandbox-'));
  const pipes = join(folder, 'pipes');
  const made: { group?: ControlGroup; process?: Spawned; shells?: PipedShells; sandbox?: Sandbox } = {};
  const destroy = async () => {
    made.shells?.first.destroy();
    if (made.process) {
      keeper.signal(made.process.pid, 'SIGKILL');
      await made.process.ended;
      keeper.release(made.process.pid);
    }
    await made.group?.remove();
    await removeIfThere(walkerFor('linux'), folder);
    if (made.sandbox) removed(made.sandbox);
  };
  try {
    await mkdir(pipes);
    const mark = newMark();
    const [group, shells] = await settled([
      groups.create(spec.name, spec.limits).then((created) => (made.group = created)),
      PipedShells.open({ pipes: new PipeFolder(pipes, fifos), adjust: groups.holdsAll ? async (limits) => made.group?.adjust(limits) : undefined, destroy }).then((opened) => (made.shells = opened)),
    ]);
    const plan = planFor(spec, { furnishing, findings, equipment, group, pipes });
    const optionsFile = join(folder, 'options');
    await writeFile(optionsFile, bubblewrapOptions(plan).map((word) => `${word}\0`).join(''));
    const command = [
      findings.program, '--args', String(OPTIONS_FD), '--', ...becomeNobody(plan),
      'sh', '-c', firstShell(countedInside(findings) ? spec.limits.pids : undefined), 'sh', mark,
    ];
    return (made.sandbox = await openSandbox({
      first: shells.first, mark, image: undefined, limits: spec.limits, clock, log, signal, copyIn: copyFolder,
      start: async () => {
        const prepare = prepareLine(findings, group, optionsFile, spec);
        made.process = await spawn({ command, cwd: '/', env: { PATH: '/usr/local/bin:/usr/bin:/bin' }, stdin: 'none', prepare }, keeper);
        return { ended: failure(made.process) };
      },
      source: async () => {
        void made.process?.ended.then(() => shells.first.destroy());
        return shells;
      },
      isolation: (facts, limits) => equipment.isolation(facts, { ...spec, limits }),
      ...(equipment.findToolchain ? { findToolchain: equipment.findToolchain } : {}),
      refusal: notASandbox,
    }));
  } catch (fault) {
    await destroy();
    throw fault;
  }
}

/** All of them, and the first fault when none is under way any more: what was made is known then. */
async function settled<A, B>([a, b]: readonly [Promise<A>, Promise<B>]): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return [await a, await b];
}

interface PlanParts {
  readonly furnishing: Furnishing;
  readonly findings: Findings;
  readonly equipment: Equipment;
  readonly group: ControlGroup;
  readonly pipes: string;
}

function planFor({ limits }: SandboxSpec, { furnishing, findings, equipment, group, pipes }: PlanParts): BubblewrapPlan {
  const { root, forbidsUserNamespaces, etc, library, toolchains } = findings;
  return {
    root,
    forbidsUserNamespaces,
    binds: [...toolchains.binds, ...equipment.binds, ...group.binds],
    links: toolchains.links,
    path: [...equipment.path, toolchains.path].join(':'),
    etc,
    library,
    pipes,
    diskBytes: limits.diskBytes,
    workspace: furnishing.mount,
    user: furnishing.user,
    filter: FILTER_FD,
  };
}

/** Where no control group counts processes, a user namespace does: those of the user in it, in kernels that are not old. */
function countedInside({ groups, root, countsByNamespace }: Findings): boolean {
  return !groups.controllers.has('pids') && !root && countsByNamespace;
}

/** Into its control groups, or with what a process of its own can be held to; then the files that bubblewrap reads. */
function prepareLine({ groups, filter }: Findings, group: ControlGroup, optionsFile: string, { limits }: SandboxSpec): string {
  return [
    ...group.join.map((file) => `echo $$ >${quote(file)} || exit 126`),
    ...(groups.controllers.has('memory') ? [] : [`ulimit -d ${Math.ceil(limits.memoryBytes / 1024)}`]),
    `ulimit -c 0`,
    `ulimit -n ${MAX_OPEN_FILES}`,
    `exec ${OPTIONS_FD}<${quote(optionsFile)} ${FILTER_FD}<${quote(filter)}`,
  ].join(';');
}

/** Rejects when bubblewrap ends, with what it had to say. */
async function failure({ stdout, stderr, ended }: Spawned): Promise<never> {
  let complaint = '';
  stdout.resume();
  stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-MAX_COMPLAINT_LENGTH)));
  await ended;
  throw notASandbox(complaint.trim().split('\n').at(-1) || 'bubblewrap ended');
}

function notASandbox(why: string): ProtocolError {
  return new ProtocolError('SandboxFailed', `the sandbox could not be made: ${why.replaceAll(/(?<![^\s'"(])\/[^\s:]+/g, '(a path)')}`);
}
