/** How long the texts in a request may be, as the configuration says. */
import type { Config, SizesConfig } from '../protocol/index.ts';

export type Sizes = Required<SizesConfig>;

export const defaultSizes: Sizes = {
  codeBytes: 1024 * 1024,
  messageBytes: 64 * 1024 * 1024,
  pathBytes: 4096,
};

export function sizesOf({ sizes }: Config): Sizes {
  return { ...defaultSizes, ...sizes };
}

/** The smaller one of each. */
export function smaller(sizes: Sizes, asked: Partial<Sizes>): Sizes {
  return { ...sizes, codeBytes: Math.min(sizes.codeBytes, asked.codeBytes ?? Infinity), pathBytes: Math.min(sizes.pathBytes, asked.pathBytes ?? Infinity) };
}
