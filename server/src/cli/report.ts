/** The one JSON object that `codebeaker run --json` prints, whatever happens. */
import { ResponseError } from 'vscode-jsonrpc/node';

/** If the program was not started, `outcome` is `notStarted` and `error` says why. */
export class Report {
  #fields: object = { outcome: 'notStarted', exitCode: null, signal: null };

  add(fields: object): void {
    this.#fields = { ...this.#fields, ...fields };
  }

  failed(fault: unknown, cancelled: boolean): void {
    const { message } = fault as Error;
    const { code, data } = fault instanceof ResponseError ? (fault as ResponseError<{ readonly kind?: string } | undefined>) : {};
    const kind = data?.kind;
    this.add({ outcome: cancelled ? 'cancelled' : 'notStarted', error: { ...(code !== undefined && { code }), ...(kind !== undefined && { kind }), message } });
  }

  line(): string {
    return `${JSON.stringify(this.#fields)}\n`;
  }
}
