/** An authority that nobody trusts who is not told to, and a server over TLS with a certificate of it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { type AddressInfo, isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Authority {
  /** Its certificate, in the format PEM. */
  readonly certificate: string;
  /** What a server shows to prove that it is at one of the names and addresses, or a client to prove who it is. */
  readonly issued: { readonly key: string; readonly cert: string };
}

export function authorityFor(...names: string[]): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'codebeaker-authority-'));
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  try {
    openssl('req', '-x509', ...key, '-days', '30', '-subj', '/CN=An authority of tests', '-addext', 'keyUsage=critical,keyCertSign', '-keyout', 'authority.key', '-out', 'authority.pem');
    openssl('req', ...key, '-subj', '/CN=test', '-keyout', 'key.pem', '-out', 'request.pem');
    writeFileSync(at('extensions'), `subjectAltName=${names.map((name) => `${isIP(name) ? 'IP' : 'DNS'}:${name}`).join(',')}\nauthorityKeyIdentifier=keyid\nextendedKeyUsage=serverAuth,clientAuth\n`);
    openssl('x509', '-req', '-in', 'request.pem', '-CA', 'authority.pem', '-CAkey', 'authority.key', '-CAcreateserial', '-days', '30', '-extfile', 'extensions', '-out', 'cert.pem');
    const read = (name: string) => readFileSync(at(name), 'utf8');
    return { certificate: read('authority.pem'), issued: { key: read('key.pem'), cert: read('cert.pem') } };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A server on this machine that answers `hello`. */
export async function serveSecurely({ issued }: Authority): Promise<{ readonly port: number; close(): void }> {
  const server = createServer(issued, (_, response) => response.end('hello')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
