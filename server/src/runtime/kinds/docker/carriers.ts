/** What carries the frames of an agent in a container: the engine's connection to its streams, or a socket in a mounted folder. */
import type { Duplex } from 'node:stream';
import { type Clock, within } from '../../../base/clock.ts';
import { deferred } from '../../../base/promises.ts';
import { type Carrier, socketCarrier } from '../../agent/index.ts';
import { Demultiplexer } from './demux.ts';

/** The connection that `Engine.attach` gives. */
export function attachedCarrier(socket: Duplex): Carrier {
  const carrier = socketCarrier(socket);
  return {
    ...carrier,
    listen: (take) => {
      const frames = new Demultiplexer((stream, bytes) => {
        if (stream === 'stdout') take(bytes);
      });
      carrier.listen((chunk) => {
        try {
          void frames.feed(chunk);
        } catch {
          carrier.destroy();
        }
      });
    },
  };
}

/** So long after the end of the lease the last frames on the other carrier are waited for. */
const LINGER_MS = 2_000;

/**
 * Two carriers, of which the agent chooses one: the one on which it speaks first. `late` resolves when there is a second
 * one. The first carrier is the lease of the container in any case: both end together.
 */
export function chosenCarrier(lease: Carrier, late: Promise<Carrier>, clock: Clock): Carrier {
  const closed = deferred();
  let chosen: Carrier | undefined;
  let other: Carrier | undefined;
  let ended = false;
  const destroy = () => {
    ended = true;
    lease.destroy();
    other?.destroy();
  };
  const choose = (carrier: Carrier) => {
    if (chosen) return;
    chosen = carrier;
    void carrier.closed.then(() => {
      destroy();
      closed.resolve();
    });
  };
  void lease.closed.then(async () => {
    if (chosen === undefined) closed.resolve();
    // What has come over the other one is still read to its end. If the container goes on without its engine, this ends it.
    else if (!(await within(clock, LINGER_MS, chosen.closed))) destroy();
  });
  return {
    write: (bytes, payload) => (chosen ?? lease).write(bytes, payload),
    listen: (take) => {
      const from = (carrier: Carrier) => carrier.listen((bytes) => {
        choose(carrier);
        if (chosen === carrier) take(bytes);
      });
      from(lease);
      void late.then((carrier) => {
        other = carrier;
        if (ended) carrier.destroy();
        else from(carrier);
      }, () => undefined);
    },
    closed: closed.promise,
    destroy,
  };
}
