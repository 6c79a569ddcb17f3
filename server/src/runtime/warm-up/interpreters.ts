/**
 * Interpreters that are started before it is known when their program runs. Each is an ordinary run of the program's
 * file: the same command, arguments and environment. The sandbox holds it where it first looks at the file, so it reads
 * whatever the file says when it is let go. Python and Ruby need nothing else. Node counts time from its start: a hook
 * (node.cjs) makes its clocks begin anew.
 */
import type { WarmUp } from '../ports.ts';
import { LOADER } from '../typescript.ts';
import clocks from './clocks.cjs' with { type: 'text' };
import nodeHook from './node.cjs' with { type: 'text' };

/** Variables that say where programs and their libraries are. */
const PLACES = 'LD_|PATH$';

export const warmPython: WarmUp = { extra: () => ({ env: {} }), early: new RegExp(`^(?:PYTHON|${PLACES})`) };

/** Ruby opens its file before it has loaded its own library, so it does not gain much. */
export const warmRuby: WarmUp = { extra: () => ({ env: {} }), early: new RegExp(`^(?:RUBY|GEM|BUNDLE|${PLACES})`) };

export const warmNode: WarmUp = nodeWith('');

/** When the program's file is looked at, the loader for TypeScript has done everything that it can do before. */
export const warmTypeScript: WarmUp = nodeWith(`require(${JSON.stringify(LOADER)}).prepare();\n`);

function nodeWith(preparation: string): WarmUp {
  return {
    extra: (scratch) => ({
      env: { NODE_OPTIONS: `--require=${scratch}/hook.cjs` },
      files: { [`${scratch}/hook.cjs`]: `${preparation}${clocks}${nodeHook}` },
    }),
    early: new RegExp(`^(?:NODE_|${PLACES})`),
  };
}
