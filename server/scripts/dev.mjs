#!/usr/bin/env node
/** The daemon from source: a debugger stops in its TypeScript, and no build is needed. A client starts it like the real one. */
import './from-source.mjs';

const { main } = await import('../src/main.ts');
main(() => undefined);
