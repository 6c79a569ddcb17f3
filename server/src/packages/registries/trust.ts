/** The certificates that this machine trusts: those of the system, and those that its programs are set up with. */
import type { Machine } from './registry.ts';

/** Where distributions and systems keep the certificates that everything on them trusts. */
const systems = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/ca-bundle.pem', '/etc/ssl/cert.pem'];
const variables = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'];

/** Each certificate once. `more`: paths of files that the manager itself names. */
export async function certificatesOf({ env, read }: Machine, more: readonly (string | undefined)[] = []): Promise<string[]> {
  const named = [...variables.map((name) => env[name]), ...more];
  const paths = new Set([...systems, ...named.filter((path): path is string => Boolean(path))]);
  const texts = await Promise.all([...paths].map((path) => read(path)));
  return certificatesIn(texts.map((text) => text ?? '').join('\n'));
}

export function certificatesIn(text: string): string[] {
  return [...new Set(text.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [])];
}
