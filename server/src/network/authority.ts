/** An authority in memory that signs certificates for a few names: X.509 in DER, by elliptic curves (RFC 5280, RFC 5480). */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** What a server shows who is at a name, in the format PEM. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
}

export interface Authority {
  /** Its own certificate, in the format PEM. It can sign for the names alone. */
  readonly certificate: string;
  /** The identity for one of the names. */
  identity(name: string): Identity;
}

const DAY_MS = 24 * 3_600_000;
/** No session lives longer, and clocks differ a little. */
const VALID_MS = 30 * DAY_MS;

/** `now`: milliseconds since the epoch. */
export function createAuthority(names: readonly string[], now: number): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = nameOf('CodeBeaker, for one session');
  const permitted = tagged(0xa0, ...names.map((name) => sequence(tagged(0x82, Buffer.from(name)))));
  const make = (to: Buffer, key: KeyObject, extensions: readonly Buffer[]) => pem(certificate({ issuer: subject, subject: to, key, signer: own.privateKey, now, extensions }));
  const certificateOfOwn = make(subject, own.publicKey, [
    extension('551d13', true, sequence(TRUE, integer(Buffer.from([0])))),
    extension('551d0f', true, bits(0x06, 1)),
    extension('551d1e', true, sequence(permitted)),
    extension('551d0e', false, tagged(0x04, keyId(own.publicKey))),
  ]);
  const issued = new Map<string, Identity>();
  return {
    certificate: certificateOfOwn,
    identity: (name) => {
      const known = issued.get(name);
      if (known) return known;
      const leaf = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const cert = make(nameOf(''), leaf.publicKey, [
        extension('551d11', true, sequence(tagged(0x82, Buffer.from(name)))),
        extension('551d0f', true, bits(0x80, 7)),
        extension('551d25', false, sequence(objectId('2b06010505070301'))),
        extension('551d23', false, sequence(tagged(0x80, keyId(own.publicKey)))),
        extension('551d0e', false, tagged(0x04, keyId(leaf.publicKey))),
      ]);
      const made = { cert, key: leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
      issued.set(name, made);
      return made;
    },
  };
}

interface Parts {
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly key: KeyObject;
  readonly signer: KeyObject;
  readonly now: number;
  readonly extensions: readonly Buffer[];
}

const ecdsaWithSha256 = sequence(objectId('2a8648ce3d040302'));

function certificate({ issuer, subject, key, signer, now, extensions }: Parts): Buffer {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] as number) & 0x7f) | 0x40;
  const validity = sequence(time(now - DAY_MS), time(now + VALID_MS));
  const version3 = tagged(0xa0, integer(Buffer.from([2])));
  const signed = sequence(version3, integer(serial), ecdsaWithSha256, issuer, validity, subject, key.export({ type: 'spki', format: 'der' }), tagged(0xa3, sequence(...extensions)));
  return sequence(signed, ecdsaWithSha256, bitString(sign('sha256', signed, signer)));
}

function pem(der: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

/** What tells one key from another: RFC 5280, section 4.2.1.2, method 1, of the whole key. */
function keyId(key: KeyObject): Buffer {
  return createHash('sha1').update(key.export({ type: 'spki', format: 'der' })).digest();
}

/** A name with nothing but a common name, or an empty one. */
function nameOf(common: string): Buffer {
  return common === '' ? sequence() : sequence(tagged(0x31, sequence(objectId('550403'), tagged(0x0c, Buffer.from(common)))));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(objectId(id), ...(critical ? [TRUE] : []), tagged(0x04, value));
}

const TRUE = tagged(0x01, Buffer.from([0xff]));

/** Of two-digit years people have to know the century, so every time is a generalized one where it must be. */
function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return Number(text.slice(0, 4)) < 2050 ? tagged(0x17, Buffer.from(text.slice(2))) : tagged(0x18, Buffer.from(text));
}

/** One byte of named bits, of which the last `unused` mean nothing. */
function bits(value: number, unused: number): Buffer {
  return tagged(0x03, Buffer.from([unused, value]));
}

function bitString(value: Buffer): Buffer {
  return tagged(0x03, Buffer.from([0]), value);
}

/** `value` begins with a bit that is 0. */
function integer(value: Buffer): Buffer {
  return tagged(0x02, value);
}

function objectId(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts);
}

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
