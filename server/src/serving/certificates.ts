/** Tells the programs of a session which certificates to trust, by a file that they can't change and the variables that name it. */
import type { Environment } from '../protocol/index.ts';
import type { Sandbox } from '../runtime/ports.ts';

const NAME = 'certificates.pem';

/**
 * Resolves with the variables. `certificates`: all that are to be trusted, in the format PEM, because most programs trust no
 * others then. None, or a sandbox that can't be shown files: nothing is set, and programs trust what is in their image.
 * @throws the system's fault
 */
export async function showCertificates(sandbox: Sandbox, certificates: readonly string[]): Promise<Environment> {
  if (certificates.length === 0 || !sandbox.can.packages) return {};
  const file = await sandbox.showFile(NAME, `${certificates.join('\n')}\n`);
  return {
    // In place of a program's own: OpenSSL, and with it Python, Ruby and .NET; Go; requests; curl and git. OpenSSL and Go look into the image's folder of certificates, too.
    SSL_CERT_FILE: file, REQUESTS_CA_BUNDLE: file, CURL_CA_BUNDLE: file, GIT_SSL_CAINFO: file,
    // In addition to their own.
    NODE_EXTRA_CA_CERTS: file, DENO_CERT: file,
  };
}
