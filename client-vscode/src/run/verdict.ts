/** The last lines of a run: how the program ended, which limit it hit, what it used, and which files it made. */
import type { Execution, Limits } from 'codebeaker/protocol';
import type { Code } from '../base/code.ts';
import { bytes, duration } from '../base/units.ts';
import type { MadeFile } from './sandbox/made.ts';

export interface Ending {
  readonly good: boolean;
  readonly text: string;
}

/** What is known of how a program ended. A debugger tells no signal. */
export type Outcome = Pick<Execution, 'outcome' | 'exitCode'> & Partial<Pick<Execution, 'signal' | 'quota'>>;

export function endingOf({ l10n }: Code, { outcome, exitCode, signal, quota }: Outcome, limits: Limits): Ending {
  if (quota !== undefined) return { good: false, text: l10n.t('stopped: it used up the quota {0} of the configuration', quota) };
  switch (outcome) {
    case 'exited':
      return exitCode === null
        ? { good: false, text: l10n.t('ended; its exit code is not known') }
        : { good: exitCode === 0, text: l10n.t('exited with code {0}', exitCode) };
    case 'signaled':
      return { good: false, text: l10n.t('ended by {0}', signal ?? l10n.t('a signal')) };
    case 'cancelled':
      return { good: false, text: l10n.t('stopped') };
    case 'timedOut':
      return { good: false, text: l10n.t('stopped: it ran longer than {0} (codebeaker.limits: timeoutMs)', duration(limits.timeoutMs)) };
    case 'memoryLimit':
      return { good: false, text: l10n.t('stopped: it used more than {0} of memory (codebeaker.limits: memoryBytes)', bytes(limits.memoryBytes)) };
    case 'outputLimit':
      return { good: false, text: l10n.t('stopped: it printed more than {0} (codebeaker.limits: outputBytes)', bytes(limits.outputBytes)) };
    case 'sandboxLost':
      return { good: false, text: l10n.t('the sandbox was lost while it ran; run it again') };
    default:
      // A newer daemon may have outcomes that this version does not know.
      return { good: false, text: String(outcome) };
  }
}

/** Whether the program failed by itself, so that its output may tell where. */
export function hasFailed({ outcome, exitCode, signal }: Execution): boolean {
  if (outcome === 'signaled') return signal !== 'SIGINT';
  return outcome === 'exited' && exitCode !== 0;
}

/** @param details shown behind the ending, in a fainter colour */
export function verdictLine({ good, text }: Ending, details: readonly string[]): string {
  const mark = good ? '\x1b[32m✓\x1b[39m' : '\x1b[31m✗\x1b[39m';
  const more = details.map((detail) => ` · ${detail}`).join('');
  return `${mark} ${text}\x1b[2m${more}\x1b[22m\r\n`;
}

const MAX_NAMES = 5;

/** A faint line that names what the program made or changed. Control characters in names are left out. */
export function madeLine({ l10n }: Code, files: readonly MadeFile[]): string {
  const names = files.slice(0, MAX_NAMES).map(({ path }) => path.replace(/\p{Cc}/gu, ''));
  const all = files.length > MAX_NAMES ? l10n.t('{0} and {1} more', names.join(', '), files.length - MAX_NAMES) : names.join(', ');
  return `\x1b[2m${l10n.t('made or changed in the sandbox: {0} (CodeBeaker: Save What the Program Made)', all)}\x1b[22m\r\n`;
}
