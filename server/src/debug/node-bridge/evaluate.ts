/** Expressions of the person: in the console, as watches, under the pointer. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Debugger, Runtime } from 'node:inspector';
import { clean, MAX_WHOLE } from './show.ts';
import type { Thread } from './thread.ts';
import type { Variables } from './variables.ts';

/** How long an expression may compute that the person has not asked for in the console, in milliseconds. */
const TIMEOUT_MS = 3000;

export interface Where {
  readonly thread: Thread;
  readonly frame: Debugger.CallFrame | undefined;
}

interface Outcome {
  readonly result: Runtime.RemoteObject;
  readonly exceptionDetails?: Runtime.ExceptionDetails | undefined;
}

export async function evaluate(where: Where, { expression, context }: Pick<DebugProtocol.EvaluateArguments, 'expression' | 'context'>, variables: Variables): Promise<DebugProtocol.EvaluateResponse['body']> {
  const { thread, frame } = where;
  const isConsole = context === 'repl';
  const result = await valueOf(where, expression, { isConsole, isHover: context === 'hover' });
  if (context === 'clipboard') return { result: await wholeOf(thread, result), variablesReference: 0 };
  const { value, ...rest } = variables.value(thread, result, { frame, path: isConsole ? undefined : `(${expression})`, ...(isConsole ? { limit: MAX_WHOLE } : {}) });
  return { result: value, ...rest };
}

/** @throws Error with what was thrown, where something was */
export async function valueOf(where: Where, expression: string, { isConsole = false, isHover = false } = {}): Promise<Runtime.RemoteObject> {
  const options = { silent: true, generatePreview: true, includeCommandLineAPI: isConsole, throwOnSideEffect: isHover, ...(isConsole ? {} : { timeout: TIMEOUT_MS }) };
  // Braces at the beginning mean an object in a console, if they can.
  const forms = isConsole && /^\s*\{/.test(expression) ? [`(${expression}\n)`, expression] : [expression];
  let last: Outcome | undefined;
  for (const form of forms) {
    last = await run(where, form, options);
    if (last.exceptionDetails?.exception?.className !== 'SyntaxError') break;
  }
  const { result, exceptionDetails } = last as Outcome;
  if (exceptionDetails) throw new Error(faultText(exceptionDetails));
  return result;
}

function run({ thread, frame }: Where, expression: string, options: { readonly includeCommandLineAPI: boolean; readonly silent: boolean }): Promise<Outcome> {
  const { cdp } = thread;
  const awaits = options.includeCommandLineAPI && /\bawait\b/.test(expression);
  // Promises are not settled as long as the thread is paused.
  if (frame) return cdp.send('Debugger.evaluateOnCallFrame', { callFrameId: frame.callFrameId, expression: awaits ? asAsync(expression) : expression, ...options });
  if (thread.paused) return cdp.send('Runtime.evaluate', { expression: awaits ? asAsync(expression) : expression, ...options });
  return cdp.send('Runtime.evaluate', { expression, ...options, replMode: options.includeCommandLineAPI, awaitPromise: awaits });
}

const asAsync = (expression: string) => `(async () => (${expression.replace(/;\s*$/, '')}\n))()`;

/** What was thrown, in one line. */
function faultText({ exception, text }: Runtime.ExceptionDetails): string {
  if (exception?.subtype === 'error') return clean(exception.description?.split('\n')[0] ?? text);
  return clean(`${text} ${exception?.description ?? String(exception?.value ?? '')}`.trim());
}

/** A value as somebody wants it in other programs: text as it is, and what is in objects. */
async function wholeOf({ cdp }: Thread, remote: Runtime.RemoteObject): Promise<string> {
  if (remote.objectId === undefined) return String(remote.value ?? remote.unserializableValue ?? remote.description ?? remote.type);
  const functionDeclaration = `function () { try { return JSON.stringify(this, null, 2).slice(0, ${MAX_WHOLE}); } catch { return String(this).slice(0, ${MAX_WHOLE}); } }`;
  const { result } = await cdp.send('Runtime.callFunctionOn', { objectId: remote.objectId, functionDeclaration, returnByValue: true, silent: true });
  return String(result.value ?? remote.description);
}
