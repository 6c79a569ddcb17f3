/** The parts of the bench, in the order in which they run. */
import type { Part } from '../bench.ts';
import { channels } from './channels.ts';
import { commands } from './commands.ts';
import { crowd } from './crowd.ts';
import { debugging } from './debugging.ts';
import { files } from './files.ts';
import { flood } from './flood.ts';
import { idle } from './idle.ts';
import { kills } from './kills.ts';
import { matrix } from './matrix.ts';
import { native } from './native.ts';
import { output } from './output.ts';
import { packages } from './packages.ts';
import { programs } from './programs.ts';
import { sessions } from './sessions.ts';
import { soak } from './soak.ts';
import { start } from './start.ts';
import { stepping } from './stepping.ts';
import { tunnel } from './tunnel.ts';
import { volume } from './volume.ts';

export const parts: readonly Part[] = [
  start, sessions, commands, programs, debugging, stepping, packages, native, files, volume, output, channels, tunnel, flood, kills, idle, crowd, matrix, soak,
];
