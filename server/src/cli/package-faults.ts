/** Says in the words of the command line why packages could not be installed. */
import { ResponseError } from 'vscode-jsonrpc/node';
import { inUnits } from './quantities.ts';

export interface Wanted {
  /** Absent: the program has none, or it is not to be installed. */
  readonly manifest: string | undefined;
  /** `limits.packageBytes` of the session. */
  readonly packageBytes: number;
}

/** So many of the last lines of the manager are shown. */
const MAX_LINES = 20;

/** What the manager has printed stands after the message. The fault itself, if the daemon does not know why. */
export function whyNot(fault: unknown, { manifest, packageBytes }: Wanted): unknown {
  if (!(fault instanceof ResponseError)) return fault;
  const { code, message, data } = fault as ResponseError<{ kind?: string; output?: string } | undefined>;
  if (data?.kind === undefined || data.kind === 'RequestCancelled') return fault;
  const words = message
    .replace(/^packages\.\d+: /, '--package ')
    .replace(/^manifest: /, '')
    .replace(/; name one in manager$/, '')
    .replace(/the \d+ bytes of limits\.packageBytes/, `the ${inUnits(packageBytes)} that --package-limit allows`);
  const output = data.output?.trimEnd() ? data.output.trimEnd().split('\n').slice(-MAX_LINES) : [];
  return new ResponseError(code, [words, ...output, ...without(manifest)].join('\n'), data);
}

/** The runtime in which the program is to run has no packages. Any other fault as it is. */
export function unfit(fault: unknown, manifest: string | undefined): unknown {
  if (!(fault instanceof ResponseError) || !fault.message.includes("can't have packages")) return fault;
  return new ResponseError(fault.code, [fault.message, ...without(manifest)].join('\n'), (fault as ResponseError<unknown>).data);
}

function without(manifest: string | undefined): string[] {
  return manifest === undefined ? [] : [`(--packages=never runs the program without the packages of ${manifest})`];
}
