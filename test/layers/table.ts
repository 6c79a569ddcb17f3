/** The one table of layers, in the order in which they are tried. */
import { agent } from './agent.ts';
import { connection } from './connection.ts';
import { debugging } from './debugging.ts';
import type { Layer } from './layer.ts';
import { machine } from './machine.ts';
import { network } from './network.ts';
import { packages } from './packages.ts';
import { records } from './records.ts';
import { sandboxes } from './sandboxes.ts';
import { secrets } from './secrets.ts';

export const layers: readonly Layer[] = [...connection, ...records, ...secrets, ...network, ...packages, ...sandboxes, ...machine, ...agent, ...debugging];
