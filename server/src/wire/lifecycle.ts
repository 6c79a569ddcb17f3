/** The lifecycle of a connection, from `initialize` to `exit`: which requests are allowed when, and the service in between. */
import { type Deferred, deferred } from '../base/promises.ts';
import {
  Initialize,
  type InitializeParams,
  type InitializeResult,
  ProtocolError,
  protocolVersion,
} from '../protocol/index.ts';
import type { Ending, Serve, Service } from './service.ts';
import { parseParams } from './validate.ts';

export interface LifecycleDeps {
  readonly version: string;
  open(params: InitializeParams): Promise<Service>;
  /** Called when the answer to `initialize` has been written. */
  opened(params: InitializeParams): void;
}

type Phase = 'new' | 'opening' | 'open' | 'shutdown';

/** Invariant: the service is closed at most once, and never before it is open. */
export class Lifecycle {
  readonly #deps: LifecycleDeps;
  #phase: Phase = 'new';
  #service: Service | undefined;
  #serve: Serve | undefined;
  #opening: Deferred<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(deps: LifecycleDeps) {
    this.#deps = deps;
  }

  /**
   * Defined while `initialize` is being handled. Resolves when it has been answered and the service has started;
   * everything else that arrives waits for that.
   */
  get opening(): Promise<void> | undefined {
    return this.#opening?.promise;
  }

  get isOpen(): boolean {
    return this.#phase === 'open';
  }

  get isShutDown(): boolean {
    return this.#phase === 'shutdown';
  }

  /** @throws ProtocolError InvalidRequest after shutdown, ServerNotInitialized before `initialize` */
  get served(): Pick<Service, 'capabilities'> & { readonly serve: Serve } {
    if (this.#phase === 'shutdown') throw new ProtocolError('InvalidRequest', 'The client has sent shutdown: only exit may follow.');
    if (!this.#service || !this.#serve) throw new ProtocolError('ServerNotInitialized', 'The connection is not initialized: send initialize first.');
    return { capabilities: this.#service.capabilities, serve: this.#serve };
  }

  async initialize(raw: unknown): Promise<InitializeResult> {
    if (this.#phase !== 'new') throw new ProtocolError('InvalidRequest', 'initialize must be sent only once.');
    const opening = deferred();
    this.#opening = opening;
    this.#phase = 'opening';
    try {
      const params = parseParams(Initialize.params, raw);
      negotiate(params);
      const service = await this.#deps.open(params);
      this.#service = service;
      this.#afterAnswer('open', opening, async () => {
        this.#deps.opened(params);
        this.#serve = await service.start();
      });
      const serverInfo = { name: 'codebeaker', version: this.#deps.version } as const;
      return { protocolVersion, serverInfo, capabilities: service.capabilities };
    } catch (fault) {
      this.#afterAnswer('new', opening);
      throw fault;
    }
  }

  async shutdown(): Promise<null> {
    this.#phase = 'shutdown';
    await this.#closeService('shutdown');
    return null;
  }

  /** Closes the service, also if `initialize` is still opening it. Idempotent. */
  async close(): Promise<void> {
    await this.#opening?.promise;
    await this.#closeService('lost');
  }

  #closeService(how: Ending): Promise<void> {
    this.#closing ??= (async () => this.#service?.close(how))();
    return this.#closing;
  }

  /** Enters `phase` in the next iteration of the event loop: by then the answer to `initialize` has been written. */
  #afterAnswer(phase: Phase, opening: Deferred<void>, then?: () => Promise<void>): void {
    const enter = async () => {
      try {
        await then?.();
      } finally {
        this.#phase = phase;
        this.#opening = undefined;
        opening.resolve();
      }
    };
    setImmediate(() => void enter());
  }
}

function negotiate({ protocolVersions = [protocolVersion] }: InitializeParams): void {
  if (protocolVersions.includes(protocolVersion)) return;
  const supported = [protocolVersion];
  throw new ProtocolError('InvalidRequest', `This daemon speaks none of these protocol versions; it speaks ${supported.join(', ')}.`, { supported });
}
