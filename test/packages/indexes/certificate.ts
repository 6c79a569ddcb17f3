/** Makes a certificate for made-up names, which is trusted only where a test says so. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Certified } from './serve.ts';

export function certify(...names: string[]): Certified {
  const folder = mkdtempSync(join(tmpdir(), 'codebeaker-certificate-'));
  const at = (name: string) => join(folder, name);
  try {
    const options = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30', '-subj', '/CN=test'];
    execFileSync('openssl', ['req', ...options, '-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`, '-keyout', at('key'), '-out', at('cert')], { stdio: 'ignore' });
    return { key: readFileSync(at('key'), 'utf8'), cert: readFileSync(at('cert'), 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
