/**
 * Interpreters that are started before it is known when their program runs. Each is an ordinary run of the program's
 * file: the same command, arguments and environment. The sandbox holds it where it first looks at the file, so it reads
 * whatever the file says when it is let go. Python and Ruby need nothing else. Node counts time from its start: a hook
 * (node.cjs) makes its clocks begin anew.
 */
import type { WarmUp } from '../ports.ts';
import clocks from './clocks.cjs' with { type: 'text' };
import nodeHook from './node.cjs' with { type: 'text' };

/** Variables that say where programs and their libraries are. */
const LOADER = 'LD_|PATH$';

export const warmPython: WarmUp = { extra: () => ({ env: {} }), early: new RegExp(`^(?:PYTHON|${LOADER})`) };

/** Ruby opens its file before it has loaded its own library, so it does not gain much. */
export const warmRuby: WarmUp = { extra: () => ({ env: {} }), early: new RegExp(`^(?:RUBY|GEM|BUNDLE|${LOADER})`) };

export const warmNode: WarmUp = {
  extra: (scratch) => ({
    env: { NODE_OPTIONS: `--require=${scratch}/hook.cjs` },
    files: { [`${scratch}/hook.cjs`]: `${clocks}${nodeHook}` },
  }),
  early: new RegExp(`^(?:NODE_|${LOADER})`),
};
