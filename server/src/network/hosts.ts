/** The grammar of hosts: what a configuration, a client or a person may write for the places that a program may reach, and what a program may ask for. */
import { domainToASCII } from 'node:url';
import { type Address, type Block, formatAddress, formatBlock, isIn, parseAddress, parseBlock } from './address.ts';

/** A place that a program wants to reach. */
export interface Target {
  /** A name in lower case and without a dot at its end, or an address as `formatAddress` writes it. */
  readonly host: string;
  /** The address, if `host` is one. */
  readonly address: Address | undefined;
  readonly port: number;
}

/** Places that a program may reach. */
export type Rule = { readonly port: number | undefined } & (
  | { readonly kind: 'name'; readonly name: string }
  /** Every name that ends with `.` and `below`. */
  | { readonly kind: 'names'; readonly below: string }
  | { readonly kind: 'block'; readonly block: Block }
);

const MAX_NAME = 253;

/** The rules of a list that was checked before: what is none is left out. */
export function rulesIn(hosts: readonly string[]): Rule[] {
  return hosts.map(parseRule).filter((rule) => typeof rule !== 'string');
}

/** Parses an entry of a list. The result is a text, in words that complete "…: it …", where it is none. */
export function parseRule(text: string): Rule | string {
  if (text === '*') return 'allows everything; ask for the network mode full instead';
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return 'must be a host alone, without https:// and without a path';
  const { host, port } = splitPort(text);
  if (port === 'wrong') return 'has a port that is not a number from 1 to 65535';
  const block = parseBlock(host) ?? blockOfOne(parseAddress(host));
  if (block) return { kind: 'block', block, port };
  if (host.includes('/')) return 'must be a host alone, or a block of addresses such as 10.0.0.0/8';
  const wild = host.startsWith('*.');
  const name = canonicalName(wild ? host.slice(2) : host);
  if (name === undefined || parseAddress(name) !== undefined) return 'must be a name, an address, a block of addresses such as 10.0.0.0/8, or *. and a name, each with or without a port';
  if (wild && !name.includes('.')) return `covers a whole top-level domain; name the domain, such as *.example.${name}`;
  return wild ? { kind: 'names', below: name, port } : { kind: 'name', name, port };
}

/** The rule as it is shown to people. `parseRule` takes it. */
export function formatRule(rule: Rule): string {
  const host = rule.kind === 'name' ? rule.name : rule.kind === 'names' ? `*.${rule.below}` : formatBlock(rule.block);
  return withPort(host, rule.port);
}

/** What a program asks for. undefined: it is no name and no address, or written in a way that others read as another address. */
export function parseTarget(host: string, port: number): Target | undefined {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  const bare = /^\[([^\]]*)\]$/.exec(host)?.[1] ?? host;
  const written = parseAddress(bare);
  if (written !== undefined) return { host: formatAddress(written), address: written, port };
  const name = bare === host ? canonicalName(host) : undefined;
  if (name === undefined) return undefined;
  const address = parseAddress(name);
  return { host: address === undefined ? name : formatAddress(address), address, port };
}

/** Parses `host:port`, or `host` alone where there is a `standard` port. */
export function parseAuthority(text: string, standard?: number): Target | undefined {
  const { host, port = standard } = splitPort(text);
  return typeof port === 'number' ? parseTarget(host, port) : undefined;
}

export function formatTarget({ host, port }: Target): string {
  return withPort(host, port);
}

/** Whether the rule covers the place by what the program calls it. */
export function covers(rule: Rule, { host, address, port }: Target): boolean {
  if (rule.port !== undefined && rule.port !== port) return false;
  if (rule.kind === 'block') return address !== undefined && isIn(address, rule.block);
  return address === undefined && (rule.kind === 'name' ? rule.name === host : isBelow(host, rule.below));
}

/** Whether everything that `inner` covers is covered by `outer` as well. */
export function contains(outer: Rule, inner: Rule): boolean {
  if (outer.port !== undefined && outer.port !== inner.port) return false;
  switch (inner.kind) {
    case 'block':
      return outer.kind === 'block' && outer.block.bits <= inner.block.bits && isIn(inner.block.base, outer.block);
    case 'name':
      return (outer.kind === 'name' && outer.name === inner.name) || (outer.kind === 'names' && isBelow(inner.name, outer.below));
    case 'names':
      return outer.kind === 'names' && (outer.below === inner.below || isBelow(inner.below, outer.below));
  }
}

/**
 * The one form of a name: lower case, punycode, no dot at the end. An address in another spelling than the standard one
 * (127.1, 0x7f000001, 2130706433, full-width digits) is no name: its last label is a number.
 */
function canonicalName(text: string): string | undefined {
  const trimmed = text.endsWith('.') ? text.slice(0, -1) : text;
  if (trimmed.length > 4 * MAX_NAME || !/^[a-z0-9._\x80-\uffff-]*$/i.test(trimmed.normalize('NFKC'))) return undefined;
  const plain = /^[a-z0-9._-]*$/i.test(trimmed) ? trimmed.toLowerCase() : domainToASCII(trimmed);
  if (plain.length > MAX_NAME || !/^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/.test(plain)) return undefined;
  if (parseAddress(plain) !== undefined) return plain === trimmed ? plain : undefined;
  return /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(plain) ? undefined : plain;
}

/** The port stands behind the last colon; an address of IPv6 stands in brackets then. */
function splitPort(text: string): { host: string; port: number | undefined | 'wrong' } {
  const [, inside, outside, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:]*))?$/.exec(text) ?? [];
  if (inside === undefined && outside === undefined) return { host: text, port: undefined };
  const host = inside === undefined ? (outside ?? '') : inside.includes(':') ? inside : '[]';
  if (digits === undefined) return { host, port: undefined };
  const port = /^[1-9]\d{0,4}$/.test(digits) ? Number(digits) : 0;
  return { host, port: port >= 1 && port <= 65_535 ? port : 'wrong' };
}

function withPort(host: string, port: number | undefined): string {
  if (port === undefined) return host;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function isBelow(name: string, domain: string): boolean {
  return name.endsWith(`.${domain}`);
}

function blockOfOne(address: Address | undefined): Block | undefined {
  return address === undefined ? undefined : { base: address, bits: 128 };
}
