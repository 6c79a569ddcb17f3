/**
 * Watches the processor time of a sandbox while a command runs in it, where a quota bounds that. It looks only when the
 * quota can be used up: that takes at least what is left of it, divided by the processors that the sandbox can use.
 */
import type { Clock } from '../base/clock.ts';
import type { Sandbox } from '../runtime/ports.ts';

export interface CpuWatchParts {
  readonly sandbox: Pick<Sandbox, 'can' | 'cpuMs' | 'isolation'>;
  readonly clock: Clock;
  /** The limit of processors of the sandbox. */
  readonly cpus: number;
  /** The processor time in milliseconds that is left of the quotas for commands that have not ended. Infinity: there are none. */
  rest(): number;
  /** Called once, when nothing is left. */
  spent(): void;
}

/** It does not look more often than this, so a command may go beyond its quota by so much on each of its processors. */
const MIN_EVERY_MS = 200;

/** The processors of a large machine, where nothing keeps a sandbox from using all of them. */
const MANY = 64;

/** Watches until the returned function is called, or the sandbox is gone. A sandbox that can't tell its processor time is not watched. */
export function watchCpu({ sandbox, clock, cpus, rest, spent }: CpuWatchParts): () => void {
  const atFirst = rest();
  if (atFirst === Infinity || !sandbox.can.cpuTime) return () => undefined;
  const processors = sandbox.isolation.layers.some(({ name, state }) => name === 'cpu' && state !== 'enforced') ? MANY : cpus;
  let over = false;
  let cancel: () => void = () => undefined;
  const before = sandbox.cpuMs();
  const look = async () => {
    const used = (await sandbox.cpuMs()) - (await before);
    if (over) return;
    // What other commands of the same sandbox have used since is in both.
    const left = Math.min(atFirst - used, rest());
    if (left <= 0) spent();
    else wait(left);
  };
  // A sandbox that does not answer is gone, or tells when its command has ended.
  const wait = (left: number) => (cancel = clock.after(Math.max(MIN_EVERY_MS, left / processors), () => void look().catch(() => undefined)));
  before.catch(() => undefined);
  wait(atFirst);
  return () => {
    over = true;
    cancel();
  };
}
