/** Asks the person at the terminal a question before the program runs. */
import type { Terminal } from './streams.ts';

const MAX_ANSWER_LENGTH = 1000;

/** Resolves with whether the answer is yes, which an empty line means, too. What is typed after the line stays for the program. */
export function confirm({ stdin, stderr }: Pick<Terminal, 'stdin' | 'stderr'>, question: string, signal: AbortSignal): Promise<boolean> {
  stderr.write(`${question} [Y/n] `);
  return new Promise((resolve) => {
    let typed = '';
    const finish = (yes: boolean) => {
      stdin.off('data', hear).off('end', end).pause();
      signal.removeEventListener('abort', end);
      resolve(yes);
    };
    const end = () => finish(false);
    const hear = (bytes: Buffer) => {
      typed += bytes.toString();
      const at = typed.indexOf('\n');
      if (at < 0 && typed.length < MAX_ANSWER_LENGTH) return;
      const rest = at < 0 ? '' : typed.slice(at + 1);
      finish(/^\s*(?:y|yes|)\s*$/i.test(typed.slice(0, at < 0 ? undefined : at)));
      if (rest !== '') stdin.unshift(Buffer.from(rest));
    };
    stdin.on('data', hear).once('end', end);
    signal.addEventListener('abort', end, { once: true });
  });
}
