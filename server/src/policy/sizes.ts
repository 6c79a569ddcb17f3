/** How long the texts in a request may be, as the configuration says. */
import type { Config, SizesConfig } from '../protocol/index.ts';

export type Sizes = Required<SizesConfig>;

export const defaultSizes: Sizes = {
  codeBytes: 1024 * 1024,
  messageBytes: 64 * 1024 * 1024,
  pathBytes: 4096,
};

export function createSizes({ sizes }: Pick<Config, 'sizes'>): Sizes {
  return { ...defaultSizes, ...sizes };
}

/** A size that is larger than the one before is taken as no narrower. `messageBytes` stays: messages are cut out of a connection before its client can say anything. */
export function narrowSizes(sizes: Sizes, { sizes: asked = {} }: Pick<Config, 'sizes'>): Sizes {
  return { ...sizes, codeBytes: Math.min(sizes.codeBytes, asked.codeBytes ?? Infinity), pathBytes: Math.min(sizes.pathBytes, asked.pathBytes ?? Infinity) };
}
