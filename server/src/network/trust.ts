/** The certificates that this machine trusts: those of the system, and those that its programs are set up with. */
import { rootCertificates } from 'node:tls';

/** What is read of this machine. */
export interface Reading {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file, or undefined where there is none or it can't be read. */
  read(path: string): Promise<string | undefined>;
}

/** Where distributions and systems keep the certificates that everything on them trusts. */
const systems = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/ca-bundle.pem', '/etc/ssl/cert.pem'];
const variables = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'];

/** Each certificate once. `more`: paths of files that a program itself names. */
export async function certificatesOf({ env, read }: Reading, more: readonly (string | undefined)[] = []): Promise<string[]> {
  const named = [...variables.map((name) => env[name]), ...more];
  const paths = new Set([...systems, ...named.filter((path): path is string => Boolean(path))]);
  const texts = await Promise.all([...paths].map((path) => read(path)));
  return certificatesIn(texts.map((text) => text ?? '').join('\n'));
}

/** The certificates in a text, each once. Nothing else of it is in the result, and no key above all. */
export function certificatesIn(text: string): string[] {
  return [...new Set(text.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [])];
}

/** Those of the public authorities, which Node brings along, and these. Each once, whatever its line ends are. */
export function withPublic(certificates: readonly string[]): string[] {
  const known = new Map([...rootCertificates, ...certificates].map((each) => [each.replaceAll(/\s/g, ''), each]));
  return [...known.values()];
}
