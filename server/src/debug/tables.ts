/** What of the Debug Adapter Protocol passes between a client and an adapter. Whatever does not stand here, does not. */
import { type DapEvent, type DapResponse, isObject, type Json } from './dap.ts';
import { each, type Handles, need, of, type Shape, shaped } from './shapes.ts';

const area = { column: 'whole', endLine: 'whole', endColumn: 'whole' } as const;
const breakpoint: Shape = { id: 'handle', verified: need('flag', false), message: 'text', source: 'source', line: 'whole', ...area, reason: ['pending', 'failed'] };
const hint = of({ kind: 'text', attributes: each('text'), visibility: 'text', lazy: 'flag' });
/** What can be looked into. */
const value: Shape = { type: 'text', presentationHint: hint, variablesReference: need('handle', 0), namedVariables: 'whole', indexedVariables: 'whole' };
const frame: Shape = { id: need('handle'), name: need('text'), source: 'source', line: need('whole', 0), ...area, column: need('whole', 0), presentationHint: ['normal', 'label', 'subtle'] };
const scope: Shape = { name: need('text'), presentationHint: 'text', variablesReference: need('handle'), namedVariables: 'whole', indexedVariables: 'whole', expensive: need('flag', false), source: 'source', line: 'whole', ...area };
const completions = ['method', 'function', 'constructor', 'field', 'variable', 'class', 'interface', 'module', 'property', 'unit', 'value', 'enum', 'keyword', 'snippet', 'text', 'color', 'file', 'reference', 'customcolor'];
const completion: Shape = { label: need('text'), text: 'text', sortText: 'text', detail: 'text', type: completions, start: 'whole', length: 'whole', selectionStart: 'whole', selectionLength: 'whole' };
const exception: Record<string, Shape[string]> = { message: 'text', typeName: 'text', fullTypeName: 'text', evaluateName: 'text', stackTrace: 'text' };
exception.innerException = each(of(exception));
const module: Shape = { id: need('key'), name: need('text'), path: 'text', isOptimized: 'flag', isUserCode: 'flag', version: 'text', symbolStatus: 'text', symbolFilePath: 'text', dateTimeStamp: 'text', addressRange: 'text' };
const filter: Shape = { filter: need('text'), label: need('text'), description: 'text', default: 'flag', supportsCondition: 'flag', conditionDescription: 'text' };
const changes = ['new', 'changed', 'removed'];

/** The requests of clients that an adapter gets, and what the body of the response may have. */
const requests: Readonly<Record<string, Shape>> = {
  initialize: {},
  launch: {},
  configurationDone: {},
  disconnect: {},
  terminate: {},
  setBreakpoints: { breakpoints: need(each(of(breakpoint))) },
  setFunctionBreakpoints: { breakpoints: need(each(of(breakpoint))) },
  setExceptionBreakpoints: { breakpoints: each(of(breakpoint)) },
  breakpointLocations: { breakpoints: need(each(of({ line: need('whole'), ...area }))) },
  continue: { allThreadsContinued: 'flag' },
  next: {},
  stepIn: {},
  stepOut: {},
  pause: {},
  threads: { threads: need(each(of({ id: need('handle'), name: need('text') }))) },
  stackTrace: { stackFrames: need(each(of(frame))), totalFrames: 'whole' },
  scopes: { scopes: need(each(of(scope))) },
  variables: { variables: need(each(of({ name: need('text'), value: need('text'), ...value, evaluateName: 'text' }))) },
  setVariable: { value: need('text'), ...value },
  setExpression: { value: need('text'), ...value },
  evaluate: { result: need('text'), ...value },
  completions: { targets: need(each(of(completion))) },
  exceptionInfo: { exceptionId: need('text'), description: 'text', breakMode: need(['never', 'always', 'unhandled', 'userUnhandled']), details: of(exception) },
  loadedSources: { sources: need(each('source')) },
  source: { content: need('text'), mimeType: 'text' },
};

/** The events that a client gets, and what their bodies may have. */
const events: Readonly<Record<string, Shape>> = {
  initialized: {},
  stopped: { reason: need('text'), description: 'text', threadId: 'handle', preserveFocusHint: 'flag', text: 'text', allThreadsStopped: 'flag', hitBreakpointIds: each('handle') },
  continued: { threadId: need('handle'), allThreadsContinued: 'flag' },
  exited: { exitCode: need('whole') },
  terminated: {},
  thread: { reason: need('text'), threadId: need('handle') },
  output: { category: 'text', output: need('text'), group: ['start', 'startCollapsed', 'end'], variablesReference: 'handle', source: 'source', line: 'whole', column: 'whole' },
  breakpoint: { reason: need('text'), breakpoint: need(of(breakpoint)) },
  module: { reason: need(changes), module: need(of(module)) },
  loadedSource: { reason: need(changes), source: need('source') },
  // The number of the process is one of the sandbox, where the client finds nothing.
  process: { name: need('text'), startMethod: ['launch', 'attach', 'attachForSuspendedLaunch'], pointerSize: 'whole' },
  invalidated: { areas: each('text'), threadId: 'handle', stackFrameId: 'handle' },
};

/** Why a request is refused to which no client could use the answer. */
export const UNUSABLE = 'the debugger sent an answer that cannot be used';

/** Whether a client may send this request on to the adapter. */
export function mayAsk(command: string): boolean {
  return Object.hasOwn(requests, command);
}

/** The event as a client can use it, with the handles that `handles` makes of its own. undefined: it can't. */
export function eventFor({ event, body, ...rest }: DapEvent, handles?: Handles): DapEvent | undefined {
  const shape = Object.hasOwn(events, event) ? events[event] : undefined;
  const fit = shape && shaped(shape, body ?? {}, handles);
  if (!fit || (event === 'output' && fit.category === 'telemetry')) return undefined;
  return { ...rest, event, ...(body && { body: fit }) };
}

/** The body of a response that tells of a success, as a client can use it, with the handles that `handles` makes of its own. undefined: it can't. */
export function bodyFor({ command, body = {} }: DapResponse, handles?: Handles): Json | undefined {
  const shape = Object.hasOwn(requests, command) ? requests[command] : undefined;
  return shape && shaped(shape, body, handles);
}

/** What the body of a response says of a failure, without addresses to which it would lead a person. undefined: nothing that a client understands. */
export function errorIn({ error }: Json): Json | undefined {
  const fit = isObject(error) ? shaped({ id: need('whole'), format: need('text'), showUser: 'flag' }, error) : undefined;
  if (!fit) return undefined;
  const { variables = {} } = error as Json;
  return isObject(variables) && Object.values(variables).every((each) => typeof each === 'string') ? { error: { ...fit, variables } } : undefined;
}

/** The capabilities that are on in what the adapter says, and that are known to work with it. Filters of exceptions are as it says. */
export function knownCapabilities(said: Json, known: readonly string[]): Json {
  const on = known.filter((name) => said[name] === true).map((name) => [name, true] as const);
  const filters = (Array.isArray(said.exceptionBreakpointFilters) ? said.exceptionBreakpointFilters : []).flatMap((one) => (isObject(one) ? (shaped(filter, one) ?? []) : []));
  return { ...Object.fromEntries(on), ...(filters.length > 0 ? { exceptionBreakpointFilters: filters } : {}) };
}
