/**
 * The front door of this room: everything that the kinds of runtimes and `runtime/workspace` use of held shells. No file
 * outside imports another file of the room (floors.js), so that the way in which programs are run inside a sandbox can be
 * replaced here.
 */
export type { Channel, ShellSource, TerminalChannel, TerminalProgram } from './channel.ts';
export type { Facts } from './facts.ts';
export * as layers from './layers.ts';
/** Makes a sandbox from a first shell. */
export { openSandbox } from './open.ts';
/** What a first shell needs to be started. */
export { fenced } from './fence.ts';
export { launcher } from './launcher.ts';
export { prelude } from './prelude.ts';
export { seccompFilter } from './seccomp.ts';
export { newMark } from './shell.ts';
/** The named pipes to which further shells are connected. */
export { detached, laterShell, PipeFolder, type Pipes, PIPES, streamsAt } from './pipe-folder.ts';
export type { StreamChannel, Streams } from './streams.ts';
/** Quoting for `sh`, and the errors of its tools. */
export { throwFileError } from './file-errors.ts';
export { assignments, quote } from './quote.ts';
