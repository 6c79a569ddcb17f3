/** Says in the words of the command line why packages could not be installed. */
import { ResponseError } from 'vscode-jsonrpc/node';
import { inUnits } from './quantities.ts';

/** How the person has named what is installed. */
export interface PackageWords {
  /** Before the name of a package. */
  readonly name: string;
  readonly limit: string;
  /** What runs the program without the packages of this manifest. */
  without(manifest: string): string;
}

const inOptions: PackageWords = {
  name: '--package ',
  limit: '--package-limit',
  without: (manifest) => `(--packages=never runs the program without the packages of ${manifest})`,
};

/** So many of the last lines of the manager are shown. */
const MAX_LINES = 20;

/** What the manager has printed stands after the message. The fault itself, if the daemon does not know why. `manifest`: undefined where the program has none, or it is not to be installed. */
export function whyNot(fault: unknown, manifest: string | undefined, words: PackageWords = inOptions): unknown {
  if (!(fault instanceof ResponseError)) return fault;
  const { code, message, data } = fault as ResponseError<{ kind?: string; output?: string } | undefined>;
  if (data?.kind === undefined || data.kind === 'RequestCancelled') return fault;
  const told = message
    .replace(/^packages\.\d+: /, words.name)
    .replace(/^manifest: /, '')
    .replace(/; name one in manager$/, '')
    .replace(/the (\d+) bytes of limits\.packageBytes/, (_, bytes: string) => `the ${inUnits(Number(bytes))} that ${words.limit} allows`);
  const output = data.output?.trimEnd() ? data.output.trimEnd().split('\n').slice(-MAX_LINES) : [];
  return new ResponseError(code, [told, ...output, ...without(manifest, words)].join('\n'), data);
}

/** The runtime in which the program is to run has no packages. Any other fault as it is. */
export function unfit(fault: unknown, manifest: string | undefined): unknown {
  if (!(fault instanceof ResponseError) || !fault.message.includes("can't have packages")) return fault;
  return new ResponseError(fault.code, [fault.message, ...without(manifest, inOptions)].join('\n'), (fault as ResponseError<unknown>).data);
}

function without(manifest: string | undefined, words: PackageWords): string[] {
  return manifest === undefined ? [] : [words.without(manifest)];
}
