/** Reaches a place: resolves its name once, checks each address, and connects to an address that was checked. */
import type { Duplex } from 'node:stream';
import { type Clock, deadline } from '../base/clock.ts';
import { abortable } from '../base/promises.ts';
import { type Address, formatAddress, parseAddress } from './address.ts';
import { notPublic, type Permit } from './egress.ts';
import { formatTarget, type Target } from './hosts.ts';
import type { Resolve } from './lookups.ts';
import { notAllowed, Refusal } from './refusal.ts';
import type { Purpose, Route, Upstream } from './upstream.ts';

/** The ways out of this machine. */
export interface Ways {
  /** The addresses of a name, as text, the best first. Rejects where it has none. */
  readonly resolve: Resolve;
  /** Connects to an address. The stream has half-close. Rejects if `signal` aborts before it is connected. */
  connect(address: string, port: number, signal: AbortSignal): Promise<Duplex>;
  /** The proxy through which this machine itself reaches a place. undefined: it reaches it directly. */
  upstream(target: Target, purpose: Purpose): Upstream | undefined;
  /** The addresses of this machine's interfaces. */
  own(): readonly string[];
}

/** Resolving a name and connecting take at most this long together. */
export const DIAL_MS = 30_000;
/** If an address has not answered after this time, the next one is tried beside it. */
const STAGGER_MS = 250;
/** No more addresses of a name than this are tried. */
const MAX_ADDRESSES = 8;

export interface Dial {
  readonly target: Target;
  readonly purpose: Purpose;
  readonly permit: Permit;
  readonly resolve: Resolve;
  readonly ways: Omit<Ways, 'resolve'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Resolves with the connection. @throws Refusal, or the reason of `signal` */
export async function dial(wanted: Dial): Promise<Route> {
  const { target, clock, signal } = wanted;
  const late = new AbortController();
  const reaching = reach({ ...wanted, signal: AbortSignal.any([signal, late.signal]) });
  try {
    return await deadline(clock, DIAL_MS, reaching, () => new Refusal('late', `${formatTarget(target)} did not answer within ${DIAL_MS / 1000} s`));
  } catch (fault) {
    late.abort(fault);
    void reaching.then(({ connection }) => connection.destroy(), () => undefined);
    throw fault;
  }
}

async function reach(wanted: Dial): Promise<Route> {
  const { target, purpose, ways, signal } = wanted;
  const upstream = ways.upstream(target, purpose);
  if (upstream) {
    await checkAsFarAsKnown(wanted);
    return upstream.connect(target, purpose, signal);
  }
  const addresses = checked(wanted, await abortable(signal, addressesOf(wanted)));
  return { ...(await connectToFirst(addresses.slice(0, MAX_ADDRESSES), wanted)), proxied: undefined };
}

async function addressesOf({ target, resolve }: Dial): Promise<Address[]> {
  if (target.address !== undefined) return [target.address];
  const texts = await resolve(target.host).catch((fault: unknown) => {
    // A name that was not looked up is not one that has no address.
    if (fault instanceof Refusal) throw fault;
    return [];
  });
  return texts.flatMap((text) => parseAddress(text) ?? []);
}

/** The addresses that may be dialled. @throws Refusal where none is left */
function checked({ target, permit }: Dial, addresses: readonly Address[]): Address[] {
  const good = addresses.filter((address) => permit(address) === undefined);
  if (good.length > 0) return good;
  refuseOthers(target, permit, addresses);
  throw new Refusal('unknown', `the name ${target.host} has no address`);
}

/** @throws Refusal where one of the addresses may not be dialled */
function refuseOthers(target: Target, permit: Permit, addresses: readonly Address[]): void {
  for (const address of addresses) {
    const kind = permit(address);
    if (kind) throw notAllowed(target, `${target.host} has the address ${formatAddress(address)}; ${notPublic(kind)}`);
  }
}

/**
 * A proxy of this machine resolves names itself, and takes whichever address it likes. So none of those that this machine
 * knows may be refused; a name that it doesn't know is the proxy's to judge.
 */
async function checkAsFarAsKnown(wanted: Dial): Promise<void> {
  refuseOthers(wanted.target, wanted.permit, await abortable(wanted.signal, addressesOf(wanted)));
}

/** The first connection that is made is the result; the others are given up. */
function connectToFirst(addresses: readonly Address[], { target, ways, clock, signal }: Dial): Promise<Required<Pick<Route, 'connection' | 'address'>>> {
  return new Promise((resolve, reject) => {
    const over = new AbortController();
    const stop = AbortSignal.any([signal, over.signal]);
    let next = 0;
    let failed = 0;
    let cancel = () => undefined as void;
    const settle = (finish: () => void) => {
      cancel();
      if (over.signal.aborted) return;
      finish();
      over.abort();
    };
    const begin = () => {
      cancel();
      const address = addresses[next++];
      if (address === undefined || over.signal.aborted) return;
      ways.connect(formatAddress(address), target.port, stop).then(
        (connection) => (over.signal.aborted ? connection.destroy() : settle(() => resolve({ connection, address }))),
        (fault: unknown) => {
          failed++;
          if (signal.aborted) settle(() => reject(signal.reason));
          else if (failed === addresses.length) settle(() => reject(unreachable(target, fault)));
          else begin();
        },
      );
      if (next < addresses.length) cancel = clock.after(STAGGER_MS, begin);
    };
    begin();
  });
}

function unreachable(target: Target, fault: unknown): Refusal {
  const { code } = fault as { code?: string };
  const why: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'it refused the connection', ETIMEDOUT: 'it did not answer', EHOSTUNREACH: 'there is no way to it', ENETUNREACH: 'there is no way to it', ECONNRESET: 'it ended the connection',
  };
  return fault instanceof Refusal ? fault : new Refusal('unreachable', `${formatTarget(target)} can't be reached: ${why[code ?? ''] ?? 'the connection failed'}`);
}
