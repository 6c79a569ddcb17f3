/**
 * The door of this room: all that runtimes and folders know of held shells. Nobody outside imports another file of it
 * (floors.js), so that what holds a sandbox from inside can be replaced here.
 */
export type { Channel, ShellSource, TerminalChannel, TerminalProgram } from './channel.ts';
export type { Facts } from './facts.ts';
export * as layers from './layers.ts';
/** A sandbox out of a first shell. */
export { openSandbox } from './open.ts';
/** What a first shell is started with, and what stands around it. */
export { fenced } from './fence.ts';
export { launcher } from './launcher.ts';
export { prelude } from './prelude.ts';
export { seccompFilter } from './seccomp.ts';
export { newMark } from './shell.ts';
/** The named pipes by which further shells come in. */
export { detached, laterShell, PipeFolder, type Pipes, PIPES, streamsAt } from './pipe-folder.ts';
export type { StreamChannel, Streams } from './streams.ts';
/** Words for `sh`, and what its tools say of files. */
export { throwFileError } from './file-errors.ts';
export { assignments, quote } from './quote.ts';
