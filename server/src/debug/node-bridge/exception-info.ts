/** What is known about the exception on which a thread has stopped. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Runtime } from 'node:inspector';
import { MAX_WHOLE, clean, show } from './show.ts';
import type { Thread } from './thread.ts';

/** @throws Error where the thread has not stopped on one */
export function exceptionInfo({ paused }: Thread): DebugProtocol.ExceptionInfoResponse['body'] {
  if (paused?.reason !== 'exception' && paused?.reason !== 'promiseRejection') throw new Error('The thread has not stopped on an exception.');
  const value = paused.data as (Runtime.RemoteObject & { readonly uncaught?: boolean }) | undefined;
  const stack = clean(value?.description ?? '', MAX_WHOLE);
  const text = value?.subtype === 'error' ? (stack.split(/\n\s+at /)[0] ?? '') : show(value ?? { type: 'undefined' });
  const typeName = clean(value?.className ?? value?.type ?? 'exception', 200);
  return {
    exceptionId: typeName,
    description: text,
    breakMode: value?.uncaught ? 'unhandled' : 'always',
    details: { message: text.replace(`${typeName}: `, ''), typeName, ...(value?.subtype === 'error' ? { stackTrace: stack } : {}) },
  };
}
