/**
 * The front door of this room: everything that the kinds of runtimes and `runtime/workspace` use of agents. No file
 * outside imports another file of the room (floors.js).
 */
export { AGENT, AGENT_FD, agentFile, hasAgent, installAgent, type Machine } from './binary.ts';
export { type Carrier, socketCarrier } from './carrier.ts';
export { diskShares } from './disk.ts';
export type { Facts } from './facts.ts';
export type { Attributes, Receiving } from './files.ts';
export * as layers from './layers.ts';
export { textOf } from './names.ts';
/** Makes a sandbox from an agent that has been started. */
export { openSandbox } from './open.ts';
export { sealedCarrier } from './seal.ts';
export type { AgentSandbox, Surroundings } from './sandbox.ts';
