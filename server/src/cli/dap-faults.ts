/** Says in the words of `launch` of `codebeaker dap` why a program is not debugged: an editor shows nothing but these words. */
import { ResponseError } from 'vscode-jsonrpc/node';
import { membersOfLimits, writtenLimit } from './limit-names.ts';
import { aboveMaximum, dataOf, reworded } from './session-faults.ts';

/** Where a param has another name than the member of `launch` from which it was made. */
const members: readonly (readonly [param: RegExp, member: string])[] = [
  [/^packages\.(\d+)$/, 'packages.names.$1'],
  [/^(manifest|manager)$/, 'packages.$1'],
];

/** What the daemon says to people who use it in other ways. */
const elsewhere: readonly (readonly [words: RegExp, here: string])[] = [
  [/ to the hosts of its network \(codebeaker run --allow [^)]*\)/, ' to network.hosts'],
  [/; runtime\/list shows what each runtime offers$/, ''],
  [/: Invalid key: /g, ': '],
];

/** `fault` in these words; what is no answer of the daemon's, as it is. `runtime`: the one that `launch` names. */
export function inMembers(fault: unknown, runtime?: unknown): unknown {
  if (!(fault instanceof ResponseError)) return fault;
  const { issues = [], kind } = dataOf(fault);
  const above = aboveMaximum(fault, membersOfLimits, writtenLimit);
  if (above !== undefined) return reworded(fault, `launch: ${above}`);
  if (kind === 'InvalidParams' && issues.length > 0) return reworded(fault, inPlainWords(`launch: ${issues.map(({ path, message }) => (path === '' ? message : `${memberOf(path)}: ${message}`)).join('; ')}`));
  return reworded(fault, `${kind === 'RuntimeUnavailable' && runtime !== undefined ? 'launch: runtime: ' : ''}${inPlainWords(fault.message)}`);
}

function memberOf(path: string): string {
  return members.reduce((named, [param, member]) => named.replace(param, member), path);
}

function inPlainWords(text: string): string {
  return elsewhere.reduce((told, [words, here]) => told.replace(words, here), text);
}
