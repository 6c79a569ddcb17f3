/** Tells what kind of address an address is: public, or one of the kinds that a program reaches only where they are named themselves. */
import { type Address, embedded, isFour, isIn, parseAddress, parseBlock } from './address.ts';

export type Kind =
  | 'public'
  | 'an address of this machine'
  | 'a private address'
  | 'a link-local address'
  | 'a shared address of a provider'
  | 'a multicast address'
  | 'an unspecified address'
  | 'a reserved address'
  | 'the metadata service of a cloud';

/** The first block in which an address lies decides. */
const four: readonly (readonly [Kind, ...string[]])[] = [
  ['the metadata service of a cloud', '169.254.169.254/32', '169.254.170.2/32', '168.63.129.16/32', '100.100.100.200/32', '192.0.0.192/32'],
  ['an unspecified address', '0.0.0.0/8', '255.255.255.255/32'],
  ['an address of this machine', '127.0.0.0/8'],
  ['a private address', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  ['a link-local address', '169.254.0.0/16'],
  ['a shared address of a provider', '100.64.0.0/10'],
  ['a multicast address', '224.0.0.0/4'],
  ['a reserved address', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '240.0.0.0/4'],
  ['public', '0.0.0.0/0'],
];

/** Of IPv6, only 2000::/3 is given to public hosts; what is special lies before it in this list. */
const six: readonly (readonly [Kind, ...string[]])[] = [
  ['the metadata service of a cloud', 'fd00:ec2::/32', 'fd20:ce::254/128'],
  ['an unspecified address', '::/128'],
  ['an address of this machine', '::1/128'],
  ['a private address', 'fc00::/7', 'fec0::/10'],
  ['a link-local address', 'fe80::/10'],
  ['a multicast address', 'ff00::/8'],
  ['a reserved address', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'],
  ['public', '2000::/3'],
  ['a reserved address', '::/0'],
];

/** Addresses that carry one of IPv4 which a gateway dials: the block, and how many bits come after that address. */
const carriers = [['64:ff9b::/96', 0]] as const;

const table = (rows: typeof four) => rows.flatMap(([kind, ...blocks]) => blocks.map((block) => ({ kind, block: blockOf(block) })));
const [ofFour, ofSix] = [table(four), table(six)];
const carrying = carriers.map(([block, below]) => ({ block: blockOf(block), below }));

/** `own`: the addresses of this machine's interfaces, as text. An address that carries one of IPv4 is of that one's kind. */
export function kindOf(address: Address, own: readonly string[]): Kind {
  const carrier = carrying.find(({ block }) => isIn(address, block));
  if (carrier) return kindOf(embedded(address, carrier.below), own);
  const kind = (isFour(address) ? ofFour : ofSix).find(({ block }) => isIn(address, block))?.kind ?? 'a reserved address';
  return kind === 'public' && own.some((text) => parseAddress(text) === address) ? 'an address of this machine' : kind;
}

function blockOf(text: string) {
  const block = parseBlock(text);
  if (!block) throw new Error(`${text} is no block of addresses`);
  return block;
}
