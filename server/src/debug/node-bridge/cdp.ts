/** A conversation with an inspector, which speaks the Chrome DevTools Protocol. */
import type { Debugger, Runtime } from 'node:inspector';

/** What carries the messages: a channel to a program, or another conversation. */
export interface CdpTransport {
  send(text: string): void;
}

interface Empty {
  readonly [key: string]: never;
}

/** The methods that the bridge uses: [params, result]. */
export interface CdpMethods {
  'Bridge.begin': [Empty, Empty];
  'Bridge.gate': [{ gate: 'none' | 'own' | 'every' }, Empty];
  'Debugger.enable': [Empty, Empty];
  'Debugger.evaluateOnCallFrame': [Debugger.EvaluateOnCallFrameParameterType & { timeout?: number }, Debugger.EvaluateOnCallFrameReturnType];
  'Debugger.getPossibleBreakpoints': [Debugger.GetPossibleBreakpointsParameterType, Debugger.GetPossibleBreakpointsReturnType];
  'Debugger.getScriptSource': [Debugger.GetScriptSourceParameterType, Debugger.GetScriptSourceReturnType];
  'Debugger.pause': [Empty, Empty];
  'Debugger.removeBreakpoint': [Debugger.RemoveBreakpointParameterType, Empty];
  'Debugger.resume': [Empty, Empty];
  'Debugger.setAsyncCallStackDepth': [Debugger.SetAsyncCallStackDepthParameterType, Empty];
  'Debugger.setBreakpoint': [Debugger.SetBreakpointParameterType, Debugger.SetBreakpointReturnType];
  'Debugger.setBreakpointOnFunctionCall': [{ objectId: string; condition?: string | undefined }, { breakpointId: string }];
  'Debugger.setBreakpointsActive': [{ active: boolean }, Empty];
  'Debugger.setPauseOnExceptions': [Debugger.SetPauseOnExceptionsParameterType, Empty];
  'Debugger.setVariableValue': [Debugger.SetVariableValueParameterType, Empty];
  'Debugger.stepInto': [Empty, Empty];
  'Debugger.stepOut': [Empty, Empty];
  'Debugger.stepOver': [Empty, Empty];
  'NodeWorker.enable': [{ waitForDebuggerOnStart: boolean }, Empty];
  'NodeWorker.detach': [{ sessionId: string }, Empty];
  'NodeWorker.sendMessageToWorker': [{ message: string; sessionId: string }, Empty];
  'Runtime.callFunctionOn': [Runtime.CallFunctionOnParameterType, Runtime.CallFunctionOnReturnType];
  'Runtime.compileScript': [Runtime.CompileScriptParameterType, Runtime.CompileScriptReturnType];
  'Runtime.enable': [Empty, Empty];
  'Runtime.evaluate': [Runtime.EvaluateParameterType & { replMode?: boolean; throwOnSideEffect?: boolean; timeout?: number }, Runtime.EvaluateReturnType];
  'Runtime.getProperties': [Runtime.GetPropertiesParameterType, Runtime.GetPropertiesReturnType];
  'Runtime.globalLexicalScopeNames': [Runtime.GlobalLexicalScopeNamesParameterType, Runtime.GlobalLexicalScopeNamesReturnType];
  'Runtime.runIfWaitingForDebugger': [Empty, Empty];
}

export interface CdpEvents {
  'Debugger.paused': Debugger.PausedEventDataType;
  'Debugger.resumed': Empty;
  'Debugger.scriptParsed': Debugger.ScriptParsedEventDataType;
  'NodeWorker.attachedToWorker': { sessionId: string; workerInfo: { workerId: string; title: string; url: string } };
  'NodeWorker.detachedFromWorker': { sessionId: string };
  'NodeWorker.receivedMessageFromWorker': { sessionId: string; message: string };
}

/** The inspector refused, or is gone. */
export class CdpError extends Error {
  override name = 'CdpError';
}

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (fault: CdpError) => void;
}

interface Incoming {
  readonly id?: number;
  readonly result?: never;
  readonly error?: { readonly message: string };
  readonly method?: string;
  readonly params?: never;
}

export class Cdp {
  readonly #transport: CdpTransport;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<string, (params: never) => void>();
  #last = 0;
  #closed = false;

  constructor(transport: CdpTransport) {
    this.#transport = transport;
  }

  /** How many messages were sent. */
  get sent(): number {
    return this.#last;
  }

  /** @throws CdpError where the inspector refuses, or is gone before it answers */
  send<M extends keyof CdpMethods>(method: M, params?: CdpMethods[M][0]): Promise<CdpMethods[M][1]> {
    if (this.#closed) return Promise.reject(new CdpError('The program has ended.'));
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#transport.send(JSON.stringify({ id, method, params }));
    });
  }

  /** Sends where it does not matter what the answer is, as with what may end the program. */
  tell<M extends keyof CdpMethods>(method: M, params?: CdpMethods[M][0]): void {
    this.send(method, params).catch(() => undefined);
  }

  /** There is one listener for each event. */
  on<E extends keyof CdpEvents>(event: E, listener: (params: CdpEvents[E]) => void): void {
    this.#listeners.set(event, listener);
  }

  /** Takes a message of the inspector. */
  take(text: string): void {
    const { id, result, error, method, params } = JSON.parse(text) as Incoming;
    if (method !== undefined) this.#listeners.get(method)?.(params as never);
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (id === undefined || !waiting) return;
    this.#waiting.delete(id);
    if (error) waiting.reject(new CdpError(error.message.replace(/^Inspector error -?\d+: /, '')));
    else waiting.resolve(result as never);
  }

  close(): void {
    this.#closed = true;
    for (const { reject } of this.#waiting.values()) reject(new CdpError('The program has ended.'));
    this.#waiting.clear();
  }
}
