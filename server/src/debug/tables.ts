/** What of the Debug Adapter Protocol passes between a client and an adapter. Whatever does not stand here, does not. */
import { type DapEvent, type DapResponse, isObject, type Json } from './dap.ts';

type Shape = Readonly<Record<string, 'array' | 'boolean' | 'number' | 'object' | 'string'>>;

/** The requests of clients that an adapter gets, and what the body of the response must have so that a client can use it. */
const requests: Readonly<Record<string, Shape>> = {
  initialize: {},
  launch: {},
  configurationDone: {},
  disconnect: {},
  terminate: {},
  setBreakpoints: { breakpoints: 'array' },
  setFunctionBreakpoints: { breakpoints: 'array' },
  setExceptionBreakpoints: {},
  breakpointLocations: { breakpoints: 'array' },
  continue: {},
  next: {},
  stepIn: {},
  stepOut: {},
  stepInTargets: { targets: 'array' },
  goto: {},
  gotoTargets: { targets: 'array' },
  pause: {},
  threads: { threads: 'array' },
  stackTrace: { stackFrames: 'array' },
  scopes: { scopes: 'array' },
  variables: { variables: 'array' },
  setVariable: { value: 'string' },
  setExpression: { value: 'string' },
  evaluate: { result: 'string', variablesReference: 'number' },
  completions: { targets: 'array' },
  exceptionInfo: { exceptionId: 'string', breakMode: 'string' },
  loadedSources: { sources: 'array' },
  modules: { modules: 'array' },
  source: { content: 'string' },
  restartFrame: {},
  terminateThreads: {},
  cancel: {},
};

/** The events that a client gets, and what their bodies must have. */
const events: Readonly<Record<string, Shape>> = {
  initialized: {},
  stopped: { reason: 'string' },
  continued: { threadId: 'number' },
  exited: { exitCode: 'number' },
  terminated: {},
  thread: { reason: 'string', threadId: 'number' },
  output: { output: 'string' },
  breakpoint: { reason: 'string', breakpoint: 'object' },
  module: { reason: 'string', module: 'object' },
  loadedSource: { reason: 'string', source: 'object' },
  process: { name: 'string' },
  invalidated: {},
};

/** Whether a client may send this request on to the adapter. */
export function mayAsk(command: string): boolean {
  return Object.hasOwn(requests, command);
}

/** Whether a client can use the event. */
export function mayTell({ event, body }: DapEvent): boolean {
  const shape = Object.hasOwn(events, event) ? events[event] : undefined;
  return shape !== undefined && fits(shape, body) && !(event === 'output' && body?.category === 'telemetry');
}

/** Whether a client can use the response to such a request. */
export function isAnswer({ command, success, body }: DapResponse): boolean {
  const shape = Object.hasOwn(requests, command) ? requests[command] : undefined;
  return shape !== undefined && (!success || fits(shape, body));
}

function fits(shape: Shape, body: Json = {}): boolean {
  return Object.entries(shape).every(([name, type]) => {
    const value = body[name];
    if (type === 'array') return Array.isArray(value) && value.every(isObject);
    return type === 'object' ? isObject(value) : typeof value === type;
  });
}

/** The capabilities that are on in what the adapter says, and that are known to work with it. Filters of exceptions are taken as they are. */
export function knownCapabilities(said: Json, known: readonly string[]): Json {
  const on = known.filter((name) => said[name] === true).map((name) => [name, true] as const);
  const filters = Array.isArray(said.exceptionBreakpointFilters) ? said.exceptionBreakpointFilters.filter((each) => isObject(each) && typeof each.filter === 'string' && typeof each.label === 'string') : [];
  return { ...Object.fromEntries(on), ...(filters.length > 0 ? { exceptionBreakpointFilters: filters } : {}) };
}
