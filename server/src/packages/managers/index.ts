/** All package managers, best first for languages that several know. */
import type { Manager } from '../ports.ts';
import { gem } from './gem.ts';
import { go } from './go.ts';
import { npm } from './npm.ts';
import { pip } from './pip.ts';

export const managers: readonly Manager[] = [pip, npm, gem, go];
