/**
 * Node requires this before a program in TypeScript. It makes every import and require of the program understand
 * TypeScript and JSX, and runs where the program does. A Node without `registerHooks` is left as it is.
 */
import * as modules from 'node:module';
import { Hooks } from './hooks.ts';

const { registerHooks } = modules as { registerHooks?: (hooks: Hooks) => void };
const hooks = new Hooks();
registerHooks?.(hooks);
// Stacks then name the lines of the TypeScript.
process.setSourceMapsEnabled(true);

/** An interpreter that is started in advance does this before it is held. */
export const { prepare } = hooks;
