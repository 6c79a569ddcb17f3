/** Tells when a program has begun to listen on a port, and opens that in a browser. */
import type { Code } from '../base/code.ts';
import { type Log, messageOf } from '../base/log.ts';
import type { Client } from '../client/client.ts';
import type { Connection } from '../client/connection.ts';

/** A session that opens one port after another is not told of for ever. */
const MAX_TOLD = 8;

export interface PortsParts {
  readonly code: Code;
  readonly client: Pick<Client, 'onChange'>;
  readonly log: Log;
  /** Whether the person wants to be told. */
  wanted(): boolean;
}

export class Ports {
  readonly #parts: PortsParts;
  /** The ports of each session of which the person was told. */
  readonly #told = new Map<string, Set<number>>();
  #listening: { dispose(): void } | undefined;

  constructor(parts: PortsParts) {
    this.#parts = parts;
    parts.client.onChange((connection) => this.#connectionChanged(connection));
  }

  dispose(): void {
    this.#listening?.dispose();
  }

  #connectionChanged(connection: Connection | undefined): void {
    this.#listening?.dispose();
    this.#told.clear();
    this.#listening = connection?.on('ports/changed', ({ sessionId, ports }) => {
      const told = this.#told.get(sessionId) ?? new Set();
      this.#told.set(sessionId, told);
      for (const port of ports.filter((each) => !told.has(each))) {
        if (!this.#parts.wanted() || told.size >= MAX_TOLD) return;
        told.add(port);
        void this.#offer(connection, sessionId, port);
      }
    });
  }

  async #offer(connection: Connection, sessionId: string, port: number): Promise<void> {
    const { code: { env, l10n, Uri, window }, log } = this.#parts;
    const open = l10n.t('Open in Browser');
    if ((await window.showInformationMessage(l10n.t('A program in a sandbox listens on port {0}.', port), open)) !== open) return;
    try {
      const { address, hostPort } = await connection.request('ports/forward', { sessionId, port });
      await env.openExternal(Uri.parse(`http://${address}:${hostPort}`));
    } catch (fault) {
      log.warn(`ports/forward: ${messageOf(fault)}`);
      void window.showErrorMessage(l10n.t('Port {0} can’t be opened: {1}', port, messageOf(fault)));
    }
  }
}
