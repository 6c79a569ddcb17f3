/** The package `codebeaker/protocol`: the types, the method table and the error codes, for people who write clients. */
export * from './audit.ts';
export * from './channels.ts';
export * from './commands.ts';
export * from './config.ts';
export * from './errors.ts';
export * from './languages.ts';
export type { KnownLayer, LayerName } from './layers.ts';
export * from './lifecycle.ts';
export * from './method.ts';
export * from './methods.ts';
export * from './observation.ts';
export * from './packages.ts';
export * from './ports.ts';
export * from './secrets.ts';
export * from './scan.ts';
export * from './sessions.ts';
export * from './usage.ts';
export * from './values.ts';
