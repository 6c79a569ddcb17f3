/** A step of the gate: a daemon that is shutting down begins nothing new, and what has begun is waited for. */
import { beginsWork } from '../../protocol/methods.ts';
import type { Drain } from '../drain.ts';
import type { Step } from './gate.ts';

export function drain(draining: Pick<Drain, 'work'>): Step {
  return (call, next) => (beginsWork(call.method) ? draining.work(next) : next());
}
