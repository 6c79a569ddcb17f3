/** `command/runCode`, whose result tells what the program lacked if a package may have it. */
import type { ExecuteContext } from '../../command/execute.ts';
import type { OutputPiece } from '../../command/output.ts';
import { runCode } from '../../command/run-code.ts';
import type { RunCodeParams, RunCodeResult, TextEncoding } from '../../protocol/index.ts';
import type { Session } from '../../session/session.ts';

/** So much of the end of what a program complains is kept. */
const MAX_LENGTH = 32 * 1024;

export async function runTelling(session: Session, params: RunCodeParams, context: ExecuteContext): Promise<RunCodeResult> {
  if (!session.sandbox.can.packages) return runCode(session, params, context);
  const end = new End(params.stderrToStdout === true);
  const stream: ExecuteContext['stream'] = (commandId) => {
    const { send, close } = context.stream(commandId);
    return {
      send: (piece) => {
        end.take(piece);
        return send(piece);
      },
      close,
    };
  };
  const result = await runCode(session, params, { ...context, stream });
  if (result.outcome !== 'exited' || result.exitCode === 0) return result;
  const { missingModule } = await import('./missing.ts');
  const missing = missingModule(result.language, params.commandId === undefined ? collected(params, result) : end.text);
  return missing ? { ...result, missing: { ...missing, packages: [...missing.packages] } } : result;
}

/** The output of a terminal is in stdout. */
function collected({ pty, stderrToStdout, outputEncoding = 'utf-8' }: RunCodeParams, { stdout = '', stderr = '' }: RunCodeResult): string {
  return plain(pty !== undefined || stderrToStdout === true ? stdout : stderr, outputEncoding).toString();
}

function plain(data: string, encoding: TextEncoding): Buffer {
  return Buffer.from(data, encoding);
}

/** The last pieces of stderr, or of the stream that it is a part of. */
class End {
  readonly #takesStdout: boolean;
  readonly #pieces: OutputPiece[] = [];
  #length = 0;

  constructor(takesStdout: boolean) {
    this.#takesStdout = takesStdout;
  }

  take(piece: OutputPiece): void {
    if (piece.stream === 'stdout' && !this.#takesStdout) return;
    this.#pieces.push(piece);
    this.#length += piece.bytes;
    for (let first = this.#pieces[0]; first && this.#length - first.bytes >= MAX_LENGTH; [first] = this.#pieces) {
      this.#pieces.shift();
      this.#length -= first.bytes;
    }
  }

  get text(): string {
    return Buffer.concat(this.#pieces.map(({ data, encoding }) => plain(data, encoding))).toString();
  }
}
