/** Expressions of the person that are not asked for, such as the conditions of breakpoints, and their syntax. The inspector passes over a breakpoint whose condition throws, and tells nobody. */
import type { Debugger } from 'node:inspector';
import { valueOf } from './evaluate.ts';
import type { Thread } from './thread.ts';

/** V8 says so where an expression that may only look would act. */
const WOULD_ACT = 'EvalError: Possible side-effect';

/** What is wrong with the syntax of an expression. undefined: nothing. */
export async function syntaxFault(thread: Thread, expression: string): Promise<string | undefined> {
  const inside = await compile(thread, inBrackets(expression));
  // By itself it says what is wrong without what is put around it.
  return inside && ((await compile(thread, expression)) ?? inside);
}

/** @throws Error with what is wrong with the syntax of an expression */
export async function requireSyntax(thread: Thread, expression: string): Promise<void> {
  const fault = await syntaxFault(thread, expression);
  if (fault !== undefined) throw new Error(fault);
}

/** The condition with which the inspector also stops where it throws. */
export function stoppingCondition(condition: string | undefined): string | undefined {
  return condition ? `(() => { try { return ${inBrackets(condition)}; } catch { return true; } })()` : undefined;
}

/** What a condition throws where a thread is paused. undefined: nothing, or it would act if it were computed again. */
export async function failureOf(thread: Thread, frame: Debugger.CallFrame, condition: string): Promise<string | undefined> {
  const fault = await valueOf({ thread, frame }, inBrackets(condition), { isHover: true }).then(() => undefined, (thrown: Error) => thrown.message);
  return fault?.startsWith(WOULD_ACT) ? undefined : fault;
}

/** What ends a statement is no part of the expression. */
function inBrackets(expression: string): string {
  let end = expression.length;
  while (end > 0 && /[;\s]/.test(expression.charAt(end - 1))) end -= 1;
  return `(${expression.slice(0, end)}\n)`;
}

async function compile({ cdp }: Thread, expression: string): Promise<string | undefined> {
  try {
    const { exceptionDetails } = await cdp.send('Runtime.compileScript', { expression, sourceURL: '', persistScript: false });
    return exceptionDetails?.exception?.description?.split('\n')[0];
  } catch {
    return undefined;
  }
}
