/** The client as services see it: sending to it never fails, and waits while the transport has no room. */
import type { MessageConnection } from 'vscode-jsonrpc';
import type { Log } from '../base/log.ts';
import type { ClientCapabilities } from '../protocol/index.ts';
import { lsp } from './lsp.ts';
import type { Client } from './service.ts';
import type { Trace } from './trace.ts';

/** Sends a notification. Resolves when the transport has room again; never rejects. */
export type Send = (method: string, params: object) => Promise<void>;

export function createClient(send: Send, trace: Trace, capabilities: ClientCapabilities): Client {
  return {
    capabilities,
    notify: (method, params) => send(method.name, params as object),
    progress: (token, value) => send(lsp.progress, { token, value }),
    logTrace: (message) => trace.tell(message),
    logMessage: (type, message) => send(lsp.logMessage, { type, message }),
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
