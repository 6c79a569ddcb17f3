/**
 * Makes native sandboxes: each is a bubblewrap whose first process is an agent. If the daemon dies, the sandbox ends in two
 * ways: the socket of the agent is closed, and the keeper kills the process group of bubblewrap.
 */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { availableParallelism, constants, setPriority } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import { undoing } from '../../../base/undo.ts';
import { type Isolation, ProtocolError, type Weakness } from '../../../protocol/index.ts';
import { errorCode } from '../../machine/faults.ts';
import type { Keeper } from '../../machine/keeper.ts';
import { packageMounts, type PackageMounts } from '../../machine/packages.ts';
import { Pump } from '../../machine/pump.ts';
import { quote } from '../../machine/quote.ts';
import { removeIfThere } from '../../machine/remove.ts';
import { spawn, type Spawned } from '../../machine/spawn.ts';
import { walkerFor } from '../../machine/walk.ts';
import type { findToolchain } from '../../languages.ts';
import type { CreateContext, Sandbox, SandboxSpec } from '../../ports.ts';
import { AGENT, AGENT_FD, type AgentSandbox, type Facts, openSandbox, socketCarrier } from '../../agent/index.ts';
import { TYPESCRIPT } from '../../typescript.ts';
import { copyFolder } from '../../workspace/copy-in.ts';
import { furnish, type Furnishing } from '../../workspace/furnish.ts';
import { becomeNobody, bubblewrapOptions, type BubblewrapPlan } from './bubblewrap.ts';
import type { ControlGroup } from './cgroup.ts';
import type { Findings } from './findings.ts';
import type { Bind } from './toolchains.ts';

/** What the sandboxes of one kind have besides what all of them have. */
export interface Equipment {
  readonly binds: readonly Bind[];
  /** Folders that come first in PATH. */
  readonly path: readonly string[];
  /** How a language is run. By default that is found out from the tools that are there. */
  readonly findToolchain?: typeof findToolchain;
  /** The holes that are known in its own programs. Absent: none. */
  readonly weaknesses?: readonly Weakness[];
  /** `reservedBytes`: as in SandboxesOptions. */
  isolation(facts: Facts, spec: SandboxSpec, reservedBytes: number): Isolation;
}

export interface SandboxesOptions {
  /** Memory that its programs reserve and do not use. Where the memory of each process is limited, it may reserve so much more. */
  readonly reservedBytes: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when the sandbox has been removed. */
  removed(sandbox: Sandbox): void;
}

const MAX_OPEN_FILES = 4096;
const OPTIONS_FD = 7;
/** The end of what bubblewrap prints is kept, for the message when it fails. */
const MAX_COMPLAINT_LENGTH = 2000;

/** If it rejects, nothing of the sandbox is left. @throws ProtocolError SandboxFailed, DiskFull */
export async function createNative(spec: SandboxSpec, context: CreateContext, findings: Findings, equipment: Equipment, options: SandboxesOptions): Promise<Sandbox> {
  const { signal } = context;
  signal.throwIfAborted();
  const furnishing = await furnish(spec);
  return undoing(async (undo) => {
    const sandbox = await open(spec, furnishing, context, findings, equipment, options).catch(refuse);
    undo.add(() => sandbox.close());
    await furnishing.finish(sandbox, context);
    signal.throwIfAborted();
    return sandbox;
  });
}

/** What is undone after a failure on the way is undone when the sandbox is closed, too. */
function open(spec: SandboxSpec, furnishing: Furnishing, { signal, report }: CreateContext, findings: Findings, equipment: Equipment, { reservedBytes, clock, log, removed }: SandboxesOptions): Promise<AgentSandbox> {
  report('starting the sandbox');
  const { keeper, groups, times } = findings;
  return undoing(async (undo) => {
    const home = await keeper.folder();
    const folder = await mkdtemp(join(home, 'sandbox-'));
    undo.add(() => removeIfThere(walkerFor('linux'), folder));
    const group = await groups.create(spec.name, spec.limits);
    undo.add(() => group.remove());
    const packages = await packageMounts(spec.packages, home, undo);
    const plan = planFor(spec, { furnishing, findings, equipment, group, packages });
    const optionsFile = join(folder, 'options');
    await writeFile(optionsFile, bubblewrapOptions(plan).map((word) => `${word}\0`).join(''));
    const command = [
      findings.program, '--args', String(OPTIONS_FD), '--', AGENT, '--descriptor', String(AGENT_FD), ...becomeNobody(plan),
      ...(countedInside(findings) ? ['--processes', String(spec.limits.pids)] : []),
    ];
    const prepare = prepareLine(findings, group, optionsFile, spec.limits.memoryBytes + reservedBytes);
    const bubblewrap = await spawn({ command, cwd: '/', env: { PATH: '/usr/local/bin:/usr/bin:/bin' }, stdin: 'none', socket: true, prepare }, keeper);
    undo.add(() => kill(bubblewrap, keeper));
    prefer(bubblewrap);
    const carrier = socketCarrier(bubblewrap.socket);
    undo.add(() => carrier.destroy());
    void bubblewrap.ended.then(() => carrier.destroy());
    const sandbox: AgentSandbox = await openSandbox({
      carrier, image: undefined, limits: spec.limits, clock, log: log.child('agent', { session: spec.name }), signal, ended: failure(bubblewrap, clock), refusal: notASandbox,
      surroundings: {
        copyIn: copyFolder,
        processors: availableParallelism(),
        ...(groups.holdsAll ? { adjust: group.adjust } : {}),
        cpuMs: group.cpuMs ?? times.of(bubblewrap.pid),
        destroy: () => undo.all().then(() => removed(sandbox)),
        isolation: (facts, limits) => equipment.isolation(facts, { ...spec, limits }, reservedBytes),
        shown: packages.shown,
        ...(equipment.findToolchain ? { findToolchain: equipment.findToolchain } : {}),
      },
    });
    return sandbox;
  });
}

/**
 * Gives the agent, which inherits it, more weight than its programs get, so that it answers however many of them want the
 * processor. Not every user may do that.
 */
function prefer({ pid }: Spawned): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_HIGHEST);
  } catch {
    // Then all have the same.
  }
}

/**
 * Kills bubblewrap, and the agent, which is in its process group; so everything inside is killed. That may hold the pipes a
 * moment longer, so the daemon's ends are closed here.
 */
async function kill({ pid, ended, stdout, stderr }: Spawned, keeper: Keeper): Promise<void> {
  keeper.signal(pid, 'SIGKILL');
  await ended;
  stdout.destroy();
  stderr.destroy();
}

interface PlanParts {
  readonly furnishing: Furnishing;
  readonly findings: Findings;
  readonly equipment: Equipment;
  readonly group: ControlGroup;
  readonly packages: PackageMounts;
}

function planFor({ limits }: SandboxSpec, { furnishing, findings, equipment, group, packages }: PlanParts): BubblewrapPlan {
  const { root, forbidsUserNamespaces, etc, agent, typescript, toolchains } = findings;
  return {
    root,
    forbidsUserNamespaces,
    binds: [...toolchains.binds, ...equipment.binds, ...group.binds, [typescript, TYPESCRIPT], ...packages.reads],
    writable: packages.writes,
    links: toolchains.links,
    path: [...equipment.path, toolchains.path].join(':'),
    etc,
    agent,
    diskBytes: limits.diskBytes,
    workspace: furnishing.mount,
    user: furnishing.user,
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
function prepareLine({ groups }: Findings, group: ControlGroup, optionsFile: string, dataBytes: number): string {
  return [
    ...group.join.map((file) => `echo $$ >${quote(file)} || exit 126`),
    ...(groups.controllers.has('memory') ? [] : [`ulimit -d ${Math.ceil(dataBytes / 1024)}`]),
    `ulimit -c 0`,
    `ulimit -n ${MAX_OPEN_FILES}`,
    `exec ${OPTIONS_FD}<${quote(optionsFile)}`,
  ].join(';');
}

/** Rejects when bubblewrap ends, with the last line that it has printed. */
async function failure({ stdout, stderr, ended }: Spawned, clock: Clock): Promise<never> {
  let complaint = '';
  const pumps = [
    new Pump(stdout, () => undefined),
    new Pump(stderr, (chunk) => void (complaint = (complaint + chunk.toString()).slice(-MAX_COMPLAINT_LENGTH))),
  ];
  await ended;
  for (const pump of pumps) pump.finish(clock);
  await Promise.all(pumps.map(({ done }) => done));
  throw notASandbox(complaint.trim().split('\n').at(-1) || 'bubblewrap ended');
}

/** What the host can't give, such as room, files or processes, is no fault of the daemon's. */
function refuse(fault: unknown): never {
  const code = fault instanceof ProtocolError ? '' : errorCode(fault);
  throw code === '' ? fault : notASandbox(`the host answered ${code}`);
}

function notASandbox(why: string): ProtocolError {
  return new ProtocolError('SandboxFailed', `the sandbox could not be made: ${why.replaceAll(/(?<![^\s'"(])\/[^\s:]+/g, '(a path)')}`);
}
