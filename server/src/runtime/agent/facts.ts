/** The facts that an agent finds out inside a sandbox: its user, mounts, network and limits. */

export interface Facts {
  readonly pid: number;
  readonly uid: number;
  /** undefined: this kernel does not say. */
  readonly noNewPrivs: boolean | undefined;
  /** 0 none, 1 strict, 2 filter. */
  readonly seccomp: number;
  readonly noCapabilities: boolean;
  readonly mounts: ReadonlyMap<string, { type: string; options: readonly string[] }>;
  /** Network interfaces. Every network has `lo`: none at all means that nothing is known. */
  readonly interfaces: readonly string[];
  /** The release of the kernel that answers in there. */
  readonly kernel: string | undefined;
  /** That kernel is gVisor's: it says so where nobody inside can write. */
  readonly gvisor: boolean;
  /** What the kernel in there calls all of the memory. */
  readonly totalMemoryBytes: number | undefined;
  /** undefined: no limit is in force. */
  readonly memoryBytes: number | undefined;
  /** What is in use. undefined: nobody counts it for the sandbox alone, for there is no limit either. */
  readonly usedBytes: number | undefined;
  readonly pids: number | undefined;
  readonly cpus: number | undefined;
  /** Where files can be written, of the mounts above and of others. */
  readonly writable: ReadonlySet<string>;
  /** What keeps programs from the agent, and so from changing what it tells of others. */
  readonly agent: {
    /** It is the first process of a process namespace: the kernel takes no signal for it from inside. */
    readonly first: boolean;
    /** Another process of its user has tried to open its memory, and could not. */
    readonly closed: boolean;
    /** The same of its environment. */
    readonly private: boolean;
    /** The version of Landlock; 0: the kernel has none. */
    readonly landlock: number;
  };
  /** Control groups that are seen inside, and that the agent is a member of: `memory`, `cpu`, `pids`, or `.` for all of them. */
  readonly member: ReadonlySet<string>;
  /** Limits of each process, for where there are no control groups. */
  readonly perProcess: { readonly dataBytes: number | undefined; readonly processes: number | undefined };
}

export function parseFacts(text: string): Facts {
  const status = new Map<string, string>();
  const cgroup = new Map<string, string>();
  const mounts = new Map<string, { type: string; options: string[] }>();
  const interfaces: string[] = [];
  const member = new Set<string>();
  const perProcess = new Map<string, string>();
  const writable = new Set<string>();
  for (const line of text.split('\n')) {
    const [key = '', ...rest] = line.split(/\s+/);
    if (key === 'mount') mounts.set(rest[0] ?? '', { type: rest[1] ?? '', options: (rest[2] ?? '').split(',') });
    else if (key === 'writable') writable.add(rest[0] ?? '');
    else if (key === 'cgroup') cgroup.set(rest[0] ?? '', rest.slice(1).join(' '));
    else if (key === 'member') member.add(rest[0] ?? '');
    else if (key === 'limit') perProcess.set(rest[0] ?? '', rest[1] ?? '');
    else if (key === 'net') interfaces.push((rest[0] ?? '').split(':')[0] ?? '');
    else if (key) status.set(key, rest.join(' '));
  }
  const memoryBytes = limit(cgroup.get('memory.max') ?? cgroup.get('memory/memory.limit_in_bytes'));
  return {
    pid: Number(status.get('pid')),
    uid: Number((status.get('Uid:') ?? '').split(' ')[1]),
    noNewPrivs: status.has('NoNewPrivs:') ? status.get('NoNewPrivs:') === '1' : undefined,
    seccomp: Number(status.get('Seccomp:') ?? 0),
    noCapabilities: [status.get('CapEff:'), status.get('CapBnd:')].every((set) => /^0+$/.test(set ?? '')),
    mounts,
    interfaces,
    kernel: status.get('kernel'),
    gvisor: status.has('gvisor'),
    totalMemoryBytes: status.has('memory') ? Number(/\d+/.exec(status.get('memory') ?? '')?.[0]) * 1024 : undefined,
    memoryBytes,
    usedBytes: memoryBytes === undefined ? undefined : limit(cgroup.get('memory.current') ?? cgroup.get('memory/memory.usage_in_bytes')),
    pids: limit(cgroup.get('pids.max') ?? cgroup.get('pids/pids.max')),
    cpus: cpus(cgroup),
    member,
    writable,
    agent: { first: status.has('first'), closed: status.has('closed'), private: status.has('private'), landlock: Number(status.get('landlock') ?? 0) },
    perProcess: { dataBytes: limit(perProcess.get('data')), processes: limit(perProcess.get('processes')) },
  };
}

/** cgroup v2 says `max`, v1 a number near 2^63. */
function limit(text: string | undefined): number | undefined {
  const value = Number(text);
  return text && Number.isFinite(value) && value < 2 ** 60 ? value : undefined;
}

function cpus(cgroup: ReadonlyMap<string, string>): number | undefined {
  const [quota, period] = (
    cgroup.get('cpu.max') ?? `${cgroup.get('cpu/cpu.cfs_quota_us')} ${cgroup.get('cpu/cpu.cfs_period_us')}`
  )
    .split(' ')
    .map(Number);
  return quota && period && quota > 0 ? quota / period : undefined;
}
