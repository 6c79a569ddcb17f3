/**
 * Finds the processor time of a sandbox that the exit of no program tells: that of processes which nobody has waited for, or
 * which have outlived their command. It is known while no command runs, because what runs is in no exit yet.
 */
import type { Sandbox } from '../runtime/ports.ts';

export class CpuMeter {
  readonly #sandbox: Pick<Sandbox, 'cpuMs'>;
  readonly #missed: (ms: number) => void;
  /** What had been used before the first command. */
  #before: Promise<number> | undefined;
  /** What is accounted for since. */
  #told = 0;
  #running = 0;
  /** It grows whenever a command begins or ends. */
  #changes = 0;

  /** `missed` is called with what no exit tells. */
  constructor(sandbox: Pick<Sandbox, 'cpuMs'>, missed: (ms: number) => void) {
    this.#sandbox = sandbox;
    this.#missed = missed;
  }

  begin(): void {
    this.#running++;
    this.#changes++;
    this.#before ??= this.#sandbox.cpuMs();
    this.#before.catch(() => undefined);
  }

  /** `toldMs` is what the exits of the command tell. Never rejects: of a sandbox that is gone nothing more is found. */
  async end(toldMs: number): Promise<void> {
    this.#running--;
    this.#told += toldMs;
    const change = ++this.#changes;
    if (this.#running > 0) return;
    const [before = Infinity, now = 0] = await Promise.all([this.#before, this.#sandbox.cpuMs()]).catch(() => []);
    const missed = now - before - this.#told;
    // If a command has begun meanwhile, it will be found when that has ended.
    if (change !== this.#changes || missed <= 0) return;
    this.#told += missed;
    this.#missed(missed);
  }
}
