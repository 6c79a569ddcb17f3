/** Measures how long a choice takes: `node --import ./server/scripts/from-source.mjs test/runtime/choice/bench.ts`. */
import { choose } from '../../../server/src/runtime/choice/select.ts';
import { offers } from './offers.ts';

const runtimes = offers({ bun: { score: 6, startMs: 40, memoryMiB: 30 }, kata: { score: 9, startMs: 1500, memoryMiB: 200 } });
const ROUNDS = 20_000;
const samples: number[] = [];
let first = 0;
let chosen = 0;
for (let round = 0; round < ROUNDS; round += 1) {
  const begin = performance.now();
  const { candidates } = choose(runtimes, { language: 'javascript', preference: 'balanced', required: { isolation: 4, enforced: ['filesystem'] }, image: 'x' });
  const micros = (performance.now() - begin) * 1000;
  if (round === 0) first = micros;
  samples.push(micros);
  chosen += candidates.length;
}
samples.sort((a, b) => a - b);
const at = (part: number) => samples[Math.floor(ROUNDS * part)]?.toFixed(1);
process.stdout.write(`a choice among ${chosen / ROUNDS}: p50 ${at(0.5)} µs, p99 ${at(0.99)} µs; the very first ${first.toFixed(0)} µs\n`);
