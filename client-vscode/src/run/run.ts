/** One run of one source: claims a sandbox for it, runs the program there and shows how it ended. */
import { type CancellationToken, CancellationTokenSource } from 'vscode-jsonrpc/node';
import type { RunCodeResult, Session } from 'codebeaker/protocol';
import type { Clock } from '../base/clock.ts';
import type { Code } from '../base/code.ts';
import { bytes, duration } from '../base/units.ts';
import type { Connection, Progress } from '../client/connection.ts';
import { ConnectionClosed } from '../client/faults.ts';
import type { ChosenRuntimes } from './chosen.ts';
import { Program } from './program.ts';
import { type Claimed, type ClaimReport, claimSandbox, type SandboxSupply } from './sandbox/claim.ts';
import type { RunSpec } from './source/run-spec.ts';
import { resetTerminal, type Screen } from './terminal/screen.ts';
import { endingOf, verdictLine } from './verdict.ts';
import { withheldWords } from './withheld.ts';

export interface RunParts {
  readonly code: Code;
  readonly clock: Clock;
  readonly screen: Screen;
  readonly id: string;
  readonly supply: SandboxSupply;
  readonly chosen: ChosenRuntimes;
  random(): number;
}

export interface RunEnd extends Claimed {
  readonly result: RunCodeResult;
  /** The last part of what the program printed. */
  readonly output: string;
}

/** Enough of the output for the longest traceback. */
const MAX_OUTPUT_CHARS = 256 * 1024;
/** The fragment of a URI, which says that only a part of the document runs. */
const SELECTION = 'selection';

export class Run {
  readonly spec: RunSpec;
  readonly #parts: RunParts;
  readonly #cancel = new CancellationTokenSource();
  #session: Session | undefined;

  constructor(spec: RunSpec, parts: RunParts) {
    this.spec = spec;
    this.#parts = parts;
  }

  /** The session of the sandbox that was claimed. It may be closed by now. */
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
   * Resolves with how the program ended, or with undefined if it was stopped before it started.
   * @throws what the daemon answers, after it has been shown in the terminal
   */
  async runInSandbox(connection: Connection): Promise<RunEnd | undefined> {
    const { code, screen } = this.#parts;
    const { token } = this.#cancel;
    screen.write(`\x1b[2m${code.l10n.t('{0} in a sandbox', this.spec.source.name)}\x1b[22m\r\n`);
    try {
      const claimed = await this.#claimSandbox(connection, token);
      return await this.#runProgram(connection, claimed, token);
    } catch (fault) {
      if (this.stopping) {
        this.#showFailure(code.l10n.t('stopped'));
        return undefined;
      }
      this.#showFailure(fault instanceof ConnectionClosed ? code.l10n.t('the daemon ended while it ran; run it again') : (fault as Error).message);
      throw fault;
    }
  }

  async #claimSandbox(connection: Connection, token: CancellationToken): Promise<Claimed> {
    const { screen, id, supply } = this.#parts;
    const report = this.#claimReport();
    const withheld = await withheldWords(this.#parts.code, supply.disk, this.spec.source);
    if (withheld !== undefined) report.withoutFolder(withheld);
    const claimed = await claimSandbox({ connection, spec: this.spec, progressToken: id, token, report, supply });
    this.#session = claimed.session;
    screen.write(clearLine);
    return claimed;
  }

  async #runProgram(connection: Connection, claimed: Claimed, token: CancellationToken): Promise<RunEnd> {
    const { screen, clock, id, random } = this.#parts;
    const { source, options, isSelection } = this.spec;
    const { path, language, cwd, uri } = source;
    const { sessionId } = claimed.session;
    let output = '';
    const onOutput = (text: string) => {
      output = (output + text).slice(-MAX_OUTPUT_CHARS);
    };
    const program = new Program({ connection, screen, clock, random, commandId: id, stdin: options.stdin, onOutput });
    const result = await program.execute(
      (streams, cancelled) => connection.request('command/runCode', { sessionId, path, uri: (isSelection ? uri.with({ fragment: SELECTION }) : uri).toString(), language, args: [...options.args], ...(cwd === '.' ? {} : { cwd }), ...streams }, cancelled),
      token,
    );
    await this.#showVerdict(program, claimed.session, result);
    return { ...claimed, result, output };
  }

  #claimReport(): ClaimReport {
    const { code, screen } = this.#parts;
    return {
      progress: ({ message, percentage }: Progress) => {
        if (message) screen.write(`${clearLine}\x1b[2m${message}${percentage === undefined ? '' : ` ${percentage} %`}…\x1b[22m`);
      },
      withoutFolder: (reason) => screen.write(`${clearLine}\x1b[33m${code.l10n.t('without the other files of its folder: {0}', reason)}\x1b[39m\r\n`),
    };
  }

  /** Resolves when the line is in the terminal, after all output. */
  async #showVerdict({ flow }: Program, session: Session, result: RunCodeResult): Promise<void> {
    const { runtime, limits } = session;
    const { durationMs, usage } = result;
    const peak = usage && usage.peakMemoryBytes > 0 ? [bytes(usage.peakMemoryBytes)] : [];
    const line = verdictLine(endingOf(this.#parts.code, result, limits), [duration(durationMs), ...peak, runtime]);
    await flow.writeAfterOutput(`${resetTerminal}${flow.atLineStart ? '' : '\r\n'}${line}${this.#newsOf(session)}`);
  }

  /** A faint line that says why the runtime was chosen, or nothing. */
  #newsOf(session: Session): string {
    const news = this.#parts.chosen.news(this.spec.source.language, session, this.spec.profile.runtime !== undefined);
    return news === undefined ? '' : `\x1b[2m${news}\x1b[22m\r\n`;
  }

  #showFailure(text: string): void {
    this.#parts.screen.write(`${clearLine}${verdictLine({ good: false, text }, [])}`);
  }
}

const clearLine = '\r\x1b[K';
