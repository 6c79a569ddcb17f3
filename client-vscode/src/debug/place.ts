/** Says where an error that a program printed comes from, so that the Debug Console leads there. Only on this machine's own disk does the editor make links of paths. */
import type { LanguageId } from 'codebeaker/protocol';
import { findTraces } from '../traces/trace.ts';
import type { DapMessage } from './dap.ts';
import type { Names } from './names.ts';

/** Of what was printed, so much is looked at. */
const MAX_CHARS = 8 * 1024;

export class Places {
  readonly #language: LanguageId;
  readonly #names: Pick<Names, 'has'>;
  /** The end of what was printed on stderr, since the last error: an error may come in many pieces. */
  #recent = '';

  constructor(language: LanguageId, names: Pick<Names, 'has'>) {
    this.#language = language;
    this.#names = names;
  }

  /** The piece that completes an error gets its innermost place in a file of the person's. Anything else stays as it is. */
  place(message: DapMessage): DapMessage {
    if (message.type !== 'event' || message.event !== 'output') return message;
    const { category, output, source } = message.body ?? {};
    if (category !== 'stderr' || source !== undefined || typeof output !== 'string') return message;
    this.#recent = (this.#recent + output).slice(-MAX_CHARS);
    const [trace] = findTraces(this.#language, this.#recent);
    // The editor joins the pieces of a line, and keeps the place of the last one.
    if (trace && output.endsWith('\n')) this.#recent = '';
    const frame = trace?.frames.find(({ path }) => this.#names.has(path));
    if (!frame) return message;
    const { path, line, column } = frame;
    return { ...message, body: { ...message.body, source: { name: path.split(/[\\/]/).at(-1), path }, line, ...(column === undefined ? {} : { column }) } };
  }
}
