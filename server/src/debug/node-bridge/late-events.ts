/** Keeps what happens to a process until it is known who is to be told. */
import type { ProgramEvents } from './program.ts';

export class LateEvents implements ProgramEvents {
  #to: ProgramEvents | undefined;
  #early: ((to: ProgramEvents) => void)[] = [];
  #over = false;

  /** Whether it has ended. */
  get over(): boolean {
    return this.#over;
  }

  go(to: ProgramEvents): void {
    this.#to = to;
    for (const tell of this.#early.splice(0)) tell(to);
  }

  output(category: 'stdout' | 'stderr', text: string): void {
    this.#tell((to) => to.output(category, text));
  }

  message(text: string): void {
    this.#tell((to) => to.message(text));
  }

  ended(exitCode: number): void {
    this.#over = true;
    this.#tell((to) => to.ended(exitCode));
  }

  #tell(tell: (to: ProgramEvents) => void): void {
    if (this.#to) tell(this.#to);
    else this.#early.push(tell);
  }
}
