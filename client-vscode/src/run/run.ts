/** One run of one source, from the click to the verdict. */
import { type CancellationToken, CancellationTokenSource } from 'vscode-jsonrpc/node';
import type { RunCodeResult, Session } from 'codebeaker/protocol';
import type { Clock } from '../base/clock.ts';
import type { Code } from '../base/code.ts';
import { bytes, duration } from '../base/units.ts';
import { LinkClosed } from '../client/faults.ts';
import type { Link, Progress } from '../client/link.ts';
import { Program } from './program.ts';
import type { Screen } from './screen.ts';
import { openSession, type SessionHelp } from './session.ts';
import type { SessionAsk } from './session-params.ts';
import { endingOf, verdictLine } from './verdict.ts';

export interface RunAsk extends SessionAsk {
  /** Of a document only a part. */
  readonly part: boolean;
}

export interface RunParts {
  readonly code: Code;
  readonly clock: Clock;
  readonly screen: Screen;
  readonly id: string;
  readonly help: SessionHelp;
  random(): number;
}

/** `output` is the last part of what the program printed. */
export interface RunEnd {
  readonly result: RunCodeResult;
  readonly session: Session;
  /** It ran without its folder, which could not be given to it. */
  readonly refused: boolean;
  readonly output: string;
}

/** Enough for the longest traceback. */
const MAX_REMEMBERED = 256 * 1024;

export class Run {
  readonly ask: RunAsk;
  readonly #parts: RunParts;
  readonly #cancel = new CancellationTokenSource();
  #session: Session | undefined;

  constructor(ask: RunAsk, parts: RunParts) {
    this.ask = ask;
    this.#parts = parts;
  }

  /** The sandbox it has, or had until somebody closed it. */
  get session(): Session | undefined {
    return this.#session;
  }

  get stopping(): boolean {
    return this.#cancel.token.isCancellationRequested;
  }

  /** Ends the program with everything it started. */
  stop(): void {
    this.#cancel.cancel();
  }

  /**
   * Resolves with how it ended, or undefined where it was stopped before it started.
   * @throws what the daemon answers. Told in the terminal too.
   */
  async go(link: Link): Promise<RunEnd | undefined> {
    const { code, screen } = this.#parts;
    const { source } = this.ask;
    screen.write(`\x1b[2m${code.l10n.t('{0} in a sandbox', source.name)}\x1b[22m\r\n`);
    try {
      return await this.#go(link, this.#cancel.token);
    } catch (fault) {
      if (this.stopping) {
        screen.write(`${clearLine}${verdictLine({ good: false, text: code.l10n.t('stopped') }, [])}`);
        return undefined;
      }
      const text = fault instanceof LinkClosed ? code.l10n.t('the daemon ended while it ran; run it again') : (fault as Error).message;
      screen.write(`${clearLine}${verdictLine({ good: false, text }, [])}`);
      throw fault;
    }
  }

  async #go(link: Link, token: CancellationToken): Promise<RunEnd> {
    const { code, screen, clock, id, random, help } = this.#parts;
    const { source, options } = this.ask;
    const tell = this.#tellings();
    if (source.virtual) tell.notShared(code.l10n.t('it is not on the disk of this machine'));
    const { session, refused } = await openSession({ link, ask: this.ask, progressToken: id, token, tell, help });
    this.#session = session;
    screen.write(clearLine);
    let output = '';
    const heard = (text: string) => {
      output = (output + text).slice(-MAX_REMEMBERED);
    };
    const program = new Program({ link, screen, clock, random, commandId: id, stdin: options.stdin, heard });
    const { sessionId } = session;
    const { path, language } = source;
    const result = await program.run(
      (streams, cancelled) => link.request('command/runCode', { sessionId, path, language, args: [...options.args], ...streams }, cancelled),
      token,
    );
    await program.flow.say(this.#verdict(session, result, program.flow.atLineStart));
    return { result, session, refused, output };
  }

  #tellings() {
    const { code, screen } = this.#parts;
    return {
      progress: ({ message, percentage }: Progress) => {
        if (message) screen.write(`${clearLine}\x1b[2m${message}${percentage === undefined ? '' : ` ${percentage} %`}…\x1b[22m`);
      },
      notShared: (why: string) => screen.write(`${clearLine}\x1b[33m${code.l10n.t('without its folder: {0}', why)}\x1b[39m\r\n`),
    };
  }

  #verdict({ runtime, limits }: Session, result: RunCodeResult, atLineStart: boolean): string {
    const { code } = this.#parts;
    const { durationMs, usage } = result;
    const peak = usage && usage.peakMemoryBytes > 0 ? [bytes(usage.peakMemoryBytes)] : [];
    return `${resetTerminal}${atLineStart ? '' : '\r\n'}${verdictLine(endingOf(code, result, limits), [duration(durationMs), ...peak, runtime])}`;
  }
}

const clearLine = '\r\x1b[K';

/** Whatever the program left on: colours, the other screen, a hidden cursor, mouse reports, keypad and paste modes. */
const resetTerminal = '\x1b[0m\x1b[?1047l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?2004l\x1b[?1l\x1b>';
