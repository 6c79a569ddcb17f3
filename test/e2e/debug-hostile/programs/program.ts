/** What is debugged in one language, and attacks. */

/** The names of the attacks, each of which is a test. */
export type AttackName = 'forges' | 'writes' | 'stops' | 'kills' | 'floods' | 'holds' | 'takes';

export interface HostileProgram {
  readonly language: string;
  readonly main: string;
  /** What FORGED stands for, the bytes of messages, as this language writes it. */
  literal(text: string): string;
  /** The program of each attack that makes sense. It is stopped at the line that has the word `here`. What stops its debugger makes the file `sent` when it has done so. */
  readonly code: Readonly<Partial<Record<AttackName, string>>>;
  /** What takes the place of the debugger, in the attack `takes`. */
  readonly taker?: { readonly env: Readonly<Record<string, string>>; readonly files: Readonly<Record<string, string>> };
}
