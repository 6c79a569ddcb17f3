/** Client certificates: with which a manager says who this machine is. They are for the registries of the set and for nobody else. */
import { certificatesIn } from '../../network/trust.ts';
import type { Identity, Machine, Registry, RegistrySet } from './registry.ts';

/** Where a certificate and its key are: both may be in one file. */
export interface IdentityFiles {
  readonly cert: string;
  readonly key: string;
}

/** `filesFor`: the files for an address. They are read once, when they are first needed. */
export function identityOf(registries: readonly Registry[], filesFor: (url: URL) => IdentityFiles | undefined, read: Machine['read']): NonNullable<RegistrySet['identity']> {
  const known = new Map<string, Promise<Identity | undefined>>();
  return async (url) => {
    const files = registries.some((each) => new URL(each.url).origin === url.origin) ? filesFor(url) : undefined;
    if (!files) return undefined;
    const name = JSON.stringify([files.cert, files.key]);
    const reading = known.get(name) ?? Promise.all([read(files.cert), read(files.key)]).then(([cert = '', key = '']) => identityIn(cert, key));
    known.set(name, reading);
    return reading;
  };
}

/** undefined where one of the two is missing, or the key has a password. */
export function identityIn(cert: string, key: string): Identity | undefined {
  const certificates = certificatesIn(cert);
  const found = /-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----[^-]+-----END \1-----/.exec(key)?.[0];
  return certificates.length > 0 && found !== undefined ? { cert: certificates.join('\n'), key: found } : undefined;
}
