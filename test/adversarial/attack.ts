/** What an attack is: a program, and how it may end. */

export interface Attack {
  readonly name: string;
  readonly code: string;
  /** The outcomes that are honest. A session that is lost may also be told by an error. */
  readonly outcomes: readonly string[];
  /** It runs on a terminal. */
  readonly pty?: boolean;
  /** It gets more input than it takes. */
  readonly input?: boolean;
  /** A word that it prints where it got something that it must not get. */
  readonly silent?: string;
  /** The runtimes that are said to be weaker here (docs/security-model.md), where the word may be printed. */
  readonly weakerIn?: readonly string[];
}
