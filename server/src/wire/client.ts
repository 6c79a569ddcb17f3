/** The client as services see it: sending to it never fails, and waits while the transport has no room. */
import { CancellationTokenSource, type MessageConnection } from 'vscode-jsonrpc';
import { safeParse } from 'zod/mini';
import type { Log } from '../base/log.ts';
import type { ClientCapabilities, ResultOf } from '../protocol/index.ts';
import type { OpenChannels } from './channels/open.ts';
import { lsp } from './lsp.ts';
import type { Client } from './service.ts';
import type { Trace } from './trace.ts';

/** Sends a notification. Resolves when the transport has room again; never rejects. */
export type Send = (method: string, params: object) => Promise<void>;

/** Sends a request. Rejects where there is no result. */
export type Ask = (method: string, params: object, signal: AbortSignal) => Promise<unknown>;

export function createClient(send: Send, ask: Ask, trace: Trace, capabilities: ClientCapabilities, channels?: OpenChannels): Client {
  return {
    capabilities,
    data: channels?.data,
    channels: channels?.granted,
    notify: (method, params) => send(method.name, params as object),
    request: async (method, params, signal) => {
      const parsed = safeParse(method.result, await ask(method.name, params as object, signal));
      if (!parsed.success) throw new Error(`the client answered ${method.name} with something else`);
      return parsed.data as ResultOf<typeof method>;
    },
    progress: (token, value) => send(lsp.progress, { token, value }),
    logTrace: (message) => trace.tell(message),
    logMessage: (type, message) => send(lsp.logMessage, { type, message }),
    showMessage: (type, message) => send(capabilities.window?.showMessage ? lsp.showMessage : lsp.logMessage, { type, message }),
  };
}

export function createAsk(rpc: MessageConnection): Ask {
  return async (method, params, signal) => {
    const source = new CancellationTokenSource();
    const cancel = () => source.cancel();
    signal.addEventListener('abort', cancel);
    try {
      return await rpc.sendRequest(method, params, source.token);
    } finally {
      signal.removeEventListener('abort', cancel);
      source.dispose();
    }
  };
}

/** Notifications are sent in the order of the calls. */
export function createSend(rpc: MessageConnection, log: Log): Send {
  return async (method, params) => {
    try {
      await rpc.sendNotification(method, params);
    } catch (fault) {
      log.debug(`${method} was not sent, because the connection has closed`, fault);
    }
  };
}
