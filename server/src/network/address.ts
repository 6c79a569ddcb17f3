/** Addresses of IPv4 and IPv6 as numbers, from text that is written as the standards write it and in no other way. */

/** An address in the space of IPv6, where an IPv4 address is its mapped form ::ffff:a.b.c.d. So the two forms of it are one address. */
export type Address = bigint;

/** A block of addresses: those that have the first `bits` bits of `base`. */
export interface Block {
  readonly base: Address;
  readonly bits: number;
}

const MAPPED = 0xffff_0000_0000n;
const WIDTH = 128;

/** Parses `192.0.2.1` or `2001:db8::1`. undefined: it is no address, or written in another way, such as 127.1, 0x7f.0.0.1, 010.0.0.1 or fe80::1%eth0. */
export function parseAddress(text: string): Address | undefined {
  const four = parseFour(text);
  return four === undefined ? parseSix(text) : MAPPED | four;
}

/** Parses an address followed by `/` and a number of bits. An address inside the block stands for the block's first one. */
export function parseBlock(text: string): Block | undefined {
  const [, before = '', digits = ''] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const address = parseAddress(before);
  const most = before.includes(':') ? WIDTH : 32;
  if (address === undefined || Number(digits) > most) return undefined;
  const bits = Number(digits) + WIDTH - most;
  return { base: (address >> BigInt(WIDTH - bits)) << BigInt(WIDTH - bits), bits };
}

export function isIn(address: Address, { base, bits }: Block): boolean {
  return (address ^ base) >> BigInt(WIDTH - bits) === 0n;
}

export function isFour(address: Address): boolean {
  return address >> 32n === 0xffffn;
}

/** The IPv4 address that stands in 32 bits of an address of IPv6, of which `below` bits come after it. */
export function embedded(address: Address, below: number): Address {
  return MAPPED | ((address >> BigInt(below)) & 0xffff_ffffn);
}

/** As people write it: IPv4 with dots, IPv6 in its shortest form (RFC 5952). */
export function formatAddress(address: Address): string {
  if (isFour(address)) return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 0xffn).join('.');
  const groups = Array.from({ length: 8 }, (_, at) => ((address >> BigInt(16 * (7 - at))) & 0xffffn).toString(16)).join(':');
  const zeros = [...groups.matchAll(/(?<=^|:)0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length)[0];
  if (!zeros) return groups;
  return `${groups.slice(0, zeros.index).replace(/:$/, '')}::${groups.slice(zeros.index + zeros[0].length).replace(/^:/, '')}`;
}

/** As `formatAddress` writes it, and for a block that is more than one address with `/` and its number of bits. */
export function formatBlock({ base, bits }: Block): string {
  const address = formatAddress(base);
  if (bits === WIDTH) return address;
  return `${address}/${isFour(base) && bits >= 96 ? bits - 96 : bits}`;
}

function parseFour(text: string): bigint | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1);
  if (!parts?.every((part) => Number(part) <= 255 && String(Number(part)) === part)) return undefined;
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function parseSix(text: string): bigint | undefined {
  if (!/^[0-9a-f:]*(?:\d+\.\d+\.\d+\.\d+)?$/i.test(text) || text.length > 45) return undefined;
  const plain = withoutDots(text);
  const [head = '', tail, ...more] = plain?.split('::') ?? [];
  if (plain === undefined || more.length > 0) return undefined;
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')];
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...Array<string>(missing).fill('0'), ...after];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

/** An address of IPv6 whose last 32 bits may be written with dots → with colons only. */
function withoutDots(text: string): string | undefined {
  const [, before = '', dotted] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text) ?? [];
  if (dotted === undefined) return text.includes('.') ? undefined : text;
  const four = parseFour(dotted);
  return four === undefined ? undefined : `${before}${(four >> 16n).toString(16)}:${(four & 0xffffn).toString(16)}`;
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':');
}
