/** The cases in which clients must do the same: each JSON file here is run by the tests of both editors, home.json by those of the command line too. */
import { readFileSync } from 'node:fs';

export type ClientName = 'vscode' | 'neovim';

/** One value for both clients, or one for each with the reason why they differ. */
export type Expected<T> = T | { readonly vscode: T; readonly neovim: T; readonly reason: string };

export function expectedOf<T extends string>(expected: Expected<T>, client: ClientName): T {
  return typeof expected === 'string' ? expected : expected[client];
}

/** What each file holds. */
export interface Cases {
  /** Times of crashes in milliseconds → at which of them the client gives up. */
  crashes: { name: string; times: number[]; givesUp: boolean[] }[];
  /** Pieces of output → what is shown of them. */
  escapes: { name: string; pieces: string[]; shown: Expected<string> }[];
  /** Keys typed for a program with pipes → what the program gets, and what is echoed. */
  typing: { name: string; keys: string[]; effects: string[]; echo?: string }[];
  /** The end of an execution → the last line, and whether its output is searched for traces. */
  verdicts: { name: string; execution: object; line: Expected<string>; failed: boolean }[];
  /** Lines of a selection and the number of the first, counted from 0 → the text that runs. */
  selections: { name: string; lines: string[]; startLine: number; text: string; columnOffset: number }[];
  shellwords: {
    split: { text: string; words: string[] }[];
    notClosed: { text: string; quote: string }[];
    join: { words: string[]; text: string }[];
    environments: { text: string; env: Record<string, string>; written: string }[];
    noEnvironments: { text: string; word: string }[];
    lines: { text: string; input: string; written: string }[];
  };
  /** Output of a program → the traces in it, each as its message and its frames as `path:line:column`. */
  traces: { name: string; language: string; output: string[]; traces: string[][] }[];
  /** A path as a program printed it → the path below the folder that was copied; null if it is no copy. */
  places: { path: string; inFolder: string | null }[];
  /** Paths at which no file of a sandbox is written, whatever is there. */
  home: { refused: string[] };
  /** Runs, one after the other, in runtimes that were chosen for these reasons → what is told of each; null if nothing. */
  chosen: { name: string; runs: { language: string; runtime: string; reason?: string; named?: boolean; told: string | null }[] }[];
  /** A module that a program did not find, and what is remembered for its file → what is offered; null if nothing. */
  missing: { name: string; missing: { module: string; packages: string[] }; known: { packages?: string[]; offers?: 'never' }; told: string | null }[];
  units: { bytes: [count: number, text: string][]; duration: [ms: number, text: string][] };
}

export function casesOf<N extends keyof Cases>(name: N): Cases[N] {
  return JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8')) as Cases[N];
}
