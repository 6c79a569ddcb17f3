/** All package managers, best first for languages that several know. */
import type { Manager } from '../ports.ts';
import { npm } from './npm.ts';
import { pip } from './pip.ts';

export const managers: readonly Manager[] = [pip, npm];
