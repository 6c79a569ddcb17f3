/** An authority in memory that signs certificates for a few names (RFC 5280), with elliptic curves (RFC 5480). */
import { DAY_MS } from '../base/days.ts';
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { bits, bitString, integer, objectId, octets, sequence, tagged, time, TRUE } from './der.ts';

/** What a server shows who is at a name, in the format PEM. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
}

export interface Authority {
  /** Its own certificate, in the format PEM. What it signs counts for the names alone. */
  readonly certificate: string;
  /** A new identity for one of the names. */
  identity(name: string): Identity;
}

/** Longer than any daemon runs. */
const VALID_MS = 365 * DAY_MS;

/** `now`: milliseconds since the epoch. */
export function createAuthority(names: readonly string[], now: number): Authority {
  const own = newKeys();
  const subject = sequence(tagged(0x31, sequence(objectId('550403'), tagged(0x0c, Buffer.from('CodeBeaker for one session')))));
  const make = (to: Buffer, key: KeyObject, extensions: readonly Buffer[]) => certificate({ issuer: subject, subject: to, key, signer: own.privateKey, now, extensions });
  return {
    certificate: make(subject, own.publicKey, [
      extension(ids.basicConstraints, true, sequence(TRUE, integer(Buffer.from([0])))),
      extension(ids.keyUsage, true, bits(0x06, 1)),
      extension(ids.nameConstraints, true, sequence(tagged(0xa0, ...names.map((name) => sequence(dnsName(name)))))),
      extension(ids.subjectKeyId, false, octets(idOf(own.publicKey))),
    ]),
    identity: (name) => {
      const keys = newKeys();
      const cert = make(sequence(), keys.publicKey, [
        extension(ids.subjectAltName, true, sequence(dnsName(name))),
        extension(ids.keyUsage, true, bits(0x80, 7)),
        extension(ids.extKeyUsage, false, sequence(objectId(ids.serverAuth))),
        extension(ids.authorityKeyId, false, sequence(tagged(0x80, idOf(own.publicKey)))),
        extension(ids.subjectKeyId, false, octets(idOf(keys.publicKey))),
      ]);
      return { cert, key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
    },
  };
}

const ids = {
  subjectKeyId: '551d0e', keyUsage: '551d0f', subjectAltName: '551d11', basicConstraints: '551d13', nameConstraints: '551d1e', authorityKeyId: '551d23', extKeyUsage: '551d25',
  serverAuth: '2b06010505070301', ecdsaWithSha256: '2a8648ce3d040302',
} as const;

interface Parts {
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly key: KeyObject;
  readonly signer: KeyObject;
  readonly now: number;
  readonly extensions: readonly Buffer[];
}

function certificate({ issuer, subject, key, signer, now, extensions }: Parts): string {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] as number) & 0x7f) | 0x40;
  const algorithm = sequence(objectId(ids.ecdsaWithSha256));
  const version3 = tagged(0xa0, integer(Buffer.from([2])));
  // Clocks differ a little.
  const validity = sequence(time(now - DAY_MS), time(now + VALID_MS));
  const signed = sequence(version3, integer(serial), algorithm, issuer, validity, subject, key.export({ type: 'spki', format: 'der' }), tagged(0xa3, sequence(...extensions)));
  const der = sequence(signed, algorithm, bitString(sign('sha256', signed, signer)));
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

function newKeys() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** What tells one key from another. */
function idOf(key: KeyObject): Buffer {
  return createHash('sha1').update(key.export({ type: 'spki', format: 'der' })).digest();
}

function dnsName(name: string): Buffer {
  return tagged(0x82, Buffer.from(name));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(objectId(id), ...(critical ? [TRUE] : []), octets(value));
}
