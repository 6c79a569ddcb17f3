#!/usr/bin/env node
/**
 * Runs the daemon from source: no build is needed, and a debugger stops in the TypeScript files. A client can start
 * this file in place of the built daemon.
 */
import './from-source.mjs';

const { main } = await import('../src/main.ts');
main(() => undefined);
