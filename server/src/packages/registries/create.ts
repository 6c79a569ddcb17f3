/** The registries of this machine. */
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Log } from '../../base/log.ts';
import type { PackagesConfig } from '../../protocol/index.ts';
import type { Registries } from '../ports.ts';
import { defaultBounds } from './bounds.ts';
import { openMirrors } from './mirrors.ts';

export interface RegistriesParts {
  readonly surroundings: { readonly env: Readonly<Record<string, string | undefined>>; readonly home: string };
  readonly configured: PackagesConfig['registries'];
  readonly log: Log;
}

export function createRegistries({ configured = {}, log }: RegistriesParts): Registries {
  return {
    open: async (manager, registry) => {
      const url = registry ?? configured[manager]?.url ?? 'http://127.0.0.1/';
      const dial = (host: string, port: number) => new Promise<Duplex>((resolve, reject) => {
        const socket = connect({ host, port, allowHalfOpen: true });
        socket.once('connect', () => resolve(socket)).once('error', reject);
      });
      return openMirrors({ manager, registries: [{ scope: undefined, url }], authorization: () => undefined, certificates: [], insecure: () => false, proxy: () => undefined, variables: {}, notes: [] }, { dial, bounds: defaultBounds, log });
    },
  };
}
