/** What the programs of a session can reach, as far as the session itself needs to know it. */
import type { Environment, Isolation, KnownLayer, LayerName, Network } from '../protocol/index.ts';
import type { Sandbox } from '../runtime/ports.ts';

export interface SessionNetwork {
  /** The variables that tell programs of the proxy and of certificates. They name nothing that a program could change. A program may have others in their place. */
  readonly env: Environment;
  /** What is reached now, for the view of the session. */
  view(): Network;
  /** The same in words, for the isolation. */
  words(): string;
  /** A layer that the session has because of it. */
  readonly layer?: KnownLayer | undefined;
  /** Cuts those connections off that the policy no longer allows. */
  recheck(): void;
  /** Cuts every connection off. */
  close(): void;
}

/** Opens the network of a session in its new sandbox. @throws ProtocolError SandboxFailed, SandboxLost */
export type OpenNetwork = (sandbox: Sandbox, sessionId: string) => Promise<SessionNetwork>;

const NETWORK: LayerName = 'network';

/** The isolation of a sandbox, whose layer `network` says what is reached all the same. */
export function withNetwork(isolation: Isolation, network: SessionNetwork | undefined): Isolation {
  if (!network) return isolation;
  const layers = isolation.layers.map((layer) => (layer.name === NETWORK ? { ...layer, detail: [layer.detail, network.words()].filter(Boolean).join('; ') } : layer));
  return { ...isolation, layers: network.layer ? [...layers, network.layer] : layers };
}
