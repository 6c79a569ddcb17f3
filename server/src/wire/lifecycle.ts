/** From `initialize` to `exit` (protocol section 2): what may be asked when, and the service that is open meanwhile. */
import { type Deferred, deferred } from '../base/promises.ts';
import {
  Initialize,
  type InitializeParams,
  type InitializeResult,
  ProtocolError,
  protocolVersion,
} from '../protocol/index.ts';
import type { Serve, Service } from './service.ts';
import { parseParams } from './validate.ts';

export interface LifecycleDeps {
  readonly version: string;
  open(params: InitializeParams): Promise<Service>;
  /** The answer to `initialize` has been written. */
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

  /** While `initialize` is under way: resolves when it has been answered, and the service has started. What comes meanwhile waits for it. */
  get opening(): Promise<void> | undefined {
    return this.#opening?.promise;
  }

  get isOpen(): boolean {
    return this.#phase === 'open';
  }

  get isShutDown(): boolean {
    return this.#phase === 'shutdown';
  }

  /** @throws ProtocolError where the client may ask for nothing now */
  get served(): Pick<Service, 'capabilities'> & { readonly serve: Serve } {
    if (this.#phase === 'shutdown') throw new ProtocolError('InvalidRequest', 'After shutdown only exit may follow.');
    if (!this.#service || !this.#serve) throw new ProtocolError('ServerNotInitialized', 'Send initialize first.');
    return { capabilities: this.#service.capabilities, serve: this.#serve };
  }

  async initialize(raw: unknown): Promise<InitializeResult> {
    if (this.#phase !== 'new') throw new ProtocolError('InvalidRequest', 'initialize was sent before: it is sent once.');
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
    await this.#closeService();
    return null;
  }

  /** Closes what is open, or is going to be. Calls share one closing. */
  async close(): Promise<void> {
    await this.#opening?.promise;
    await this.#closeService();
  }

  #closeService(): Promise<void> {
    this.#closing ??= (async () => this.#service?.close())();
    return this.#closing;
  }

  /** What is thrown or returned becomes an answer without waiting for anything else, thus before this runs. */
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
  throw new ProtocolError('InvalidRequest', `This daemon speaks protocol ${supported.join(', ')}.`, { supported });
}
