/**
 * Makes native sandboxes: each is a bubblewrap whose first process is a held shell. If the daemon dies, the sandbox ends in
 * two ways: the stdin of that shell ends, and the keeper kills the process group of bubblewrap.
 */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import { undoing } from '../../../base/undo.ts';
import { type Isolation, ProtocolError } from '../../../protocol/index.ts';
import type { Keeper } from '../../machine/keeper.ts';
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
import { firstShell, openFirst, PipedShells } from './shells.ts';
import type { Bind } from './toolchains.ts';

/** What the sandboxes of one kind have besides what all of them have. */
export interface Equipment {
  readonly binds: readonly Bind[];
  /** Folders that come first in PATH. */
  readonly path: readonly string[];
  /** How a language is run. By default that is found out from the tools that are there. */
  readonly findToolchain?: typeof findToolchain;
  isolation(facts: Facts, spec: SandboxSpec): Isolation;
}

export interface SandboxesOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Called when the sandbox has been removed. */
  removed(sandbox: Sandbox): void;
}

const MAX_OPEN_FILES = 4096;
const OPTIONS_FD = 7;
const FILTER_FD = 8;
/** The end of what bubblewrap prints is kept, for the message when it fails. */
const MAX_COMPLAINT_LENGTH = 2000;

/** If it rejects, nothing of the sandbox is left. @throws ProtocolError SandboxFailed, DiskFull */
export async function createNative(spec: SandboxSpec, context: CreateContext, findings: Findings, equipment: Equipment, options: SandboxesOptions): Promise<Sandbox> {
  const { signal } = context;
  signal.throwIfAborted();
  const furnishing = await furnish(spec);
  return undoing(async (undo) => {
    const sandbox = await open(spec, furnishing, context, findings, equipment, options);
    undo.add(() => sandbox.close());
    await furnishing.finish(sandbox, context);
    signal.throwIfAborted();
    return sandbox;
  });
}

/** What is undone after a failure on the way is undone when the sandbox is closed, too. */
function open(spec: SandboxSpec, furnishing: Furnishing, { signal, report }: CreateContext, findings: Findings, equipment: Equipment, { clock, log, removed }: SandboxesOptions): Promise<Sandbox> {
  report('starting the sandbox');
  const { keeper, groups, fifos } = findings;
  return undoing(async (undo) => {
    const folder = await mkdtemp(join(await keeper.folder(), 'sandbox-'));
    undo.add(() => removeIfThere(walkerFor('linux'), folder));
    const pipes = join(folder, 'pipes');
    await mkdir(pipes);
    const mark = newMark();
    const pipeFolder = new PipeFolder(pipes, fifos);
    const [group, first] = await settled([
      groups.create(spec.name, spec.limits).then((created) => {
        undo.add(() => created.remove());
        return created;
      }),
      openFirst(pipeFolder).then((opened) => {
        undo.add(() => opened.destroy());
        return opened;
      }),
    ]);
    const plan = planFor(spec, { furnishing, findings, equipment, group, pipes });
    const optionsFile = join(folder, 'options');
    await writeFile(optionsFile, bubblewrapOptions(plan).map((word) => `${word}\0`).join(''));
    const command = [
      findings.program, '--args', String(OPTIONS_FD), '--', ...becomeNobody(plan),
      'sh', '-c', firstShell(countedInside(findings) ? spec.limits.pids : undefined), 'sh', mark,
    ];
    let ended: Promise<unknown> | undefined;
    const sandbox: Sandbox = await openSandbox({
      first, mark, image: undefined, limits: spec.limits, clock, log, signal, copyIn: copyFolder,
      start: async () => {
        const prepare = prepareLine(findings, group, optionsFile, spec);
        const bubblewrap = await spawn({ command, cwd: '/', env: { PATH: '/usr/local/bin:/usr/bin:/bin' }, stdin: 'none', prepare }, keeper);
        undo.add(() => kill(bubblewrap, keeper));
        ended = bubblewrap.ended;
        return { ended: failure(bubblewrap) };
      },
      source: async () => {
        void ended?.then(() => first.destroy());
        const adjust = groups.holdsAll ? group.adjust : undefined;
        return new PipedShells({ pipes: pipeFolder, first, adjust, destroy: () => undo.all().then(() => removed(sandbox)) });
      },
      isolation: (facts, limits) => equipment.isolation(facts, { ...spec, limits }),
      ...(equipment.findToolchain ? { findToolchain: equipment.findToolchain } : {}),
      refusal: notASandbox,
    });
    return sandbox;
  });
}

/** Kills bubblewrap. Its first process, and so everything inside, is killed with it (--die-with-parent). */
async function kill({ pid, ended }: Spawned, keeper: Keeper): Promise<void> {
  keeper.signal(pid, 'SIGKILL');
  await ended;
  keeper.release(pid);
}

/** Waits until both have settled, and only then rejects if one of them has: so when everything is undone, nothing is still being made. */
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

/** Whether the limit of processes can be that of a user in a user namespace, because no control group counts them. Old kernels can't. */
function countedInside({ groups, root, countsByNamespace }: Findings): boolean {
  return !groups.controllers.has('pids') && !root && countsByNamespace;
}

/**
 * The line that the process runs before it becomes bubblewrap. It enters its control groups, sets limits of each process
 * where there are none, and opens the files that bubblewrap reads.
 */
function prepareLine({ groups, filter }: Findings, group: ControlGroup, optionsFile: string, { limits }: SandboxSpec): string {
  return [
    ...group.join.map((file) => `echo $$ >${quote(file)} || exit 126`),
    ...(groups.controllers.has('memory') ? [] : [`ulimit -d ${Math.ceil(limits.memoryBytes / 1024)}`]),
    `ulimit -c 0`,
    `ulimit -n ${MAX_OPEN_FILES}`,
    `exec ${OPTIONS_FD}<${quote(optionsFile)} ${FILTER_FD}<${quote(filter)}`,
  ].join(';');
}

/** Rejects when bubblewrap ends, with the last line that it has printed. */
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
