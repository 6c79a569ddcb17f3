/** Serves one client, from its first byte to the exit code. */
import { type Clock, deadline } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { deferred, nextLoopIteration } from '../base/promises.ts';
import { ProtocolError } from '../protocol/index.ts';
import type { ChannelWays, OpenChannels } from './channels/open.ts';
import { createAsk, createClient, createSend, type Send } from './client.ts';
import { Dispatcher } from './dispatch.ts';
import { createGuard, type Guard } from './guard.ts';
import { Lifecycle } from './lifecycle.ts';
import { lsp } from './lsp.ts';
import type { MessageTransport } from './message-transport.ts';
import { Requests } from './requests.ts';
import { createRpc } from './rpc.ts';
import type { OpenService } from './service.ts';
import { Trace, type TraceLevel } from './trace.ts';

/** Closing the connection of a daemon's only client takes at most this long, whatever happens. */
export const MAX_CLOSE_MS = 1500;

export interface ConnectDeps {
  readonly log: Log;
  readonly clock: Clock;
  /** The version of the daemon, for `serverInfo`. */
  readonly version: string;
  /** Closing takes at most so long, whatever happens. Default: `MAX_CLOSE_MS`. */
  readonly closeMs?: number;
  /** Called with the `processId` of `initialize`, before the service is opened. */
  onClientProcess?(pid: number): void;
  /** From what channels are made that the client asks for. Default: from nothing. */
  readonly channels?: ChannelWays;
  /** Called when a call reaches nothing, with the reason: there is no such method, its params have the wrong shape, or it comes before `initialize`. */
  refused?(method: string, fault: unknown): void;
  /** Called for each message that was answered with an error and was no call: it was no JSON, no message, too large, or one too many. */
  unread?(error: ProtocolError): void;
  /** Called when the client says how much it wants to be told in `$/logTrace`. */
  onTrace?(level: TraceLevel): void;
  /** Called when the connection begins to close. */
  onClosing?(): void;
}

export interface Connection {
  /** Resolves with the exit code when everything is closed. Never rejects. */
  readonly done: Promise<number>;
  /** Ends the connection as the notification `exit` does. */
  close(): Promise<number>;
  /** For tests and benchmarks, which check what it keeps in memory. */
  readonly guard: Guard;
}

/** Serves the client at the other end of `transport`, and closes the transport at the end. */
export function connect(transport: MessageTransport, openService: OpenService, deps: ConnectDeps): Connection {
  const { log, clock, closeMs = MAX_CLOSE_MS } = deps;
  const done = deferred<number>();
  const guard = createGuard(transport, log, { gone: () => void close(), refused: (error) => deps.unread?.(error) });
  const rpc = createRpc(guard, log);
  let channels: OpenChannels | undefined;
  const sendMessage = createSend(rpc, log);
  const send: Send = (method, params) => (channels?.status?.takes(method) ? channels.status.send(method, params) : sendMessage(method, params));
  const trace = new Trace((params) => void send(lsp.logTrace, params), deps.onTrace);
  const requests = new Requests({ clock, trace, log });
  const lifecycle = new Lifecycle({
    version: deps.version,
    async open(params) {
      if (params.processId && params.processId > 0) deps.onClientProcess?.(params.processId);
      const { channels: wishes, ...capabilities } = params.capabilities ?? {};
      channels = wishes && (await (await import('./channels/open.ts')).openChannels(wishes, { ...deps.channels, ...(transport.binary && { binary: transport.binary }) }, { clock, log }));
      return openService(params, createClient(send, createAsk(rpc), trace, capabilities, channels)).catch((fault: unknown) => {
        channels?.close();
        channels = undefined;
        throw fault;
      });
    },
    opened: (params) => trace.set(params.trace ?? 'off'),
  });
  const dispatcher = new Dispatcher({ lifecycle, trace, log, closing: requests.closing, exit: () => void close(), refused: (method, fault) => deps.refused?.(method, fault) });

  rpc.onRequest((method: string, params: unknown, token) =>
    requests.serve(method, params, token, (signal, number) => dispatcher.request(method, params, signal, number)),
  );
  rpc.onNotification(async (method: string, params: unknown) => {
    try {
      await dispatcher.notification(method, params, requests.closing);
    } catch (fault) {
      if (fault instanceof ProtocolError) log.debug(`the notification ${method} was dropped`, fault);
      else log.error(`the notification ${method} failed`, fault);
    }
  });
  rpc.listen();

  let ending = false;
  function close(): Promise<number> {
    if (!ending) {
      ending = true;
      deps.onClosing?.();
      void end();
    }
    return done.promise;
  }

  async function end(): Promise<void> {
    guard.inbound.stop();
    try {
      await deadline(clock, closeMs, finish(), () => new Error(`it took longer than ${closeMs} ms`));
    } catch (fault) {
      log.error('closing the connection failed', fault);
    }
    guard.outbound.abandon();
    rpc.dispose();
    channels?.close();
    transport.close();
    done.resolve(lifecycle.isShutDown && !guard.inbound.lost ? 0 : 1);
  }

  /** Resolves when every request has been answered and the answers have been sent. */
  async function finish(): Promise<void> {
    const [closed] = await Promise.allSettled([lifecycle.close(), requests.close()]);
    // The answers of handlers that have settled are written before the next iteration of the event loop.
    await nextLoopIteration();
    guard.outbound.abandon();
    await transport.flushed();
    if (closed.status === 'rejected') throw closed.reason;
  }

  return { done: done.promise, close, guard };
}
