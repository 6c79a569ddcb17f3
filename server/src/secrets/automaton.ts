/** Finds many patterns in a stream of bytes in one pass (Aho and Corasick, 1975). It is made once and never changes. */
import { nextLoopIteration } from '../base/promises.ts';

const NONE = 0;
/** So many bytes of patterns are looked at in one turn of the event loop. */
const STEP_BYTES = 64 * 1024;

/** A state stands for the longest end of what was read that begins a pattern; its number is that of a node of the tree of patterns. */
export class Automaton {
  /** The states after one byte; 0 where no pattern begins with it. */
  readonly #first = new Int32Array(256);
  /** For each node: its byte, its first child, the next child of its parent, and the state that is left when it can't go on. */
  readonly #byte: Uint8Array;
  readonly #child: Int32Array;
  readonly #next: Int32Array;
  readonly #fail: Int32Array;
  /** How many bytes the state stands for. */
  readonly depth: Int32Array;
  /** The length of the longest pattern that ends in the state; 0 where none does. */
  readonly found: Int32Array;

  /** None of the patterns is empty. Where they are long, the event loop has its turn in between. */
  static async inTurns(patterns: readonly Buffer[]): Promise<Automaton> {
    const automaton = new Automaton(patterns);
    const steps = automaton.#steps(patterns);
    while (!steps.next().done) await nextLoopIteration();
    return automaton;
  }

  /** The same at once. */
  static of(patterns: readonly Buffer[]): Automaton {
    const automaton = new Automaton(patterns);
    const steps = automaton.#steps(patterns);
    while (!steps.next().done);
    return automaton;
  }

  private constructor(patterns: readonly Buffer[]) {
    const most = 1 + patterns.reduce((sum, { length }) => sum + length, 0);
    this.#byte = new Uint8Array(most);
    [this.#child, this.#next, this.#fail, this.depth, this.found] = [0, 0, 0, 0, 0].map(() => new Int32Array(most)) as [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];
  }

  /** Builds it. After each step it has been busy for some milliseconds. */
  *#steps(patterns: readonly Buffer[]): Generator<void> {
    let count = 1;
    let done = 0;
    for (const pattern of patterns) {
      let node = 0;
      for (const byte of pattern) {
        const known = this.#childOf(node, byte);
        node = known === NONE ? this.#add(count++, node, byte) : known;
        if (++done % STEP_BYTES === 0) yield;
      }
      this.found[node] = pattern.length;
    }
    yield* this.#connect(count);
  }

  /** The state after one more byte. */
  step(state: number, byte: number): number {
    for (let from = state; from !== 0; from = this.#fail[from] as number) {
      const to = this.#childOf(from, byte);
      if (to !== NONE) return to;
    }
    return this.#first[byte] as number;
  }

  /** The first place from `at` where a pattern may begin; the length where there is none. */
  begin(bytes: Uint8Array, at: number): number {
    const first = this.#first;
    const { length } = bytes;
    let place = at;
    while (place < length && first[bytes[place] as number] === NONE) place++;
    return place;
  }

  #childOf(node: number, byte: number): number {
    if (node === 0) return this.#first[byte] as number;
    let child = this.#child[node] as number;
    while (child !== NONE && this.#byte[child] !== byte) child = this.#next[child] as number;
    return child;
  }

  #add(node: number, parent: number, byte: number): number {
    this.#byte[node] = byte;
    this.depth[node] = (this.depth[parent] as number) + 1;
    if (parent === 0) this.#first[byte] = node;
    else {
      this.#next[node] = this.#child[parent] as number;
      this.#child[parent] = node;
    }
    return node;
  }

  /** Goes through the tree by depth, so that the state to which a node falls back is ready before it. */
  *#connect(count: number): Generator<void> {
    const queue = new Int32Array(count);
    let end = 0;
    for (const node of this.#first) if (node !== NONE) queue[end++] = node;
    for (let at = 0; at < end; at++) {
      if (at % STEP_BYTES === STEP_BYTES - 1) yield;
      const node = queue[at] as number;
      const fail = this.#fail[node] as number;
      if (this.found[node] === 0) this.found[node] = this.found[fail] as number;
      for (let child = this.#child[node] as number; child !== NONE; child = this.#next[child] as number) {
        this.#fail[child] = this.step(fail, this.#byte[child] as number);
        queue[end++] = child;
      }
    }
  }
}
