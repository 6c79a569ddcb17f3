/**
 * Node requires this before a program in TypeScript. It makes every import and require of the program understand
 * TypeScript and JSX, and runs where the program does. A Node without `registerHooks` is left as it is.
 */
import * as modules from 'node:module';
import { forget } from './forget.ts';
import { Hooks } from './hooks.ts';
import { isOurs } from './translate.ts';

const { registerHooks } = modules as { registerHooks?: (hooks: Pick<Hooks, 'resolve' | 'load'>) => void };
const hooks = new Hooks();

/** Node may require this file twice, so it is kept until Node comes to the program. */
const load: Hooks['load'] = (url, context, next) => {
  if (isOurs(url.replace(/[?#].*/s, ''))) forget(__filename);
  return hooks.load(url, context, next);
};
registerHooks?.({ resolve: hooks.resolve, load });
// Stacks then name the lines of the TypeScript.
process.setSourceMapsEnabled(true);

/** An interpreter that is started in advance does this before it is held. */
export const { prepare } = hooks;
