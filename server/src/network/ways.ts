/** The real ways out of this machine: its resolver, its sockets, its interfaces, and its own proxy. */
import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';
import { connect as connectSecurely } from 'node:tls';
import type { Ways } from './dial.ts';
import { type ProxyAddress, upstreams } from './upstream.ts';

/** `env` is the environment of the daemon. */
export function systemWays(env: Readonly<Record<string, string | undefined>>): Ways {
  return {
    resolve: async (name) => (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address),
    connect: connectTo,
    upstream: upstreams(env, reachProxy),
    own: () => Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address.replace(/%.*$/, ''))),
  };
}

/** `address` is an address, so nothing is resolved. */
function connectTo(address: string, port: number, signal: AbortSignal): Promise<Duplex> {
  return connected(connect({ host: address, port, allowHalfOpen: true, noDelay: true, keepAlive: true }), 'connect', signal);
}

/** A proxy is named by the person whose machine this is, so it may be anywhere. */
async function reachProxy({ host, port, secure }: ProxyAddress, signal: AbortSignal): Promise<Duplex> {
  return secure
    ? connected(connectSecurely({ host, port, servername: isIP(host) === 0 ? host : '' }), 'secureConnect', signal)
    : connected(connect({ host, port, allowHalfOpen: true, noDelay: true, keepAlive: true }), 'connect', signal);
}

function connected(socket: Duplex, event: string, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      socket.off(event, done).off('error', failed);
      signal.removeEventListener('abort', stop);
      socket.on('error', () => undefined);
      finish();
    };
    const done = () => settle(() => resolve(socket));
    const failed = (fault: unknown) => settle(() => reject(fault));
    const stop = () => settle(() => {
      socket.destroy();
      reject(signal.reason);
    });
    socket.once(event, done).once('error', failed);
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
  });
}
