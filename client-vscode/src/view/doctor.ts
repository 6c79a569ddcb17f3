/** Shows what `codebeaker doctor` says of this machine, in an output channel: Restricted Mode has no terminals. */
import type { Code, vscode } from '../base/code.ts';

export interface DoctorParts {
  readonly code: Code;
  /** Runs the doctor, which looks at every runtime and measures it. */
  report(signal: AbortSignal): Promise<string>;
}

export class Doctor {
  readonly #parts: DoctorParts;
  readonly #end = new AbortController();
  #channel: vscode.OutputChannel | undefined;
  #running: Promise<void> | undefined;

  constructor(parts: DoctorParts) {
    this.#parts = parts;
  }

  /** Shows the report. While one is being made, no second one is begun. */
  show(): Promise<void> {
    const { code } = this.#parts;
    this.#channel ??= code.window.createOutputChannel(code.l10n.t('CodeBeaker Doctor'));
    this.#channel.show(true);
    this.#running ??= this.#report(this.#channel).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  dispose(): void {
    this.#end.abort();
    this.#channel?.dispose();
  }

  async #report(channel: vscode.OutputChannel): Promise<void> {
    channel.replace(`${this.#parts.code.l10n.t('Looking at what this machine can run. This takes some seconds…')}\n`);
    const report = await this.#parts.report(this.#end.signal);
    if (!this.#end.signal.aborted) channel.replace(report);
  }
}
