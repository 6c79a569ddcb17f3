/** Cuts huge strings out of what the inspector answers, beside the program, so that they do not cross the channel at each step. */
import type { Runtime } from 'node:inspector';

/** How much of a string is carried, in UTF-16 units. */
export const MAX_STRING = 100_000;

/** A value, and how long its string was if it has been cut. */
export type Shortened = Runtime.RemoteObject & { readonly fullLength?: number };

type Answer = Partial<Runtime.EvaluateReturnType & Runtime.GetPropertiesReturnType>;

/** Returns the same answer, changed in place. */
export function shorten(answer: Answer): object {
  for (const value of [answer.result].flat()) {
    if (!value) continue;
    cut('name' in value ? value.value : value);
  }
  for (const { value } of answer.internalProperties ?? []) cut(value);
  return answer;
}

function cut(remote: Runtime.RemoteObject | undefined): void {
  if (remote?.type === 'string' && typeof remote.value === 'string' && remote.value.length > MAX_STRING) {
    Object.assign(remote, { fullLength: remote.value.length, value: remote.value.slice(0, MAX_STRING) });
  }
  if (remote?.description !== undefined && remote.description.length > MAX_STRING) remote.description = `${remote.description.slice(0, MAX_STRING)}…`;
}
