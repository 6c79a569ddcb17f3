/** Writes values of ASN.1 as bytes (DER, ITU-T X.690), as far as certificates need them. */

export const TRUE = tagged(0x01, Buffer.from([0xff]));

/** `value` begins with a bit that is 0. */
export function integer(value: Buffer): Buffer {
  return tagged(0x02, value);
}

/** One byte of named bits, of which the last `unused` mean nothing. */
export function bits(value: number, unused: number): Buffer {
  return tagged(0x03, Buffer.from([unused, value]));
}

export function bitString(value: Buffer): Buffer {
  return tagged(0x03, Buffer.from([0]), value);
}

export function octets(value: Buffer): Buffer {
  return tagged(0x04, value);
}

/** `hex`: the bytes of the identifier. */
export function objectId(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'));
}

/** Up to 2049 the year has two digits (RFC 5280, section 4.1.2.5). */
export function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return Number(text.slice(0, 4)) < 2050 ? tagged(0x17, Buffer.from(text.slice(2))) : tagged(0x18, Buffer.from(text));
}

export function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts);
}

/** The parts have less than 16 MiB. */
export function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const size = Buffer.from([content.length >> 16, (content.length >> 8) & 0xff, content.length & 0xff]);
  const short = size.subarray(content.length < 0x100 ? 2 : content.length < 0x10000 ? 1 : 0);
  return Buffer.concat([Buffer.from([tag]), ...(content.length < 0x80 ? [] : [Buffer.from([0x80 | short.length])]), short, content]);
}
