/** A step of the gate: it refuses a call whose texts are longer than the policy allows, before anything is done with them. */
import type { Sizes } from '../../policy/sizes.ts';
import { ProtocolError } from '../../protocol/index.ts';
import { check, type Step } from './gate.ts';

/** The params whose sizes are limited, at whatever depth they stand, in all methods. */
export const sizedParams: Readonly<Record<string, keyof Sizes>> = {
  code: 'codeBytes',
  path: 'pathBytes',
  source: 'pathBytes',
  destination: 'pathBytes',
  cwd: 'pathBytes',
  manifest: 'pathBytes',
  client: 'pathBytes',
  sandbox: 'pathBytes',
  uri: 'pathBytes',
};

/** A character of a text takes at most so many bytes for each UTF-16 unit. */
const BYTES_A_UNIT = 3;

export function limitSizes(sizes: Sizes): Step {
  return check(({ params }) => checkSizes(params, sizes));
}

/** @throws ProtocolError InvalidParams, which names the size and how to raise it */
function checkSizes(params: unknown, sizes: Sizes, at = ''): void {
  if (typeof params !== 'object' || params === null) return;
  for (const [name, value] of Object.entries(params) as [string, unknown][]) {
    const path = at === '' ? name : `${at}.${name}`;
    const size = Object.hasOwn(sizedParams, name) ? sizedParams[name] : undefined;
    if (typeof value === 'string') {
      if (size !== undefined) checkText(value, path, size, sizes[size]);
    } else if (name !== 'env' && name !== 'secrets' && name !== 'message') checkSizes(value, sizes, path);
  }
}

function checkText(text: string, path: string, size: keyof Sizes, most: number): void {
  if (text.length * BYTES_A_UNIT <= most) return;
  const bytes = Buffer.byteLength(text);
  if (bytes <= most) return;
  const way = size === 'codeBytes' ? 'write it into a file with command/writeFile and run that, or raise' : 'shorten it, or raise';
  const message = `it has ${bytes} bytes, and may have ${most}: ${way} sizes.${size} in the configuration file`;
  throw new ProtocolError('InvalidParams', `${path}: ${message}`, { issues: [{ path, message }], limit: `sizes.${size}`, maximum: most });
}
