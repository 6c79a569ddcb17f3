/** Undoes what has been made, in reverse order: after a failure on the way, or when what was made is no longer needed. */

type Step = () => void | Promise<void>;

/** Whoever makes something adds at once how it is undone. */
export class Undo {
  readonly #steps: Step[] = [];
  #all: Promise<void> | undefined;

  /** A step that is added after `all` was called is carried out at once; nobody waits for it or hears of its fault. */
  add(step: Step): void {
    if (this.#all) void Promise.resolve().then(step).catch(() => undefined);
    else this.#steps.push(step);
  }

  /**
   * Carries out every step, the last one added first. It does so once: a second call gives the result of the first.
   * A step that fails does not keep the others from being carried out.
   * @throws the fault of the step that failed, or an AggregateError where several did
   */
  all(): Promise<void> {
    this.#all ??= carryOut(this.#steps.splice(0).reverse());
    return this.#all;
  }
}

/**
 * Resolves with the result of `work`. If `work` fails, what it has added to `undo` is undone before the fault is thrown.
 * If it succeeds, nothing is undone: `work` may keep `undo` for the end of what it made.
 * @throws the fault of `work`, or that of a step of `undo` where one fails as well
 */
export async function undoing<T>(work: (undo: Undo) => Promise<T>): Promise<T> {
  const undo = new Undo();
  try {
    return await work(undo);
  } catch (fault) {
    await undo.all();
    throw fault;
  }
}

async function carryOut(steps: readonly Step[]): Promise<void> {
  const faults: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (fault) {
      faults.push(fault);
    }
  }
  if (faults.length === 1) throw faults[0];
  if (faults.length > 1) throw new AggregateError(faults, 'several steps could not be undone');
}
