/** What the package managers share. */
import { type Environment, invalidParam, ProtocolError } from '../../protocol/index.ts';

/** Whatever an image says of proxies: mirrors are on the loopback interface. */
export const direct: Environment = { HTTP_PROXY: '', http_proxy: '', HTTPS_PROXY: '', https_proxy: '', ALL_PROXY: '', all_proxy: '', NO_PROXY: '*', no_proxy: '*' };

const MAX_QUOTED = 200;

/** @throws ProtocolError InvalidParams for the first name with a fault: words that follow the name */
export function checkEach(names: readonly string[], faultOf: (name: string) => string | undefined): void {
  for (const [at, name] of names.entries()) {
    const fault = /[\x00-\x1f\x7f]/.test(name) ? 'contains a control character' : faultOf(name);
    if (fault) throw invalidParam(`packages.${at}`, `${quoted(name)} ${fault}`);
  }
}

function quoted(name: string): string {
  return JSON.stringify(name.length > MAX_QUOTED ? `${name.slice(0, MAX_QUOTED)}…` : name);
}

/** @throws ProtocolError FileNotFound */
export async function found(path: string, read: (path: string) => Promise<Buffer | undefined>): Promise<Buffer> {
  const contents = await read(path);
  if (!contents) throw new ProtocolError('FileNotFound', `There is no file ${path}.`, { path });
  return contents;
}
