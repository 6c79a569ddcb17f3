/** Finds out what the output of a failed installation means. */

/**
 * A pattern, and the sentence that it stands for. The first that is found counts. `apparent`: managers say the same where
 * the registry did not answer, or not in full.
 */
export type Meaning = readonly [pattern: RegExp, words: (...found: string[]) => string, apparent?: 'apparent'];

/** What any program of an installation can say. */
const common: readonly Meaning[] = [
  [/(?:^|[\s:'"`])((?:x86_64-linux-gnu-|aarch64-linux-gnu-)?(?:gcc|g\+\+|cc|c\+\+|clang|make|cmake|rustc|cargo|pkg-config)(?:-\d+)?)['"`]?:? (?:command )?not found|not found: (make|gcc|g\+\+|cc)\b|unable to execute '([^']+)'|command '([^']+)' failed: No such file|No such file or directory[ :-]+'?(gcc|g\+\+|cc|make|cmake|cargo)\b/im,
    (...found) => `A package has to be compiled, and ${found.find(Boolean) ?? 'a compiler'} is not in the sandbox. Choose an image that has a compiler, or a version of the package that is there compiled.`],
  [/fatal error: ([\w/.-]+\.h): No such file/, (header) => `A package has to be compiled, and the file ${header} that it needs is not in the sandbox. Choose an image that has it, or a version of the package that is there compiled.`],
];

/** The end of the output is what counts, and no more of it than this is looked at. */
const MAX_OUTPUT = 24 * 1024;
const MAX_LINE = 2000;
const MAX_PART = 120;

/** `trouble`: what went wrong between this machine and the registries. */
export function meaningOf(output: string, trouble: string | undefined, own: readonly Meaning[]): string | undefined {
  const meaning = find(output, trouble === undefined ? own : own.filter(([, , apparent]) => !apparent));
  const sentences = [...(trouble === undefined ? [] : [`${trouble}.`]), ...(meaning === undefined ? [] : [meaning])];
  return sentences.length === 0 ? undefined : sentences.join(' ');
}

function find(output: string, own: readonly Meaning[]): string | undefined {
  const plain = output.slice(-MAX_OUTPUT).replaceAll(/\u001b\[[0-9;]*m/g, '');
  const end = plain.split('\n').map((line) => line.slice(0, MAX_LINE)).join('\n');
  for (const [pattern, words] of [...own, ...common]) {
    const found = pattern.exec(end);
    if (found) return words(...found.slice(1).map(printable));
  }
  return undefined;
}

/** What is quoted comes from the sandbox. */
function printable(text: string | undefined): string {
  return (text ?? '').replaceAll(/[^\x20-\x7e]/g, '').trim().slice(0, MAX_PART);
}
