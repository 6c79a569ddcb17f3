/** Makes Node run the project from source: `node --import ./server/scripts/from-source.mjs FILE.ts`. */
import 'tsx/esm';
import { register } from 'node:module';

register('./text-imports.mjs', import.meta.url);
